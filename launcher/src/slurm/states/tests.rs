//! What Slurm 22.05.8 said, word for word, of an array that was requeued and cancelled in part.

use super::*;

/// Of six elements, four at a time; the second has just been requeued.
const ARRAY: &str = "\
JobId=1 ArrayJobId=1 ArrayTaskId=4-5%4 ArrayTaskThrottle=4 JobName=sbatch UserId=root(0) GroupId=root(0) MCS_label=N/A Priority=4294901759 Nice=0 Account=(null) QOS=(null) JobState=PENDING Reason=JobArrayTaskLimit Dependency=(null) Requeue=1 Restarts=0 BatchFlag=1 Reboot=0 ExitCode=0:0 RunTime=00:00:00 TimeLimit=UNLIMITED TimeMin=N/A SubmitTime=2026-11-28T16:26:21 EligibleTime=Unknown AccrueTime=Unknown StartTime=Unknown EndTime=Unknown Deadline=N/A SuspendTime=None SecsPreSuspend=0 LastSchedEval=2026-11-28T16:26:21 Scheduler=Backfill:* Partition=normal AllocNode:Sid=localhost:24394 ReqNodeList=(null) ExcNodeList=(null) NodeList= NumNodes=1-1 NumCPUs=1 NumTasks=1 CPUs/Task=1 ReqB:S:C:T=0:0:*:* TRES=cpu=1,mem=1M,node=1,billing=1 Socks/Node=* NtasksPerN:B:S:C=0:0:*:* CoreSpec=* MinCPUsNode=1 MinMemoryNode=0 MinTmpDiskNode=0 Features=(null) DelayBoot=00:00:00 OverSubscribe=OK Contiguous=0 Licenses=(null) Network=(null) Command=(null) WorkDir=/home/me/work StdErr=/dev/null StdIn=/dev/null StdOut=/dev/null Power= 
JobId=4 ArrayJobId=1 ArrayTaskId=2 ArrayTaskThrottle=4 JobName=sbatch UserId=root(0) GroupId=root(0) MCS_label=N/A Priority=4294901759 Nice=0 Account=(null) QOS=(null) JobState=RUNNING Reason=None Dependency=(null) Requeue=1 Restarts=0 BatchFlag=1 Reboot=0 ExitCode=0:0 RunTime=00:00:01 TimeLimit=365-00:00:00 TimeMin=N/A SubmitTime=2026-11-28T16:26:21 EligibleTime=2026-11-28T16:26:21 AccrueTime=Unknown StartTime=2026-11-28T16:26:21 EndTime=2027-11-28T16:26:21 Deadline=N/A SuspendTime=None SecsPreSuspend=0 LastSchedEval=2026-11-28T16:26:21 Scheduler=Backfill Partition=normal AllocNode:Sid=localhost:24394 ReqNodeList=(null) ExcNodeList=(null) NodeList=n1 BatchHost=n1 NumNodes=1 NumCPUs=1 NumTasks=1 CPUs/Task=1 ReqB:S:C:T=0:0:*:* TRES=cpu=1,node=1,billing=1 Socks/Node=* NtasksPerN:B:S:C=0:0:*:* CoreSpec=* MinCPUsNode=1 MinMemoryNode=0 MinTmpDiskNode=0 Features=(null) DelayBoot=00:00:00 OverSubscribe=OK Contiguous=0 Licenses=(null) Network=(null) Command=(null) WorkDir=/home/me/work StdErr=/dev/null StdIn=/dev/null StdOut=/dev/null Power= 
JobId=3 ArrayJobId=1 ArrayTaskId=1 ArrayTaskThrottle=4 JobName=sbatch UserId=root(0) GroupId=root(0) MCS_label=N/A Priority=4294901759 Nice=0 Account=(null) QOS=(null) JobState=COMPLETING Reason=None Dependency=(null) Requeue=1 Restarts=1 BatchFlag=1 Reboot=0 ExitCode=0:0 RunTime=00:00:00 TimeLimit=UNLIMITED TimeMin=N/A SubmitTime=2026-11-28T16:26:21 EligibleTime=2026-11-28T16:26:21 AccrueTime=Unknown StartTime=2026-11-28T16:26:22 EndTime=Unknown Deadline=N/A SuspendTime=None SecsPreSuspend=0 LastSchedEval=2026-11-28T16:26:21 Scheduler=Backfill:* Partition=normal AllocNode:Sid=localhost:24394 ReqNodeList=(null) ExcNodeList=(null) NodeList=n0 BatchHost=n0 NumNodes=1 NumCPUs=1 NumTasks=1 CPUs/Task=1 ReqB:S:C:T=0:0:*:* TRES=cpu=1,node=1,billing=1 Socks/Node=* NtasksPerN:B:S:C=0:0:*:* CoreSpec=* MinCPUsNode=1 MinMemoryNode=0 MinTmpDiskNode=0 Features=(null) DelayBoot=00:00:00 OverSubscribe=OK Contiguous=0 Licenses=(null) Network=(null) Command=(null) WorkDir=/home/me/work StdErr=/dev/null StdIn=/dev/null StdOut=/dev/null Power= 
";

/// The second again, six seconds before it may start; the first was cancelled.
const LATER: &str = "\
JobId=3 ArrayJobId=1 ArrayTaskId=1 ArrayTaskThrottle=4 JobName=sbatch UserId=root(0) GroupId=root(0) MCS_label=N/A Priority=4294901759 Nice=0 Account=(null) QOS=(null) JobState=PENDING Reason=BeginTime Dependency=(null) Requeue=1 Restarts=1 BatchFlag=1 Reboot=0 ExitCode=0:0 RunTime=00:00:00 TimeLimit=UNLIMITED TimeMin=N/A SubmitTime=2026-11-28T16:26:22 EligibleTime=2026-11-28T16:26:28 AccrueTime=2026-11-28T16:26:28 StartTime=2026-11-28T16:26:28 EndTime=Unknown Deadline=N/A SuspendTime=None SecsPreSuspend=0 LastSchedEval=2026-11-28T16:26:21 Scheduler=Main Partition=normal AllocNode:Sid=localhost:24394 ReqNodeList=(null) ExcNodeList=(null) NodeList= NumNodes=1 NumCPUs=1 NumTasks=1 CPUs/Task=1 ReqB:S:C:T=0:0:*:* TRES=cpu=1,mem=1M,node=1,billing=1 Socks/Node=* NtasksPerN:B:S:C=0:0:*:* CoreSpec=* MinCPUsNode=1 MinMemoryNode=0 MinTmpDiskNode=0 Features=(null) DelayBoot=00:00:00 OverSubscribe=OK Contiguous=0 Licenses=(null) Network=(null) Command=(null) WorkDir=/home/me/work StdErr=/dev/null StdIn=/dev/null StdOut=/dev/null Power= 
JobId=2 ArrayJobId=1 ArrayTaskId=0 ArrayTaskThrottle=4 JobName=sbatch UserId=root(0) GroupId=root(0) MCS_label=N/A Priority=4294901759 Nice=0 Account=(null) QOS=(null) JobState=CANCELLED Reason=None Dependency=(null) Requeue=1 Restarts=0 BatchFlag=1 Reboot=0 ExitCode=0:15 RunTime=00:00:01 TimeLimit=365-00:00:00 TimeMin=N/A SubmitTime=2026-11-28T16:26:21 EligibleTime=2026-11-28T16:26:21 AccrueTime=Unknown StartTime=2026-11-28T16:26:21 EndTime=2026-11-28T16:26:22 Deadline=N/A SuspendTime=None SecsPreSuspend=0 LastSchedEval=2026-11-28T16:26:21 Scheduler=Backfill Partition=normal AllocNode:Sid=localhost:24394 ReqNodeList=(null) ExcNodeList=(null) NodeList=n0 BatchHost=n0 NumNodes=1 NumCPUs=1 NumTasks=1 CPUs/Task=1 ReqB:S:C:T=0:0:*:* TRES=cpu=1,node=1,billing=1 Socks/Node=* NtasksPerN:B:S:C=0:0:*:* CoreSpec=* MinCPUsNode=1 MinMemoryNode=0 MinTmpDiskNode=0 Features=(null) DelayBoot=00:00:00 OverSubscribe=OK Contiguous=0 Licenses=(null) Network=(null) Command=(null) WorkDir=/home/me/work StdErr=/dev/null StdIn=/dev/null StdOut=/dev/null Power= 
";

/// What it said of other jobs, shortened where that is alike.
const EXITED: &str = "JobId=7 JobName=sbatch UserId=root(0) GroupId=root(0) MCS_label=N/A Priority=4294901758 Nice=0 Account=(null) QOS=(null) JobState=FAILED Reason=NonZeroExitCode Dependency=(null) Requeue=1 Restarts=0 BatchFlag=1 Reboot=0 ExitCode=3:0 RunTime=00:00:01 NodeList=n0";
const KILLED: &str = "JobId=8 JobName=sbatch UserId=root(0) GroupId=root(0) MCS_label=N/A Priority=4294901757 Nice=0 Account=(null) QOS=(null) JobState=FAILED Reason=JobLaunchFailure Dependency=(null) Requeue=1 Restarts=0 BatchFlag=1 Reboot=0 ExitCode=0:9 RunTime=00:00:00 NodeList=n0";
const HELD: &str = "JobId=9 JobName=sbatch UserId=root(0) GroupId=root(0) MCS_label=N/A Priority=0 Nice=0 Account=(null) QOS=(null) JobState=PENDING Reason=job_requeued_in_held_state Dependency=(null) Requeue=1 Restarts=1 BatchFlag=1 Reboot=0 ExitCode=0:0 RunTime=00:00:00 NodeList=";
const OVER_TIME: &str = "JobId=46 JobName=sbatch JobState=TIMEOUT Reason=TimeLimit Dependency=(null) Requeue=1 Restarts=0 ExitCode=0:15 NodeList=n0";
const CHOSEN: &str = "JobId=1 JobName=sbatch JobState=RUNNING Reason=None Dependency=(null) Requeue=1 Restarts=0 ExitCode=0:0 StartTime=2026-11-28T16:45:47 EndTime=2026-11-28T16:45:53 Deadline=N/A PreemptEligibleTime=2026-11-28T16:45:47 PreemptTime=2026-11-28T16:45:49 SuspendTime=None NodeList=n0";
const NOT_CHOSEN: &str = "JobId=1 JobName=sbatch JobState=RUNNING Reason=None Dependency=(null) Requeue=1 Restarts=0 ExitCode=0:0 StartTime=2026-11-28T16:45:47 EndTime=Unknown Deadline=N/A PreemptEligibleTime=2026-11-28T16:45:47 PreemptTime=None SuspendTime=None NodeList=n0";
const NO_ACCOUNT: &str = "JobId=4 JobName=sbatch JobState=PENDING Reason=Job's_account_not_known,_so_it_can't_use_this_partition_(closed_allows_staff) Dependency=(null) Restarts=0 ExitCode=0:0 NodeList=(null)";

fn said(out: &str) -> Said {
    Said {
        well: true,
        out: out.into(),
        err: String::new(),
    }
}

fn one(line: &str) -> Element {
    known(&said(line)).unwrap().remove(&0).unwrap()
}

#[test]
fn elements_that_wait_together_are_told_apart() {
    let found = known(&said(ARRAY)).unwrap();
    let states: Vec<_> = found.values().map(|one| (one.index, one.state)).collect();
    assert_eq!(
        states,
        [
            (1, ElementState::Completing),
            (2, ElementState::Running),
            (4, ElementState::Pending),
            (5, ElementState::Pending),
        ]
    );
    assert_eq!(found[&2].node.as_deref(), Some("n1"));
    assert_eq!(found[&5].reason.as_deref(), Some("JobArrayTaskLimit"));
    assert_eq!((found[&1].restarts, &found[&1].reason), (1, &None));
}

#[test]
fn a_requeued_element_waits_again_and_its_last_node_is_known() {
    let mut seen = Seen::new();
    remember(&mut seen, known(&said(ARRAY)).unwrap());
    remember(&mut seen, known(&said(LATER)).unwrap());
    let element = &seen[&1];
    assert_eq!(
        (element.state, element.restarts),
        (ElementState::Requeued, 1)
    );
    assert_eq!(element.reason.as_deref(), Some("BeginTime"));
    assert_eq!(element.node.as_deref(), Some("n0"));
    assert_eq!(seen[&0].state, ElementState::Cancelled);
    assert_eq!((seen[&0].exit, seen[&0].signal), (None, Some(15)));
}

#[test]
fn what_slurm_has_forgotten_is_as_it_was_seen_last() {
    let mut seen = Seen::new();
    remember(&mut seen, known(&said(LATER)).unwrap());
    let forgotten = Said {
        well: false,
        out: String::new(),
        err: "slurm_load_jobs error: Invalid job id specified\n".into(),
    };
    remember(&mut seen, known(&forgotten).unwrap());
    assert_eq!(seen[&0].state, ElementState::Cancelled);
    assert_eq!(seen[&1].state, ElementState::Forgotten);
    assert!(seen.values().all(|one| one.state.is_over()));
}

#[test]
fn ends_say_how() {
    let exited = one(EXITED);
    assert_eq!(
        (exited.state, exited.exit, exited.signal),
        (ElementState::Failed, Some(3), None)
    );
    // Slurm's word for it is a failure to launch, whatever had begun.
    let killed = one(KILLED);
    assert_eq!(
        (killed.state, killed.exit, killed.signal),
        (ElementState::Failed, None, Some(9))
    );
    assert_eq!(one(OVER_TIME).state, ElementState::TimedOut);
    let held = one(HELD);
    assert_eq!((held.state, held.exit), (ElementState::Held, None));
}

#[test]
fn one_that_is_to_make_room_is_known_before_it_is_told() {
    assert!(one(CHOSEN).preempting && !one(NOT_CHOSEN).preempting && !one(HELD).preempting);
    assert_eq!(one(CHOSEN).state, ElementState::Running);
}

#[test]
fn a_sentence_for_a_reason_is_read() {
    let reason = one(NO_ACCOUNT).reason.unwrap();
    assert_eq!(
        reason,
        "Job's account not known, so it can't use this partition (closed allows staff)"
    );
    assert_eq!(one(NO_ACCOUNT).node, None);
}

#[test]
fn lists_of_indices_are_read() {
    assert_eq!(indices("3"), Some(vec![3]));
    assert_eq!(indices("0-2,7%4"), Some(vec![0, 1, 2, 7]));
    assert_eq!(indices("10-20:5"), Some(vec![10, 15, 20]));
    for list in ["", "a", "1-", "0-4:0", "0-99999999999", "0-99999999"] {
        assert_eq!(indices(list), None, "{list}");
    }
}

#[test]
fn other_words_are_an_error_that_shows_them() {
    for out in [
        "JobState=RUNNING",
        "JobState=DREAMING Restarts=0",
        "ArrayTaskId=x JobState=RUNNING Restarts=0",
    ] {
        let error = known(&said(out)).unwrap_err();
        assert!(error.to_string().contains(out), "{error}");
    }
    let refused = Said {
        well: false,
        out: String::new(),
        err: "slurm_load_jobs error: Access/permission denied\n".into(),
    };
    assert!(
        known(&refused)
            .unwrap_err()
            .to_string()
            .contains("permission denied")
    );
}
