//! Whether an instance that has ended is started again, and when.
//!
//! Owns the rule and what it remembers of an instance's ends. It must never touch a process or a
//! clock: it is told what happened, and when.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::Restart;
use crate::board::InstanceState;

/// The first delay, and the longest it grows to.
const FIRST_DELAY: Duration = Duration::from_millis(500);
const LONGEST_DELAY: Duration = Duration::from_secs(30);
/// The longest of an instance that is never given up.
const SHORT_DELAY: Duration = Duration::from_secs(4);
/// More ends than this, within so long, without anything delivered: it has failed.
const MOST_ENDS: usize = 5;
const WITHIN: Duration = Duration::from_secs(60);
/// So many lives one after another that delivered nothing, however long they lasted.
const MOST_FRUITLESS: usize = 10;

/// How a life ended.
#[derive(Debug, Clone)]
pub(super) struct End {
    pub(super) state: InstanceState,
    /// The fleet was asked to end.
    pub(super) stopped: bool,
    /// Why the fleet ended this life: a hang, too much memory.
    pub(super) cause: Option<String>,
    /// It had delivered something.
    pub(super) delivered: bool,
}

/// What follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Next {
    /// It stays ended.
    Stays,
    /// It is started again after this delay.
    Again(Duration),
    /// It would be, but has failed too often.
    GivesUp(String),
}

/// The rule for one instance.
#[derive(Debug)]
pub(super) struct Policy {
    restart: Restart,
    delay: Duration,
    ends: VecDeque<Instant>,
    fruitless: usize,
    gives_up: bool,
}

impl Policy {
    pub(super) fn new(restart: Restart, gives_up: bool) -> Self {
        Self {
            restart,
            delay: FIRST_DELAY,
            ends: VecDeque::new(),
            fruitless: 0,
            gives_up,
        }
    }

    /// What follows an end that was at `now`.
    pub(super) fn after(&mut self, end: &End, now: Instant) -> Next {
        if end.stopped || self.restart < least(end) {
            return Next::Stays;
        }
        if end.delivered {
            self.ends.clear();
            self.delay = FIRST_DELAY;
            self.fruitless = 0;
        }
        if !self.gives_up {
            let delay = self.delay;
            self.delay = (delay * 2).min(SHORT_DELAY);
            return Next::Again(delay);
        }
        self.fruitless += usize::from(!end.delivered);
        self.ends.push_back(now);
        self.ends
            .retain(|at| now.saturating_duration_since(*at) < WITHIN);
        if self.ends.len() > MOST_ENDS {
            return Next::GivesUp(format!(
                "it ended {} times within {} s without having delivered anything, and is not started \
                 again",
                self.ends.len(),
                WITHIN.as_secs()
            ));
        }
        if self.fruitless >= MOST_FRUITLESS {
            return Next::GivesUp(format!(
                "{MOST_FRUITLESS} lives one after another have delivered nothing, and it is not started \
                 again"
            ));
        }
        let delay = self.delay;
        self.delay = (delay * 2).min(LONGEST_DELAY);
        Next::Again(delay)
    }
}

/// The least policy that starts an instance again after this end.
fn least(end: &End) -> Restart {
    match (&end.cause, end.state) {
        (Some(_), _) | (None, InstanceState::Signaled(_)) => Restart::OnAbnormal,
        (None, InstanceState::Exited(0)) => Restart::Always,
        (None, InstanceState::Exited(_) | InstanceState::Running | InstanceState::Waiting) => {
            Restart::OnFailure
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end(state: InstanceState) -> End {
        End {
            state,
            stopped: false,
            cause: None,
            delivered: false,
        }
    }

    #[test]
    fn policies_differ_in_what_they_take_for_a_reason() {
        use InstanceState::{Exited, Signaled};
        let hang = End {
            cause: Some("hang".into()),
            ..end(Exited(0))
        };
        let ends = [end(Signaled(9)), hang, end(Exited(1)), end(Exited(0))];
        for (restart, again) in [
            (Restart::Never, [false, false, false, false]),
            (Restart::OnAbnormal, [true, true, false, false]),
            (Restart::OnFailure, [true, true, true, false]),
            (Restart::Always, [true, true, true, true]),
        ] {
            let started = ends.each_ref().map(|end| {
                matches!(
                    Policy::new(restart, true).after(end, Instant::now()),
                    Next::Again(_)
                )
            });
            assert_eq!(started, again, "{restart}");
        }
        let stopped = End {
            stopped: true,
            ..end(Signaled(15))
        };
        assert_eq!(
            Policy::new(Restart::Always, true).after(&stopped, Instant::now()),
            Next::Stays
        );
    }

    #[test]
    fn delays_double_and_too_many_ends_are_a_failure() {
        let mut policy = Policy::new(Restart::OnAbnormal, true);
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let killed = end(InstanceState::Signaled(9));
        let delays: Vec<_> = (0..5)
            .map(|n| match policy.after(&killed, at(n)) {
                Next::Again(delay) => delay.as_millis(),
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(delays, [500, 1000, 2000, 4000, 8000]);
        let Next::GivesUp(why) = policy.after(&killed, at(5)) else {
            panic!("it goes on");
        };
        assert!(why.contains("6 times within 60 s"), "{why}");
    }

    #[test]
    fn ends_that_lie_apart_are_forgotten_and_delays_have_an_end() {
        let mut policy = Policy::new(Restart::OnAbnormal, true);
        let start = Instant::now();
        let killed = end(InstanceState::Signaled(9));
        let delays: Vec<_> = (0..10)
            .map(|n| policy.after(&killed, start + Duration::from_secs(20 * n)))
            .collect();
        assert_eq!(delays[8], Next::Again(LONGEST_DELAY));
        assert!(matches!(&delays[9], Next::GivesUp(why) if why.contains("delivered nothing")));
    }

    #[test]
    fn what_was_delivered_sets_delay_and_count_back() {
        let mut policy = Policy::new(Restart::OnAbnormal, true);
        let now = Instant::now();
        let delivered = End {
            delivered: true,
            ..end(InstanceState::Signaled(9))
        };
        for _ in 0..4 {
            policy.after(&end(InstanceState::Signaled(9)), now);
        }
        for _ in 0..20 {
            assert_eq!(policy.after(&delivered, now), Next::Again(FIRST_DELAY));
        }
    }

    #[test]
    fn an_instance_that_is_never_given_up_is_started_again_soon() {
        let mut policy = Policy::new(Restart::Always, false);
        let now = Instant::now();
        let killed = end(InstanceState::Signaled(9));
        let delays: Vec<_> = (0..40).map(|_| policy.after(&killed, now)).collect();
        assert_eq!(delays[0], Next::Again(FIRST_DELAY));
        assert_eq!(delays[39], Next::Again(SHORT_DELAY));
    }
}
