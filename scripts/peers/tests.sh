#!/bin/sh
# Our tests in Blenders that `make test` does not run them in: OUT/tests-NAME.xml of each.
#
#   scripts/peers/tests.sh OUT NAME=PLACE…
#
# Those that take `runtime`, by words in their names: what draws and simulates differs most between
# versions. Of these folders alone, since others want programs that only `make test` builds.
set -eu

folders='tests/btb tests/network'
words='(renderer or offscreen or compositor or physics or camera_now) and not surface'
words="($words) or bsb_programs or network_shown or network_kept or cell_ids or devices or scopes"
[ -z "${QUICK:-}" ] || words='offscreen and not surface'
out=$(cd "$1" && pwd -P)
shift
failed=''
for peer in "$@"; do
    name=${peer%%=*}
    # The other Blender that these tests run in is `make test`'s.
    BLENDTORCH_BPY_PYTHON=${peer#*=}/bin/python "$VENV/bin/python" -m pytest $folders -q \
        -k "[bpy and ($words)" --junitxml "$out/tests-$name.xml" || failed=yes
done
[ -z "$failed" ]
