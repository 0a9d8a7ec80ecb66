#!/usr/bin/env bash
# How the shipped model `furniture` was made: generated furniture, a small network, one CPU.
# Usage: recipes/procedural/train.sh [WORK]      (WORK: a folder with 4 GB free; default ./runs)
set -euo pipefail
work=${1:-runs}

onet preprocess procedural "$work/procedural" --count 3000 --views 12 --points 32768 --seed 1
onet train "$work/procedural" -o "$work/furniture" --model onet-small --augment photo \
  --precision bf16 --batch-size 32 --max-time 50m --seed 1
onet export "$work/furniture/best.safetensors" "$work/furniture.safetensors" --half
onet evaluate "$work/procedural" --checkpoint "$work/furniture.safetensors" --limit 100
