#!/usr/bin/env bash
# The model `furniture` from nothing: real and generated furniture, one core of a CPU, about 4 hours.
# Usage: recipes/furniture/train.sh WORK [LIBRARIES]
#   WORK       a folder with 10 GB free
#   LIBRARIES  as for prepare.sh
# Every step goes on where it was stopped; add --resume to `onet train` to continue that one.
# The shipped weights saw the same data in three runs, as it grew: see EXPERIMENTS.md.
set -euo pipefail
work=${1:?"usage: train.sh WORK [LIBRARIES]"}
libraries=${2:-/usr/share/sweethome3d}
here=$(dirname "$0")
mkdir -p "$work"

python "$here/stretch.py" "$work/objects.csv"
onet preprocess "$libraries" "$work/real" --manifest "$work/objects.csv" --seed 1 \
  --cameras wide --near-points 65536
onet preprocess procedural "$work/generated" --count 6400 --views 12 --points 32768 \
  --near-points 32768 --seed 1
OMP_NUM_THREADS=1 onet train "$work/real" --extra "$work/generated" --extra-share 0.5 --near 0.25 \
  -o "$work/run" --model onet-attention --augment photo --weight-decay 0.05 --val-every 400 \
  --max-time 165m --seed 1
python "$here/calibrate.py" "$work/run/best.safetensors" "$work/real" "$work/generated" \
  -o "$work/furniture.safetensors" --half
onet evaluate "$work/real" --checkpoint "$work/furniture.safetensors" --view all \
  --meshes "$work/meshes" --output "$work/scores.json"
python "$here/icons.py" "$libraries" "$work/icons" --checkpoint "$work/furniture.safetensors"
onet evaluate "$work/real" --predictions "$work/icons" --output "$work/icons.json"
python "$here/sheet.py" "$work/real" "$libraries" "$work/meshes" "$work/sheet.png" --view 0
