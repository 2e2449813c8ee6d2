#!/bin/sh
# Builds the wheel of this checkout and prints its path.
#
#   scripts/wheel.sh TOOLS_VENV DEST
set -eu

[ $# -eq 2 ] || { echo "usage: $0 TOOLS_VENV DEST" >&2; exit 2; }
tools=$1
dest=$2
cd "$(dirname "$0")/../python"
rm -rf "$dest"
mkdir -p "$dest"
"$tools/bin/maturin" build --release --quiet --out "$dest" >&2
echo "$dest"/*.whl
