#!/bin/sh
# Installs the Debian packages that blendtorch needs and this machine lacks.
#
#   scripts/system.sh [FURTHER PACKAGE…]
#
# bpy needs libraries of X11 and OpenGL even without a display; torch-sys needs a C++ compiler.
set -eu

say() { printf 'system: %s\n' "$*" >&2; }

if ! command -v dpkg-query >/dev/null; then
    say "this is no Debian or Ubuntu: if something is missing, install what README.md lists"
    exit 0
fi
wanted="libx11-6 libxrender1 libxfixes3 libxi6 libxkbcommon0 libsm6 libgl1 libegl1 $*"
missing=""
for package in $wanted; do
    status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
    [ "$status" = installed ] || missing="$missing $package"
done
command -v c++ >/dev/null || missing="$missing g++"
python=${PYTHON:-python3.11}
"$python" -c 'import ensurepip, venv' 2>/dev/null || missing="$missing python3.11-venv"
[ -n "$missing" ] || exit 0

root=""
if [ "$(id -u)" != 0 ]; then
    root=sudo
    if ! command -v sudo >/dev/null; then
        say "error: these packages are missing; as root, run: apt-get install$missing"
        exit 1
    fi
fi
say "installing$missing"
$root apt-get update -qq
# shellcheck disable=SC2086 # a list of words
$root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing
