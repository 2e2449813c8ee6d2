#!/bin/sh
# Builds the wheel of this checkout and prints its path.
#
#   scripts/wheel.sh TOOLS_VENV DEST OPTION...
#
# The options are maturin's: --release for use, --profile dev for tests.
set -eu

[ $# -ge 3 ] || { echo "usage: $0 TOOLS_VENV DEST OPTION..." >&2; exit 2; }
tools=$1
dest=$2
shift 2
cd "$(dirname "$0")/../python"
rm -rf "$dest"
mkdir -p "$dest"
"$tools/bin/maturin" build "$@" --quiet --out "$dest" >&2
echo "$dest"/*.whl
