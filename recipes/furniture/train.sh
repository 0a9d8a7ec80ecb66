#!/usr/bin/env bash
# How the shipped model `furniture` was made: real and generated furniture, one core of a CPU.
# Usage: recipes/furniture/train.sh WORK [LIBRARIES]
#   WORK       a folder with 4 GB free
#   LIBRARIES  as for prepare.sh
# Every step goes on where it was stopped; add --resume to `onet train` to continue that one.
set -euo pipefail
work=${1:?"usage: train.sh WORK [LIBRARIES]"}
libraries=${2:-/usr/share/sweethome3d}
here=$(dirname "$0")

"$here/prepare.sh" "$work/real" "$libraries" --cameras wide --near-points 65536
onet preprocess procedural "$work/generated" --count 2800 --views 12 --points 32768 \
  --near-points 32768 --seed 1
OMP_NUM_THREADS=1 onet train "$work/real" --extra "$work/generated" --extra-share 0.55 --near 0.25 \
  -o "$work/run" --model onet-attention --augment photo --weight-decay 0.05 --val-every 400 \
  --max-time 93m --seed 1
python "$here/calibrate.py" "$work/run/best.safetensors" "$work/real" "$work/generated" \
  -o "$work/furniture.safetensors" --half
onet evaluate "$work/real" --checkpoint "$work/furniture.safetensors" --view random \
  --meshes "$work/meshes" --output "$work/scores.json"
