#!/bin/sh
# Runs a command with the variables that maturin sets when it compiles the package: so cargo takes
# what that has compiled.
#
#   scripts/as-maturin.sh TARGET_DIR COMMAND...
#
# After scripts/wheel.sh, which leaves the file that one of them names.
set -eu

[ $# -ge 2 ] || { echo "usage: $0 TARGET_DIR COMMAND..." >&2; exit 2; }
# The latest, where there are several; a file's name has no blanks.
# shellcheck disable=SC2012
config=$(ls -t "$1"/maturin/pyo3-config-*.txt 2>/dev/null | head -n 1)
shift
[ -n "$config" ] || { echo "$0: maturin has compiled nothing yet: make checked" >&2; exit 1; }
export PYO3_BUILD_EXTENSION_MODULE=1 PYO3_CONFIG_FILE="$config"
exec "$@"
