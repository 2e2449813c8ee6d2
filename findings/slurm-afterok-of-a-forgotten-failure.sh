#!/bin/sh
# A job that is to run after another has succeeded runs after one that failed and was forgotten.
#
# Seen with Debian's slurm-wlm 22.05.8. It installs slurm-wlm and munge where they are missing, and
# takes half a minute.
#
# A good guess: --dependency=afterok:JOB runs only if JOB ended with 0, and is refused if there is no
# such job.
# What happens: that is so while slurmctld knows JOB. Some time after its end (MinJobAge, five minutes
# by default) it has forgotten it, and takes the dependency for fulfilled; so it does for a number
# that never was a job. While it knows it, the job waits for ever (DependencyNeverSatisfied), unless
# --kill-on-invalid-dep=yes was said.
# Output:
#   saw: after a job that failed: PENDING DependencyNeverSatisfied
#   saw: after the same job, forgotten: RUNNING None
#
# Here: what follows a job is submitted together with it, with --kill-on-invalid-dep=yes
# (launcher/src/slurm/submit).
set -eu
PATH=$PATH:/usr/sbin:/sbin
if ! command -v slurmctld >/dev/null || ! command -v munged >/dev/null; then
    apt-get update -qq
    apt-get install -y -qq --no-install-recommends slurm-wlm munge >/dev/null
fi
folder=$(mktemp -d)
export SLURM_CONF="$folder/slurm.conf"
cd "$folder" # all that is started below stays there, which is how it is found in the end
ends() {
    cd /
    for one in /proc/[0-9]*; do
        case $(readlink "$one/cwd" || true) in
        "$folder" | "$folder"/*) kill -9 "${one#/proc/}" 2>/dev/null || true ;;
        esac
    done
    rm -rf "$folder"
}
start() { # a daemon, whose number is then in $!
    "$@" >/dev/null 2>&1 &
}
until_so() { # a command that is to succeed within a minute
    tries=0
    until "$@"; do
        tries=$((tries + 1))
        [ $tries -lt 600 ] || { echo "never: $*" >&2; exit 1; }
        sleep 0.1
    done
}
mkdir "$folder/state" "$folder/n0" "$folder/n1"
chmod 755 "$folder"
(umask 077 && head -c 128 /dev/urandom >"$folder/key")
port=$((20000 + $$ % 9000))
host=$(hostname -s)
cat >"$SLURM_CONF" <<END
ClusterName=finding
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$port
AuthInfo=socket=$folder/munge,cred_expire=5
SlurmUser=$(id -un)
SlurmdUser=$(id -un)
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/%n
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/%n.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SlurmdParameters=config_overrides
MpiDefault=none
MinJobAge=2
NodeName=n0 NodeHostname=$host NodeAddr=127.0.0.1 Port=$((port + 1)) CPUs=1
NodeName=n1 NodeHostname=$host NodeAddr=127.0.0.1 Port=$((port + 2)) CPUs=1
PartitionName=normal Nodes=ALL Default=YES
END
trap ends EXIT
start munged --foreground --force --key-file="$folder/key" --socket="$folder/munge" \
    --pid-file="$folder/munge.pid" --log-file="$folder/munge.log" --seed-file="$folder/seed"
until_so test -S "$folder/munge"
start slurmctld -D
sleep 1
start slurmd -D -N n0
start slurmd -D -N n1
two_idle() { [ "$(sinfo -h -N -p normal -o %T 2>/dev/null | grep -c '^idle$')" = 2 ]; }
until_so two_idle

submit() { # a line of a script, and options
    line=$1
    shift
    printf '#!/bin/sh\n%s\n' "$line" | sbatch --parsable --output=/dev/null "$@"
}
is() { [ "$(squeue -h -t all -j "$1" -o '%T %r' 2>/dev/null)" = "$2" ]; }
failed=$(submit 'exit 1')
after=$(submit 'exec sleep 1000' --dependency=afterok:"$failed")
until_so is "$after" "PENDING DependencyNeverSatisfied"
echo "saw: after a job that failed: $(squeue -h -j "$after" -o '%T %r')"
forgotten() { ! scontrol show job "$failed" >/dev/null 2>&1; }
until_so forgotten
late=$(submit 'exec sleep 1000' --dependency=afterok:"$failed")
until_so is "$late" "RUNNING None"
echo "saw: after the same job, forgotten: $(squeue -h -j "$late" -o '%T %r')"
