//! What follows from how an element of a job stands.
//!
//! Owns the rule. It must never ask Slurm.

use crate::slurm::{Element, ElementState, JobId};

/// The exit code of a host that was asked to go by SIGTERM, and went.
const WENT: i32 = 143;

/// What follows when a host's element has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// It comes, or is there.
    Comes,
    /// Its host is gone, and Slurm starts it again.
    Returns,
    /// Its host is gone, and another element is asked for.
    Replaced,
    /// Its host is gone for good.
    Gone,
}

/// What follows from a state; `was` is the one that was seen before.
pub(super) fn next(element: &Element, was: Option<ElementState>, came: bool) -> Next {
    use ElementState as State;
    match element.state {
        State::Requeued if was != Some(State::Requeued) => Next::Returns,
        State::Pending
        | State::Requeued
        | State::Held
        | State::Configuring
        | State::Running
        | State::Suspended
        | State::Completing => Next::Comes,
        // Who cancels means it.
        State::Cancelled | State::Completed => Next::Gone,
        // Its time was up, or it was the node's, the network's or the machine's doing; of one that never reached the head the next
        // would not either.
        _ if came => Next::Replaced,
        _ => Next::Gone,
    }
}

/// For people.
pub(super) fn told(job: JobId, element: &Element, next: Next) -> String {
    let mut text = format!("element {} of job {job}", element.index);
    if let Some(node) = &element.node {
        text += &format!(" (node {node})");
    }
    text += " ";
    text += &match (element.state, element.exit, element.signal) {
        (ElementState::Requeued, ..) => "lost its node, or had to make room for others".to_owned(),
        (ElementState::Failed, Some(WENT), _) => "was asked to go, as before its time limit".into(),
        (ElementState::Failed, _, Some(signal)) => format!("was ended by signal {signal}"),
        (ElementState::Failed, Some(code), _) => format!("ended with exit code {code}"),
        (state, ..) => state.to_string(),
    };
    text += match next {
        Next::Comes => "",
        Next::Returns => "; Slurm starts it again, which may take two minutes and more",
        Next::Replaced => "; another one is asked for",
        Next::Gone => "; it does not come back",
    };
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn element(state: ElementState, exit: Option<i32>) -> Element {
        Element {
            index: 0,
            state,
            node: Some("n0".into()),
            reason: None,
            restarts: 0,
            preempting: false,
            exit,
            signal: None,
        }
    }

    #[test]
    fn what_is_lost_is_replaced_and_what_somebody_ended_is_not() {
        use ElementState as State;
        for (state, exit, came, follows) in [
            (State::Running, None, true, Next::Comes),
            (State::Pending, None, false, Next::Comes),
            (State::Requeued, None, true, Next::Returns),
            (State::TimedOut, None, true, Next::Replaced),
            (State::TimedOut, None, false, Next::Gone),
            // Asked to go before its limit; its head was cut off.
            (State::Failed, Some(WENT), true, Next::Replaced),
            (State::Failed, Some(1), true, Next::Replaced),
            (State::NodeFailed, None, true, Next::Replaced),
            (State::Failed, Some(1), false, Next::Gone),
            (State::Cancelled, None, true, Next::Gone),
            (State::Completed, Some(0), true, Next::Gone),
        ] {
            let one = element(state, exit);
            assert_eq!(
                next(&one, Some(State::Running), came),
                follows,
                "{state} {exit:?} {came}"
            );
            let told = told(JobId(12), &one, follows);
            assert!(told.starts_with("element 0 of job 12 (node n0) "), "{told}");
        }
        let again = element(State::Requeued, None);
        assert_eq!(next(&again, Some(State::Requeued), true), Next::Comes);
    }
}
