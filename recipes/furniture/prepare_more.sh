#!/usr/bin/env bash
# From local clones of public repositories to a data set: the objects of sources.csv.
# Usage: recipes/furniture/prepare_more.sh DATA CLONES [more options of `onet preprocess`]
#   DATA    folder of the data set; that of prepare.sh may be given, and both are in it then
#   CLONES  folder of git clones called OWNER/NAME. The meshes are written to CLONES/collected
# Needs pip install -r recipes/furniture/requirements-more.txt
set -euo pipefail
data=${1:?"usage: prepare_more.sh DATA CLONES [options]"}
clones=${2:?"usage: prepare_more.sh DATA CLONES [options]"}
shift 2
here=$(dirname "$0")

python "$here/collect.py" "$clones" "$clones/collected"
onet preprocess "$clones/collected" "$data" --manifest "$here/sources.csv" --seed 1 "$@"
