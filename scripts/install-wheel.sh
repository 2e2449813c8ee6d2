#!/bin/sh
# Installs a wheel into a virtual environment, unless the very same one is there.
#
#   scripts/install-wheel.sh VENV WHEEL
set -eu

[ $# -eq 2 ] || { echo "usage: $0 VENV WHEEL" >&2; exit 2; }
venv=$1
wheel=$2
marker=$venv/blendtorch-wheel
sum=$(sha256sum <"$wheel")
if [ -f "$marker" ] && [ "$(cat "$marker")" = "$sum" ]; then
    exit 0
fi
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --force-reinstall --no-deps \
    "$wheel"
printf '%s\n' "$sum" >"$marker.new"
mv "$marker.new" "$marker" # a new file: a copy of the environment by links keeps its own
