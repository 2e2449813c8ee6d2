#!/bin/sh
# A batch job that is preempted is not told when its GraceTime begins, only when it is over.
#
# Seen with Debian's slurm-wlm 22.05.8. It installs slurm-wlm and munge where they are missing, and
# takes most of a minute.
#
# A good guess: a job of a partition with GraceTime is sent SIGTERM when it is chosen to make room, as
# slurm.conf(5) says of "the job's tasks", and has that time to end in order.
# What happens: the program of a batch script, which is no step's task, hears nothing. PreemptTime of
# `scontrol show job` is set at once. When the time is over, SIGCONT and SIGTERM come, and SIGKILL
# after KillWait. (Not tried: SlurmctldParameters=preempt_send_user_signal.)
# Output:
#   saw: when it is chosen: RUNNING, PreemptTime is set
#   saw: SIGTERM comes 5 seconds later or more, GraceTime being 5
#
# Here: an element says whether it has been chosen (`preempting`, launcher/src/slurm/element.rs).
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
KillWait=2
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
SchedulerParameters=batch_sched_delay=0,sched_interval=1
NodeName=n0 NodeHostname=$host NodeAddr=127.0.0.1 Port=$((port + 1)) CPUs=1
NodeName=n1 NodeHostname=$host NodeAddr=127.0.0.1 Port=$((port + 2)) CPUs=1
PartitionName=normal Nodes=ALL Default=YES PriorityTier=1 PreemptMode=REQUEUE GraceTime=5
PartitionName=urgent Nodes=ALL PriorityTier=2 PreemptMode=OFF
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

cat >"$folder/program" <<'END'
#!/bin/sh
trap 'date +%s >"$0.term"' TERM
echo >"$0.begun"
while :; do sleep 0.2; done
END
chmod +x "$folder/program"
job=$(printf '#!/bin/sh\nexec %s/program\n' "$folder" |
    sbatch --parsable --requeue --nodelist=n0 --output=/dev/null)
until_so test -e "$folder/program.begun"
printf '#!/bin/sh\nexec sleep 1000\n' |
    sbatch --partition=urgent --nodelist=n0 --output=/dev/null >/dev/null
chosen() { scontrol show job "$job" | grep -q 'PreemptTime=2'; }
until_so chosen
begun=$(date +%s)
test ! -e "$folder/program.term"
echo "saw: when it is chosen: $(squeue -h -j "$job" -o %T), PreemptTime is set"
until_so test -e "$folder/program.term"
test $(($(cat "$folder/program.term") - begun)) -ge 4 # of whole seconds
echo "saw: SIGTERM comes 5 seconds later or more, GraceTime being 5"
