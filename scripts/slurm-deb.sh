#!/bin/sh
# Installs the distribution's Slurm, of which `make test` starts its own.
#
#   scripts/slurm-deb.sh
#
# Does nothing where there is one. Where none can be installed, the tests say what they skipped; with
# BLENDTORCH_REQUIRE_BLENDER set, that is an error.
set -eu

say() { printf 'slurm: %s\n' "$*" >&2; }
without() {
    if [ -n "${BLENDTORCH_REQUIRE_BLENDER:-}" ]; then
        say "error: $* (BLENDTORCH_REQUIRE_BLENDER is set)"
        exit 1
    fi
    say "$*: tests on a cluster are skipped"
    exit 0
}

# The daemons need not be on a user's PATH.
PATH=$PATH:/usr/sbin:/sbin
missing=""
for program in munged slurmctld slurmd sbatch srun; do
    command -v $program >/dev/null || missing="$missing $program"
done
[ -n "$missing" ] || exit 0
command -v apt-get >/dev/null || without "there is no Slurm ($missing ) and no apt-get to install one with"
root=""
if [ "$(id -u)" != 0 ]; then
    root=sudo
    command -v sudo >/dev/null ||
        without "there is no Slurm; as root, run: apt-get install slurm-wlm munge"
fi
$root apt-get update -qq || without "apt-get update failed"
found=$(apt-cache policy slurm-wlm | sed -n 's/^ *Candidate: \([0-9].*\)/\1/p')
[ -n "$found" ] || without "there is no Slurm, and this system has no package of it"
dpkg --compare-versions "$found" ge 22.05 || without "this system's Slurm ($found) is older than 22.05"
say "installing Slurm $found, to test on it"
$root env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends slurm-wlm munge ||
    without "apt-get install slurm-wlm munge failed"
