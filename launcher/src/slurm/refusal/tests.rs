//! What Slurm 22.05.8 said, word for word, to jobs that cannot be.

use super::*;

#[test]
fn what_sbatch_refuses_is_traced_to_a_key() {
    let failed = "Batch job submission failed: ";
    for (said, key) in [
        (
            "invalid partition specified: nope; Batch job submission failed: Invalid partition name specified",
            Some("partition"),
        ),
        (
            "Batch job submission failed: Invalid account or account/partition combination specified",
            Some("account"),
        ),
        (
            "Batch job submission failed: Invalid qos specification",
            Some("qos"),
        ),
        (
            "Batch job submission failed: Requested time limit is invalid (missing or exceeds some limit)",
            Some("time"),
        ),
        ("Invalid --time specification", Some("time")),
        (
            "Invalid generic resource (gres) specification",
            Some("gres"),
        ),
        (
            "CPU count per node can not be satisfied; Batch job submission failed: Requested node configuration is not available",
            Some("cpus_per_task"),
        ),
        (
            "Batch job submission failed: More processors requested than permitted",
            Some("cpus_per_task"),
        ),
        (
            "Memory specification can not be satisfied; Batch job submission failed: Requested node configuration is not available",
            Some("mem"),
        ),
        (
            "Batch job submission failed: Invalid job array specification",
            Some("nodes"),
        ),
        (
            "unrecognized option '--bogus'; Try \"sbatch --help\" for more information",
            Some("extra"),
        ),
        (
            "Batch job submission failed: Invalid feature specification",
            Some("extra"),
        ),
        (
            "Batch job submission failed: Requested reservation is invalid",
            Some("extra"),
        ),
        (
            "Batch job submission failed: Invalid node name specified",
            Some("extra"),
        ),
        (
            "Batch job submission failed: Required partition not available (inactive or drain)",
            Some("partition"),
        ),
        ("Batch job submission failed: Job dependency problem", None),
        (
            "Batch job submission failed: Job violates accounting/QOS policy (job submit limit, user's size and/or time limits)",
            None,
        ),
        (
            "Batch job submission failed: what nobody has thought of",
            None,
        ),
    ] {
        let (found, remedy) = of_words(said);
        assert_eq!(found, key, "{said}");
        assert!(!remedy.is_empty() && !remedy.contains(failed));
    }
}

#[test]
fn what_waits_for_ever_is_told_from_what_waits() {
    for (reason, key) in [
        ("PartitionTimeLimit", Some("time")),
        ("PartitionConfig", None),
        (
            "Job's account not known, so it can't use this partition (closed allows staff)",
            Some("account"),
        ),
        ("DependencyNeverSatisfied", None),
        ("QOSMaxWallDurationPerJobLimit", Some("time")),
        ("AssocMaxCpuPerJobLimit", Some("cpus_per_task")),
        ("QOSMaxGRESPerJob", Some("gres")),
    ] {
        assert_eq!(of_reason(reason).map(|(key, _)| key), Some(key), "{reason}");
    }
    for reason in [
        "Resources",
        "Priority",
        "BeginTime",
        "Dependency",
        "JobArrayTaskLimit",
        "PartitionDown",
        "QOSMaxCpuPerUserLimit",
        "AssocGrpCpuLimit",
        "ReqNodeNotAvail, UnavailableNodes:n0",
    ] {
        assert_eq!(of_reason(reason), None, "{reason}");
    }
}

const PARTITIONS: &str = "\
PartitionName=normal AllowGroups=ALL AllowAccounts=ALL AllowQos=ALL AllocNodes=ALL Default=YES QoS=N/A DefaultTime=NONE DisableRootJobs=NO ExclusiveUser=NO GraceTime=0 Hidden=NO MaxNodes=UNLIMITED MaxTime=UNLIMITED MinNodes=0 LLN=NO MaxCPUsPerNode=UNLIMITED Nodes=n[0-1] PriorityJobFactor=1 PriorityTier=10 RootOnly=NO ReqResv=NO OverSubscribe=NO OverTimeLimit=NONE PreemptMode=OFF State=UP TotalCPUs=4 TotalNodes=2 SelectTypeParameters=NONE JobDefaults=(null) DefMemPerNode=UNLIMITED MaxMemPerNode=UNLIMITED TRES=cpu=4,mem=2M,node=2,billing=4
PartitionName=short AllowGroups=ALL AllowAccounts=ALL AllowQos=ALL AllocNodes=ALL Default=NO QoS=N/A DefaultTime=NONE DisableRootJobs=NO ExclusiveUser=NO GraceTime=0 Hidden=NO MaxNodes=UNLIMITED MaxTime=00:01:00 MinNodes=0 LLN=NO MaxCPUsPerNode=UNLIMITED Nodes=n[0-1] PriorityJobFactor=1 PriorityTier=10 RootOnly=NO ReqResv=NO OverSubscribe=NO OverTimeLimit=NONE PreemptMode=OFF State=UP TotalCPUs=4 TotalNodes=2 SelectTypeParameters=NONE JobDefaults=(null) DefMemPerNode=UNLIMITED MaxMemPerNode=UNLIMITED TRES=cpu=4,mem=2M,node=2,billing=4

";

#[test]
fn a_partition_says_how_long_a_job_may_run() {
    let all = partitions(PARTITIONS);
    let names: Vec<_> = all
        .iter()
        .map(|one| (one.name.as_str(), one.default))
        .collect();
    assert_eq!(names, [("normal", true), ("short", false)]);
    let minute = TimeLimit::of_seconds(60);
    let longer = TimeLimit::of_seconds(61);
    assert_eq!(
        too_long(&all, Some("short"), longer),
        minute.map(|m| ("short".into(), m))
    );
    assert_eq!(too_long(&all, Some("short"), minute), None);
    assert_eq!(too_long(&all, Some("short"), None), None);
    // Of several, the one that allows most counts; without any, the site's.
    assert_eq!(too_long(&all, Some("short,normal"), longer), None);
    assert_eq!(too_long(&all, None, longer), None);
}
