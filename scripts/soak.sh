#!/bin/sh
# Runs the demo's instances again and again on busy cores, and counts how they end.
#
#   scripts/soak.sh [--lives N] [--instances N] [--load N] [--seconds LOW-HIGH] [--out DIR]
#
# What crashes once in an hour of rendering meets nobody in a test of a minute. Each life is one
# instance of examples/train/launch.json, started by blendtorch-launch, whose items the minimal
# example takes. After a minute or so it is sent SIGTERM; whatever ended otherwise, or drew nothing,
# is reported with its last words and its core. Exit code 0: all ended as they were asked to.
set -eu

usage() {
    cat <<'END'
usage: scripts/soak.sh [options]

Runs the demo's instances on busy cores, each for a minute or so, and counts how they end.

  --lives N           how many lives in all (100)
  --instances N       how many at a time (4)
  --load N            busy loops beside them (as many as there are cores)
  --seconds LOW-HIGH  how long a life is, drawn anew for each (60-90)
  --out DIR           where words and cores of those that ended otherwise stay (out/soak)
  --help              this

Both programs, blendtorch-launch and minimal, are taken from $CARGO_TARGET_DIR/release (`make soak`
builds them). Ctrl-C ends all of it and says what was seen so far.
END
}
say() { printf 'soak: %s\n' "$*" >&2; }
fail() {
    say "error: $*"
    exit 2
}
number() { # OPTION VALUE
    case $2 in '' | *[!0-9]*) fail "$1 needs a whole number, not '$2'" ;; esac
}

lives=100 instances=4 load=$(nproc) seconds=60-90 out=out/soak
while [ $# -gt 0 ]; do
    case $1 in
    --help | -h) usage; exit 0 ;;
    --lives | --instances | --load | --seconds | --out) ;;
    *) usage >&2; exit 2 ;;
    esac
    [ $# -ge 2 ] || fail "$1 needs a value"
    case $1 in
    --lives) number "$1" "$2"; lives=$2 ;;
    --instances) number "$1" "$2"; instances=$2 ;;
    --load) number "$1" "$2"; load=$2 ;;
    --seconds) number "$1" "${2%%-*}${2#*-}"; seconds=$2 ;;
    --out) out=$2 ;;
    esac
    shift 2
done
[ "$instances" -gt 0 ] || fail "--instances must be 1 or more"
low=${seconds%%-*} high=${seconds#*-}
[ -n "$low" ] && [ -n "$high" ] && [ "$low" -le "$high" ] || fail "--seconds is LOW-HIGH, as 60-90"

root=$(cd "$(dirname "$0")/.." && pwd -P)
programs=${CARGO_TARGET_DIR:-$root/target}/release
for program in blendtorch-launch minimal; do
    [ -x "$programs/$program" ] || fail "$programs/$program is missing: make soak builds it"
done
mkdir -p "$out"
out=$(cd "$out" && pwd -P)
rm -rf "$out"/life-* "$out/ends"
: >"$out/ends"
main=$$

ulimit -c unlimited 2>/dev/null || say "cores cannot be kept (ulimit -c): a crash will have none"
pattern=$(cat /proc/sys/kernel/core_pattern)
case $pattern in
'|'*) say "cores go to a program, and not into $out: $pattern" ;;
/*) say "cores go to $pattern" ;;
esac

# The demo's own description, with one instance and an address that nobody else can have.
"${PYTHON:-python3}" - "$root/examples/train/launch.json" >"$out/launch.json" <<'END'
import json, pathlib, sys

path = pathlib.Path(sys.argv[1])
said = json.loads(path.read_text())
said.pop("start_port", None)
said["script"] = str((path.parent / said["script"]).resolve())
said["instance_args"] = said["instance_args"][:1]
json.dump({**said, "num_instances": 1, "proto": "ipc"}, sys.stdout, indent=4)
END

# One that has ended and was not waited for yet does not count.
alive() {
    [ -n "$1" ] && stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
    case ${stat##*) } in [ZX]*) return 1 ;; esac
}

# The launcher has two children: the instance, and the guard that ends it with the launcher.
instance_of() {
    for child in $(cat "/proc/$1"/task/*/children 2>/dev/null); do
        case $(tr '\0' ' ' <"/proc/$child/cmdline" 2>/dev/null) in
        *' -btid 0 '*) echo "$child" && return ;;
        esac
    done
}

# How many items the consumers of a life took: each says its own count once a second.
items() {
    awk '/^connecting/ { sum += n; n = 0 } /^[0-9]+ items/ { n = $1 } END { print sum + n }' "$1"
}

# How a life ended, in a word or two, from the launcher's last word and whether we asked for it.
kind() { # SAID ASKED
    case $1 in
    *'ended by signal 15 '*) [ "$2" ] && echo 'ended by SIGTERM, as asked' || echo 'SIGTERM of somebody else' ;;
    *'ended by signal '*) echo "$1" | sed 's/.*ended by signal \([0-9]*\)\( (\(SIG[A-Z]*\)\)*.*/ended by signal \1 \3/; s/ $//' ;;
    *'ended with exit code '*) echo "$1" | sed 's/.*ended with exit code \([0-9-]*\).*/ended by itself with code \1/' ;;
    *': 1 instance ended') echo 'ended by itself with code 0' ;;
    *) echo 'was never started, or its launcher has ended' ;;
    esac
}

launcher='' consumer=''
end_life() {
    for process in $consumer $launcher; do kill -TERM "$process" 2>/dev/null || true; done
    wait
}

life() { # NUMBER
    folder=$out/life-$1
    mkdir -p "$folder"
    cd "$folder" # where a core goes
    left=$(shuf -i "$low-$high" -n 1)
    began=$(date +%s)
    "$programs/blendtorch-launch" --log-dir . "$out/launch.json" >/dev/null 2>said &
    launcher=$! consumer='' asked='' patience=60
    : >taken
    while alive "$launcher"; do
        # Whoever has killed the soak wants none of this.
        alive "$main" || { end_life; exit 1; }
        if [ -z "$asked" ] && [ -s launch_info.json ] && ! alive "$consumer"; then
            "$programs/minimal" >>taken 2>&1 &
            consumer=$!
        fi
        sleep 1
        if [ -z "$asked" ] && [ $(($(date +%s) - began)) -ge "$left" ]; then
            instance=$(instance_of "$launcher")
            [ -z "$instance" ] || kill -TERM "$instance" 2>/dev/null || true
            asked=yes
        elif [ "$asked" ] && [ $((patience -= 1)) -le 0 ]; then
            kill -KILL "$launcher" || true
            echo 'soak: instance did not end within a minute' >>said
        fi
    done
    lived=$(($(date +%s) - began))
    [ -z "$consumer" ] || kill -TERM "$consumer" 2>/dev/null || true
    wait
    launcher='' consumer=''
    last=$(grep -v '^\[' said | tail -n 1)
    taken=$(items taken)
    ended=$(kind "$last" "$asked")
    case $last in 'soak: '*) ended=${last#soak: } ;; esac
    if [ "$ended" = 'ended by SIGTERM, as asked' ] && [ "$taken" -eq 0 ]; then
        ended='drew nothing'
    fi
    printf '%s\t%s\t%s\t%s\n' "$1" "$ended" "$lived" "$taken" >>"$out/ends"
    if [ "$ended" = 'ended by SIGTERM, as asked' ]; then
        cd "$out" && rm -rf "$folder"
    else
        say "life $1 $ended after $lived s and $taken items: $last"
        for core in core*; do
            [ ! -f "$core" ] || say "life $1 left a core: $folder/$core"
        done
    fi
}

slot() { # NUMBER
    trap 'end_life; exit 1' TERM
    n=$1
    while [ "$n" -le "$lives" ]; do
        life "$n"
        n=$((n + instances))
    done
}

busy() {
    while alive "$main"; do
        i=0
        while [ $i -lt 200000 ]; do i=$((i + 1)); done
    done
}

children=''
started=$(date +%s)
interrupted=''
trap 'interrupted=yes' INT TERM HUP
i=0
while [ $((i += 1)) -le "$load" ]; do
    busy &
    children="$children $!"
done
i=0
slots=''
while [ $((i += 1)) -le "$instances" ]; do
    slot $i &
    slots="$slots $!"
done
say "$lives lives of $low to $high s, $instances at a time, $load busy loops," \
    "LP_NUM_THREADS=${LP_NUM_THREADS:-unset}"
for slot in $slots; do
    while [ -z "$interrupted" ] && alive "$slot"; do wait "$slot" || true; done
done
# shellcheck disable=SC2086 # lists of numbers
kill -TERM $children $slots 2>/dev/null || true
wait

minutes=$((($(date +%s) - started + 30) / 60))
awk -F '\t' -v minutes="$minutes" -v of="$lives" '
    { n[$2]++; lived += $3; items += $4 }
    END {
        printf "soak: %d of %d lives in %d min: %.2f hours of instances, %d items\n",
            NR, of, minutes, lived / 3600, items
        for (kind in n) printf "%6d  %s\n", n[kind], kind
    }' "$out/ends"
if [ -n "$interrupted" ]; then
    exit 130
fi
good=$(grep -c "$(printf '\tended by SIGTERM, as asked\t')" "$out/ends" || true)
[ "$good" -eq "$lives" ] || { say "what was left of the others is in $out"; exit 1; }
