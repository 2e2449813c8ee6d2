#!/bin/sh
# Makes a virtual environment with the packages that a requirements file lists.
#
#   scripts/venv.sh DEST REQUIREMENTS
#
# Instant when it is there already. PYTHON names the Python to use (python3.11).
set -eu

[ $# -eq 2 ] || { echo "usage: $0 DEST REQUIREMENTS" >&2; exit 2; }
dest=$1
requirements=$2
python=${PYTHON:-python3.11}
marker=$dest/blendtorch-requirements

is_made() { [ -f "$marker" ] && cmp -s "$marker" "$requirements"; }

is_made && exit 0
mkdir -p "$(dirname "$dest")"
exec 9>"$dest.lock"
flock 9
is_made && exit 0
printf 'venv: making %s (%s)\n' "$dest" "$(grep -v '^#' "$requirements" | tr '\n' ' ')" >&2
if [ -f "$marker" ]; then
    rm "$marker" # a whole one, made for another list: pip changes what differs
else
    "$python" -m venv --clear "$dest"
fi
"$dest/bin/python" -m pip install --quiet --disable-pip-version-check --requirement "$requirements"
cp "$requirements" "$marker" # last: without it, the next run starts anew
