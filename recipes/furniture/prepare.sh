#!/usr/bin/env bash
# From the furniture of Sweet Home 3D to a data set, by one command: 542 real objects.
# Usage: recipes/furniture/prepare.sh DATA [LIBRARIES] [more options of `onet preprocess`]
#   DATA       folder of the data set
#   LIBRARIES  where the libraries lie; default /usr/share/sweethome3d, as Debian has them after
#              apt-get install sweethome3d-furniture sweethome3d
set -euo pipefail
data=${1:?"usage: prepare.sh DATA [LIBRARIES] [options]"}
libraries=${2:-/usr/share/sweethome3d}
shift $(($# < 2 ? $# : 2))

onet preprocess "$libraries" "$data" --manifest "$(dirname "$0")/split.csv" --seed 1 "$@"
