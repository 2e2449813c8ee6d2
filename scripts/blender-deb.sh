#!/bin/sh
# Installs the distribution's Blender, on which `make test` runs its tests a second time.
#
#   scripts/blender-deb.sh
#
# Does nothing where there is a `blender`. Where none can be installed, the tests say what they
# skipped; with BLENDTORCH_REQUIRE_BLENDER set, that is an error.
set -eu

say() { printf 'blender: %s\n' "$*" >&2; }
without() {
    if [ -n "${BLENDTORCH_REQUIRE_BLENDER:-}" ]; then
        say "error: $* (BLENDTORCH_REQUIRE_BLENDER is set)"
        exit 1
    fi
    say "$*: tests on a blender program are skipped"
    exit 0
}

installed() {
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null || true)" = installed ]
}

# Debian's has no numpy of its own; others bring theirs.
if command -v blender >/dev/null; then
    [ "$(command -v blender)" = /usr/bin/blender ] || exit 0
    if ! command -v dpkg-query >/dev/null || ! installed blender || installed python3-numpy; then
        exit 0
    fi
fi
command -v apt-get >/dev/null || without "there is no blender and no apt-get to install one with"
root=""
if [ "$(id -u)" != 0 ]; then
    root=sudo
    command -v sudo >/dev/null ||
        without "there is no blender; as root, run: apt-get install blender python3-numpy"
fi
$root apt-get update -qq || without "apt-get update failed"
# Blender 3.4 is the oldest that was ever built with the Python 3.11 we need.
found=$(apt-cache policy blender | sed -n 's/^ *Candidate: \([0-9]\)/\1/p')
[ -n "$found" ] || without "there is no blender, and this system has no package of it"
dpkg --compare-versions "$found" ge 3.4 ||
    without "this system's blender ($found) is older than 3.4; install one from blender.org"
say "installing Blender $found (about 250 MB to download), to test on it"
$root env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends blender python3-numpy ||
    without "apt-get install blender python3-numpy failed"
