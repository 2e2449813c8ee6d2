#!/bin/sh
# Lays a slim, CPU-only libtorch for the `tch` crate (490 MB) into a folder, from the torch wheel.
#
#   scripts/libtorch.sh DEST
#
# Point LIBTORCH at DEST to build with it. It holds libraries and headers only: it serves Rust, not
# `import torch`. Whole or not there: the work is done in DEST.partial, which takes DEST's name last,
# so an interrupted run is simply run again. PYTHON names the Python whose pip is used (python3).
set -eu

version=2.13.0 # what tch 0.26 was made for; another one does not compile
marker=blendtorch-libtorch

say() { printf 'libtorch: %s\n' "$*" >&2; }
fail() {
    say "error: $*"
    exit 1
}

[ $# -eq 1 ] && [ -n "$1" ] || { echo "usage: $0 DEST" >&2; exit 2; }
dest=${1%/}
if [ -f "$dest/$marker" ] && [ "$(cat "$dest/$marker")" = "$version" ]; then
    exit 0
fi

other="set LIBTORCH to the folder of a libtorch $version of your own, or LIBTORCH_USE_PYTORCH=1 to \
use the torch package of your Python"
case "$(uname -sm)" in
"Linux x86_64") ;;
*) fail "the slim libtorch is made for Linux on x86_64 and this is $(uname -sm): $other" ;;
esac
python=${PYTHON:-python3}
"$python" -m pip --version >/dev/null 2>&1 ||
    fail "$python has no pip: install it (Debian: apt install python3-pip), name another Python with PYTHON=…, or $other"

mkdir -p "$(dirname "$dest")"
# Two runs at once would fight over the same folder.
exec 9>"$dest.lock"
if command -v flock >/dev/null; then
    flock -n 9 || { say "another run is at it: waiting"; flock 9; }
    if [ -f "$dest/$marker" ] && [ "$(cat "$dest/$marker")" = "$version" ]; then exit 0; fi
fi

partial=$dest.partial
rm -rf "$partial"
trap 'rm -rf "$partial"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
mkdir -p "$partial/wheels" "$partial/lib" "$partial/licenses"

say "fetching torch $version for the CPU (540 MB to download, 490 MB in $dest)"
# libtorch_cpu.so of the wheel is linked against these two libraries of CUDA, and does not need a GPU.
"$python" -m pip install --quiet --disable-pip-version-check --no-deps --no-compile \
    --target "$partial/wheels" \
    "torch==$version" nvidia-cuda-runtime==13.0.96 nvidia-cuda-cupti==13.0.85 ||
    fail "pip could not fetch torch $version: see its words above; the Python of $python must be one \
that torch has a wheel for ($("$python" --version 2>&1)), or $other"

torch=$partial/wheels/torch
for library in libc10.so libtorch_cpu.so libgomp.so.1; do
    mv "$torch/lib/$library" "$partial/lib/"
done
# libtorch_cpu.so looks for its neighbours in its own folder too.
find "$partial/wheels/nvidia" \( -name 'libcudart.so.13' -o -name 'libcupti.so.13' \) \
    -exec mv {} "$partial/lib/" \;
mv "$torch/include" "$partial/include"
# tch links with -ltorch, whose only content in the wheel is that it needs the GPU half too.
echo 'INPUT(libtorch_cpu.so libc10.so)' >"$partial/lib/libtorch.so"
echo "$version" >"$partial/build-version" # torch-sys compares it with what it was made for
for info in "$partial"/wheels/*.dist-info; do
    name=$(basename "$info" .dist-info)
    [ ! -d "$info/licenses" ] || mv "$info/licenses" "$partial/licenses/$name"
done
rm -rf "$partial/wheels"

missing=$(ldd "$partial/lib/libtorch_cpu.so" 2>&1 | grep 'not found' || true)
[ -z "$missing" ] || fail "libtorch_cpu.so would not load here: $missing"

echo "$version" >"$partial/$marker"
rm -rf "$dest"
mv "$partial" "$dest"
say "$(du -sm "$dest" | cut -f1) MB in $dest"
