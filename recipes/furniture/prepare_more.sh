#!/usr/bin/env bash
# From local clones of public repositories to a data set: the objects of sources.csv.
# Usage: recipes/furniture/prepare_more.sh USE DATA CLONES [more options of `onet preprocess`]
#   USE     train, or test: the sources that no training object comes from
#   DATA    folder of the data set; for train that of prepare.sh may be given, and both are in it then
#   CLONES  folder of git clones called OWNER/NAME. The meshes are written to CLONES/collected
# Needs pip install -r recipes/furniture/requirements-more.txt
set -euo pipefail
usage="usage: prepare_more.sh train|test DATA CLONES [options]"
use=${1:?"$usage"}
data=${2:?"$usage"}
clones=${3:?"$usage"}
shift 3
here=$(dirname "$0")

python "$here/collect.py" "$clones" "$clones/collected"
python - "$here/sources.csv" "$use" "$clones/collected/$use.csv" <<'PYTHON'
import csv, sys
rows = csv.DictReader(open(sys.argv[1], newline=""))
with open(sys.argv[3], "w", newline="") as file:
    chosen = csv.DictWriter(file, rows.fieldnames, lineterminator="\n")
    chosen.writeheader()
    chosen.writerows(row for row in rows if row["use"] == sys.argv[2])
PYTHON
onet preprocess "$clones/collected" "$data" --manifest "$clones/collected/$use.csv" --seed 1 "$@"
