#!/bin/sh
# A job whose node is lost is started elsewhere while its first life may still run.
#
# Seen with Debian's slurm-wlm 22.05.8 (two slurmd on one machine). It installs slurm-wlm and munge
# where they are missing, and takes half a minute.
#
# A good guess: Slurm requeues a job once what it had on the lost node has ended.
# What happens: a slurmd that is killed, or cut off, leaves its jobs' processes alone. After
# SlurmdTimeout the node is down and the job is requeued; its second life (SLURM_RESTART_COUNT=1) runs
# on another node beside the first, which is killed, without SIGTERM, when slurmd comes back.
# Output:
#   saw: lives that run before slurmd is killed: 0
#   saw: lives that run when the job was started again: 0 1
#   saw: lives that run when slurmd is back: 1
#
# Here: of two hosts that come with the same element of a job, the one of the later life counts.
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
SlurmdTimeout=2
MessageTimeout=3
ReturnToService=1
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
first=$!
start slurmd -D -N n1
two_idle() { [ "$(sinfo -h -N -p normal -o %T 2>/dev/null | grep -c '^idle$')" = 2 ]; }
until_so two_idle

cat >"$folder/life" <<'END'
#!/bin/sh
# Says which life it is.
trap 'echo >"$0.heard-SIGTERM"' TERM
echo $$ >"$0.${SLURM_RESTART_COUNT:-0}"
while :; do sleep 0.2; done
END
chmod +x "$folder/life"
# A first job fills n1, so that the second begins on n0 and may go elsewhere later.
sleeps=$(printf '#!/bin/sh\nexec sleep 1000\n' | sbatch --parsable --nodelist=n1 --output=/dev/null)
runs() { [ "$(squeue -h -j "$1" -o %T)" = RUNNING ]; }
until_so runs "$sleeps"
printf '#!/bin/sh\nexec %s/life\n' "$folder" | sbatch --requeue --output=/dev/null >/dev/null
lives() {
    for life in 0 1; do
        pid=$(cat "$folder/life.$life" 2>/dev/null || echo none)
        if [ -d "/proc/$pid" ]; then printf '%s ' $life; fi
    done | sed 's/ $//'
}
are() { [ "$(lives)" = "$1" ]; }
until_so are 0
scancel "$sleeps"
echo "saw: lives that run before slurmd is killed: $(lives)"
kill -9 "$first"
until_so test -s "$folder/life.1"
echo "saw: lives that run when the job was started again: $(lives)"
are "0 1"
start slurmd -D -N n0
until_so are 1
echo "saw: lives that run when slurmd is back: $(lives)"
test ! -e "$folder/life.heard-SIGTERM"
