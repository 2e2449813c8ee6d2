"""The slurm.conf of a test's Slurm: all in one folder, and nothing waits longer than it must."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from support.slurm_network import HEAD, Apart, Here

NORMAL = "normal"  # the default one
SPARE = "spare"  # jobs of `URGENT` take its nodes away: its jobs are requeued
URGENT = "urgent"
SHORT = "short"  # a job may take a minute
CLOSED = "closed"  # for the account `staff` alone
OFF = "off"  # nothing is started there


@dataclass(frozen=True)
class Options:
    """What a test may want otherwise. Seconds are whole."""

    # Cores of a node, whatever the machine has.
    cpus: int = 2
    # Between SIGTERM and SIGKILL.
    kill_wait: int = 2
    # Before a job that is preempted is ended.
    grace_time: int = 0
    # How long a job that has ended is known; Slurm has it two more seconds, or more.
    min_job_age: int = 300
    # After which a node that does not answer is down: it takes up to three times as long.
    slurmd_timeout: int = 300
    # How long daemons and commands try to reach one another: Slurm's own. Where slurmctld is down,
    # commands say so after about as long, or twice that.
    message_timeout: int = 10
    # A requeued job waits so long and a second more: as long as credentials live. Slurm's own is
    # 120; it takes less than 5 for a slip, and then 120.
    requeue_wait: int = 5
    # Whether a job that no node can ever run is refused, instead of waiting for ever (Slurm's own).
    enforce_limits: bool = False


def written(folder: Path, place: Here | Apart, user: str, options: Options) -> str:
    """The text of slurm.conf."""
    settings: Mapping[str, object] = {
        "ClusterName": "blendtorch",
        "SlurmctldHost": f"{place.names[HEAD]}({place.addresses[HEAD]})",
        "SlurmctldPort": place.ports[HEAD],
        "AuthType": "auth/munge",
        "AuthInfo": f"socket={folder}/munge/socket,cred_expire={options.requeue_wait}",
        "SlurmUser": user,
        "SlurmdUser": user,
        "StateSaveLocation": folder / "state",
        "SlurmdSpoolDir": folder / "spool" / "%n",
        "SlurmctldPidFile": folder / "slurmctld.pid",
        "SlurmdPidFile": folder / "%n.pid",
        "SlurmctldLogFile": folder / "log" / "slurmctld.log",
        "SlurmdLogFile": folder / "log" / "%n.log",
        "MailProg": "/bin/true",
        "MpiDefault": "none",
        "SwitchType": "switch/none",
        "ProctrackType": "proctrack/linuxproc",
        "TaskPlugin": "task/none",
        "SelectType": "select/cons_tres",
        "SelectTypeParameters": "CR_CPU",
        "SlurmdParameters": "config_overrides",
        "ReturnToService": 1,
        "JobRequeue": 1,
        "KillWait": options.kill_wait,
        "MinJobAge": options.min_job_age,
        "InactiveLimit": 0,
        "SlurmdTimeout": options.slurmd_timeout,
        "MessageTimeout": options.message_timeout,
        "EnforcePartLimits": "ALL" if options.enforce_limits else "NO",
        "SchedulerParameters": "batch_sched_delay=0,sched_interval=1,bf_interval=1",
        "PreemptType": "preempt/partition_prio",
        "PreemptMode": "REQUEUE",
    }
    lines = [f"{key}={value}" for key, value in settings.items()]
    lines += [
        f"NodeName={name} NodeHostname={place.names[name]} NodeAddr={place.addresses[name]} "
        f"Port={port} CPUs={options.cpus} State=UNKNOWN"
        for name, port in place.ports.items()
        if name != HEAD
    ]
    kept = "Nodes=ALL PriorityTier=10 PreemptMode=OFF"
    lines += [
        f"PartitionName={NORMAL} {kept} Default=YES",
        f"PartitionName={SPARE} Nodes=ALL PriorityTier=1 PreemptMode=REQUEUE "
        f"GraceTime={options.grace_time}",
        f"PartitionName={URGENT} Nodes=ALL PriorityTier=20 PreemptMode=OFF",
        f"PartitionName={SHORT} {kept} MaxTime=1",
        f"PartitionName={CLOSED} {kept} AllowAccounts=staff",
        f"PartitionName={OFF} {kept} State=DRAIN",
    ]
    return "\n".join(lines) + "\n"
