#!/bin/sh
# Measures us beside our peers, and keeps a dated record of it.
#
#   scripts/peers.sh [--only PART,…] [--quick] [--note TEXT] [--out DIR] [--record FILE]
#
# Owns the list of peers, their environments in the cache folder, and the order of things. What is
# measured of a part is in scripts/peers/PART.sh, how it is written down in scripts/peers/record.py.
# Exit code 0: everything was measured, and all tests passed.
set -eu

# One a line: the part, the name, how it comes here, and what it is. It comes
#   python       with the Python environment of the tests (`make python-env`)
#   managed      with `make setup`
#   program      by itself: a program on PATH; without it the peer is left out
#   environment  here: scripts/requirements/peers-NAME.txt into CACHE/peers/NAME, with our wheel and
#                what peers-NAME-alone.txt lists, which comes without all that it asks for
# A room that gets a new peer adds a line, and where it is a new part scripts/peers/PART.sh, which
# is called with OUT and the names and places (NAME=PLACE) of its peers and writes into OUT.
peers() {
    cat <<'LIST'
stream    original   python       pyzmq, pickle and torch's default_collate: the original's way
stream    libzmq     python       libzmq by pyzmq, without pickle
blenders  managed    managed      the Blender that users get: the baseline of the others
blenders  blender    program      a Blender program, such as Debian's
blenders  bpy-5.0.1  environment  the module of Blender 5.0
tests     bpy-5.0.1  environment  our tests of what is drawn and simulated, in Blender 5.0
render    visionsim  environment  VisionSim 0.1.0a2, which renders animations with their passes
neurons   bmtk       environment  BMTK 1.2.0 with NEST 3.10.0, which simulate networks of neurons
networks  bsb        environment  the BSB 8.0.2, for a file of 25,000 cells, drawn by plain bpy too
networks  cleo       environment  Cleo 0.20.0 with Brian2, whose videos show networks that run
LIST
}

usage() {
    cat <<'END'
usage: scripts/peers.sh [options]

Measures blendtorch beside its peers on this machine, in about an hour, and adds the figures
to docs/peers.md, under the date. `make peers` builds first what is measured.

  --only PART,…   only these parts; all of them are listed below
  --quick         a smoke test: few images, one round; not for the record, which it leaves alone
                  unless --record names one
  --note TEXT     said with the figures, such as what else the machine did
  --out DIR       where what was measured stays (out/peers)
  --record FILE   the record (docs/peers.md)
  --help          this

Peers are installed in $BLENDTORCH_CACHE/peers (~/.cache/blendtorch/peers), each about 1 GB, and kept.
The bench program and the wheel are taken from $CARGO_TARGET_DIR.

part      peer       from         what it is
END
    peers
}
say() { printf 'peers: %s\n' "$*" >&2; }
fail() {
    say "error: $*"
    exit 2
}

root=$(cd "$(dirname "$0")/.." && pwd -P)
# A path of the caller's, also after we have gone to the root.
absolute() {
    case $1 in /*) echo "$1" ;; *) echo "$PWD/$1" ;; esac
}

only='' note='' out=$root/out/peers record='' QUICK=''
while [ $# -gt 0 ]; do
    case $1 in
    --help | -h) usage; exit 0 ;;
    --quick) QUICK=yes; shift; continue ;;
    --only | --note | --out | --record) ;;
    *) usage >&2; exit 2 ;;
    esac
    [ $# -ge 2 ] || fail "$1 needs a value"
    case $1 in
    --only) only=$2 ;;
    --note) note=$2 ;;
    --out) out=$(absolute "$2") ;;
    --record) record=$(absolute "$2") ;;
    esac
    shift 2
done
[ -n "$record$QUICK" ] || record=$root/docs/peers.md

cd "$root"
cache=${BLENDTORCH_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/blendtorch}
TARGET=${CARGO_TARGET_DIR:-$cache/target}
VENV=$cache/python
export QUICK TARGET VENV
[ -x "$VENV/bin/python" ] || fail "$VENV is missing: make python-env makes it"
wheel=$(echo "$TARGET"/wheels/fast/*.whl)
[ -f "$wheel" ] || fail "there is no $wheel: make setup builds it"
# After `make test` the package there, and in the managed Blender, is one that is not optimised.
[ "$(cat "$VENV/blendtorch-wheel")" = "$(sha256sum <"$wheel")" ] ||
    fail "$VENV has another wheel than that for use: make setup python-env brings it back"

parts=$(peers | cut -d ' ' -f 1 | uniq)
for part in $(echo "$only" | tr ',' ' '); do
    echo "$parts" | grep -qx -- "$part" ||
        fail "no part is called '$part'; there are: $(echo "$parts" | tr '\n' ' ')"
done
[ -z "$only" ] || parts=$(echo "$only" | tr ',' '\n')

# Where a peer is. Nothing where it is not on this machine, and cannot be had here.
place() { # NAME FROM
    case $2 in
    python) echo "$VENV" ;;
    managed) echo bpy ;;
    program) command -v "$1" || say "no $1 on PATH: left out" ;;
    environment)
        scripts/venv.sh "$cache/peers/$1" "scripts/requirements/peers-$1.txt" >&2
        scripts/install-wheel.sh "$cache/peers/$1" "$wheel" >&2
        alone=scripts/requirements/peers-$1-alone.txt
        [ ! -f "$alone" ] || "$cache/peers/$1/bin/python" -m pip install --quiet \
            --disable-pip-version-check --no-deps --requirement "$alone" >&2
        echo "$cache/peers/$1"
        ;;
    esac
}
places() { # PART
    peers | while read -r part name from _; do
        [ "$part" = "$1" ] || continue
        found=$(place "$name" "$from")
        [ -z "$found" ] || echo "$name=$found"
    done
}

# What is missing is installed first, and not while anything is measured.
for part in $parts; do
    places "$part" >/dev/null
done
mkdir -p "$out"
rm -f "$out"/*.json "$out"/*.xml
# Before anything of ours runs: what else the machine does.
printf '{"began": "%s", "load": %s}\n' "$(date -u '+%Y-%m-%d %H:%M')" \
    "$(cut -d ' ' -f 1 /proc/loadavg)" >"$out/began.json"
failed=''
for part in $parts; do
    found=$(places "$part")
    # shellcheck disable=SC2086 # a list of words
    say "$part:" $found
    # shellcheck disable=SC2086 # the same
    "scripts/peers/$part.sh" "$out" $found || failed="$failed $part"
done
if [ -n "$record" ]; then
    "$VENV/bin/python" scripts/peers/record.py "$out" "$record" --note "$note"
    say "added to $record"
fi
[ -z "$failed" ] || { say "error: this did not go well:$failed"; exit 1; }
