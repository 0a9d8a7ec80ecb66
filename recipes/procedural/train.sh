#!/usr/bin/env bash
# A small network from generated furniture alone, on one CPU.
# Usage: recipes/procedural/train.sh [WORK]      (WORK: a folder with 4 GB free; default ./runs)
set -euo pipefail
work=${1:-runs}

onet preprocess procedural "$work/procedural" --count 2448 --views 12 --points 32768 --seed 1
onet train "$work/procedural" -o "$work/furniture" --model onet-small --augment photo \
  --batch-size 32 --val-every 400 --max-time 45m --seed 1
onet export "$work/furniture/best.safetensors" "$work/furniture.safetensors" --half
onet evaluate "$work/procedural" --checkpoint "$work/furniture.safetensors" --limit 100
