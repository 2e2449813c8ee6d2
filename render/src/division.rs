//! Who renders which frame next.
//!
//! Owns the frames that wait, those in flight, and what each has cost: given out as workers ask, in
//! runs that shrink towards the end, at last to several workers at a time. It knows neither process nor
//! clock: it is told what happened.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

/// A run is about this many seconds of work: what a call costs is nothing beside it, and what a worker
/// holds that another one could do is little.
const RUN_SECONDS: f64 = 1.0;
/// No run is longer.
const LONGEST_RUN: usize = 64;
/// A frame that ends so many Blenders, or raises so often, is set aside.
const STRIKES: u32 = 2;

/// The frame numbers that one job renders, and where each is.
#[derive(Debug)]
pub(crate) struct Division {
    /// One queue for all, or one for each worker where frames follow from one another.
    queues: Vec<VecDeque<i64>>,
    sequential: bool,
    /// Who has each frame that is in flight, the first first.
    given: BTreeMap<i64, Vec<usize>>,
    /// Frames in flight in the order in which they were given out.
    order: VecDeque<i64>,
    strikes: HashMap<i64, u32>,
    /// What each worker renders now.
    at: HashMap<usize, i64>,
    /// Workers that will not come back.
    gone: BTreeSet<usize>,
    /// Their numbers in the fleet, of which only some may take part.
    workers: Vec<usize>,
    /// No more are given out; these are left.
    closed: Option<BTreeSet<i64>>,
}

/// What a worker that asks gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Given {
    /// These frames, in this order.
    Run(Vec<i64>),
    /// Nothing now; perhaps later, if a frame comes back.
    Nothing,
    /// All frames are done or set aside.
    Over,
}

/// What becomes of a frame that did not succeed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is tried again.
    Again,
    /// It is set aside.
    Aside,
    /// It is done already, by another worker.
    Done,
}

impl Division {
    /// These frames over these workers.
    pub(crate) fn new(frames: &[i64], workers: &[usize], sequential: bool) -> Self {
        let parts = workers.len().max(1);
        let queues = match sequential {
            false => vec![frames.iter().copied().collect()],
            true => {
                // Contiguous parts, whose lengths differ by one at most.
                let (each, more) = (frames.len() / parts, frames.len() % parts);
                let mut frames = frames.to_vec();
                frames.sort_unstable();
                let mut rest = &frames[..];
                let part = |worker| {
                    let (own, others) = rest.split_at(each + usize::from(worker < more));
                    rest = others;
                    own.iter().copied().collect()
                };
                (0..parts).map(part).collect()
            }
        };
        Self {
            queues,
            sequential,
            given: BTreeMap::new(),
            order: VecDeque::new(),
            strikes: HashMap::new(),
            at: HashMap::new(),
            gone: BTreeSet::new(),
            workers: workers.to_vec(),
            closed: None,
        }
    }

    /// No more frames are given out: it is over when those in flight are done, or given back.
    pub(crate) fn close(&mut self) {
        let waiting = self.queues.iter_mut().flat_map(|queue| queue.drain(..));
        self.closed.get_or_insert_default().extend(waiting);
    }

    /// What `worker` does next, where a frame has taken about so many seconds.
    pub(crate) fn take(&mut self, worker: usize, seconds: Option<f64>) -> Given {
        if self.is_over() {
            return Given::Over;
        }
        if self.closed.is_some() {
            return Given::Nothing;
        }
        if let Some(queue) = self.queue_of(worker) {
            let shared = match self.sequential {
                true => 1,
                false => 2 * self.workers.len().max(1),
            };
            let queue = &mut self.queues[queue];
            // One at a time until it is known how long one takes.
            let pays = seconds.map_or(1.0, |each| RUN_SECONDS / each.max(1e-6));
            let most = (pays as usize).clamp(1, LONGEST_RUN);
            let length = queue.len().div_ceil(shared).min(most);
            let run: Vec<_> = queue.drain(..length).collect();
            for &frame in &run {
                self.given.entry(frame).or_default().push(worker);
                self.order.push_back(frame);
            }
            return Given::Run(run);
        }
        if self.sequential {
            return Given::Nothing;
        }
        // The one that has been in flight for the longest, unless two have it already.
        let alone = |frame: &&i64| {
            let who = &self.given[*frame];
            who.len() == 1 && who[0] != worker
        };
        match self.order.iter().find(alone).copied() {
            Some(frame) => {
                self.given.entry(frame).or_default().push(worker);
                Given::Run(vec![frame])
            }
            None => Given::Nothing,
        }
    }

    /// The queue that a worker takes from: its own, or that of one that is gone.
    fn queue_of(&self, worker: usize) -> Option<usize> {
        let own = self.home(worker);
        let theirs = self.gone.iter().map(|gone| self.home(*gone));
        std::iter::once(own)
            .chain(theirs)
            .find(|queue| !self.queues[*queue].is_empty())
    }

    /// The queue that is a worker's.
    fn home(&self, worker: usize) -> usize {
        let place = self.workers.iter().position(|one| *one == worker);
        place.filter(|_| self.sequential).unwrap_or_default()
    }

    /// A worker begins with a frame.
    pub(crate) fn began(&mut self, worker: usize, frame: i64) {
        self.at.insert(worker, frame);
    }

    /// A frame's files are written; whether it is the first time.
    pub(crate) fn done(&mut self, worker: usize, frame: i64) -> bool {
        self.at.retain(|who, what| *who != worker || *what != frame);
        // One in flight waits nowhere: queues are long.
        self.land(frame) || self.unqueue(frame)
    }

    /// A frame did not succeed in this worker, which goes on.
    pub(crate) fn failed(&mut self, worker: usize, frame: i64) -> Verdict {
        self.at.retain(|who, what| *who != worker || *what != frame);
        self.strike(frame, worker)
    }

    /// A worker gives frames back that it has not rendered, in their order.
    pub(crate) fn returned(&mut self, worker: usize, frames: &[i64]) {
        for &frame in frames.iter().rev() {
            self.give_back(frame, worker);
        }
    }

    /// A worker's life is over: the frame that it was at, with what becomes of it. All others that it
    /// had wait again.
    pub(crate) fn lost(&mut self, worker: usize) -> Option<(i64, Verdict)> {
        let at = self.at.remove(&worker);
        let blamed = at.map(|frame| (frame, self.strike(frame, worker)));
        let had: Vec<_> = self
            .given
            .iter()
            .filter(|(_, who)| who.contains(&worker))
            .map(|(frame, _)| *frame)
            .collect();
        self.returned(worker, &had);
        blamed.filter(|(_, verdict)| *verdict != Verdict::Done)
    }

    /// A worker's machine was taken away: all that it had waits again, and no frame is blamed.
    pub(crate) fn taken(&mut self, worker: usize) {
        self.at.remove(&worker);
        let had: Vec<_> = self
            .given
            .iter()
            .filter(|(_, who)| who.contains(&worker))
            .map(|(frame, _)| *frame)
            .collect();
        self.returned(worker, &had);
    }

    /// A worker will not come back: others do what was its own.
    pub(crate) fn leaves(&mut self, worker: usize) {
        self.gone.insert(worker);
    }

    /// Frames that a worker has and nobody else.
    pub(crate) fn held_by(&self, worker: usize) -> Vec<i64> {
        let alone = |who: &[usize]| who == [worker];
        let held = self.given.iter().filter(|(_, who)| alone(who));
        held.map(|(frame, _)| *frame).collect()
    }

    /// Whether a frame is neither done nor set aside.
    pub(crate) fn has(&self, frame: i64) -> bool {
        let closed = self
            .closed
            .as_ref()
            .is_some_and(|closed| closed.contains(&frame));
        closed
            || self.given.contains_key(&frame)
            || self.queues.iter().any(|queue| queue.contains(&frame))
    }

    /// Frames that are neither done nor set aside.
    pub(crate) fn left(&self) -> Vec<i64> {
        let queued = self.queues.iter().flatten().copied();
        let closed = self.closed.iter().flatten().copied();
        let all: BTreeSet<_> = queued
            .chain(closed)
            .chain(self.given.keys().copied())
            .collect();
        all.into_iter().collect()
    }

    /// Whether all are.
    pub(crate) fn is_over(&self) -> bool {
        self.given.is_empty() && self.queues.iter().all(VecDeque::is_empty)
    }

    fn strike(&mut self, frame: i64, worker: usize) -> Verdict {
        if !self.given.contains_key(&frame) {
            return Verdict::Done;
        }
        let strikes = self.strikes.entry(frame).or_default();
        *strikes += 1;
        if *strikes >= STRIKES {
            self.land(frame);
            return Verdict::Aside;
        }
        self.give_back(frame, worker);
        Verdict::Again
    }

    /// A frame that a worker had is rendered by another one, or later by the same.
    fn give_back(&mut self, frame: i64, worker: usize) {
        let Some(who) = self.given.get_mut(&frame) else {
            return;
        };
        who.retain(|one| *one != worker);
        if !who.is_empty() {
            return;
        }
        self.land(frame);
        if let Some(closed) = &mut self.closed {
            closed.insert(frame);
            return;
        }
        let home = self.home(worker);
        let queue = &mut self.queues[home];
        match (self.sequential, self.strikes.contains_key(&frame)) {
            (true, _) => {
                let at = queue.partition_point(|one| *one < frame);
                queue.insert(at, frame);
            }
            // What ended a Blender comes last: the rest is done first.
            (false, true) => queue.push_back(frame),
            (false, false) => queue.push_front(frame),
        }
    }

    fn land(&mut self, frame: i64) -> bool {
        let flew = self.given.remove(&frame).is_some();
        if flew {
            self.order.retain(|one| *one != frame);
        }
        flew
    }

    fn unqueue(&mut self, frame: i64) -> bool {
        let mut found = self
            .closed
            .as_mut()
            .is_some_and(|closed| closed.remove(&frame));
        for queue in &mut self.queues {
            let before = queue.len();
            queue.retain(|one| *one != frame);
            found |= queue.len() < before;
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn run(division: &mut Division, worker: usize) -> Vec<i64> {
        match division.take(worker, Some(0.01)) {
            Given::Run(frames) => frames,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn runs_shrink_towards_the_end() {
        let frames: Vec<_> = (0..64).collect();
        let mut division = Division::new(&frames, &[0, 1], false);
        let lengths: Vec<_> = (0..8).map(|i| run(&mut division, i % 2).len()).collect();
        assert_eq!(lengths, [16, 12, 9, 7, 5, 4, 3, 2]);
    }

    #[test]
    fn long_frames_are_given_out_one_by_one() {
        let frames: Vec<_> = (0..64).collect();
        let mut division = Division::new(&frames, &[0, 1], false);
        assert_eq!(division.take(0, Some(0.9)), Given::Run(vec![0]));
        assert_eq!(division.take(0, None), Given::Run(vec![1]));
        assert_eq!(division.take(0, Some(0.4)), Given::Run(vec![2, 3]));
    }

    #[test]
    fn the_last_frames_go_to_idle_workers_too_and_the_first_result_wins() {
        let mut division = Division::new(&[1, 2], &[0, 1, 2], false);
        assert_eq!(run(&mut division, 0), [1]);
        assert_eq!(run(&mut division, 1), [2]);
        assert_eq!(run(&mut division, 2), [1], "the oldest");
        assert!(division.done(1, 2));
        assert_eq!(
            division.take(1, None),
            Given::Nothing,
            "two have it already"
        );
        assert!(division.done(2, 1));
        assert!(!division.done(0, 1), "the other one's comes second");
        assert_eq!(division.take(0, None), Given::Over);
    }

    #[test]
    fn a_frame_that_ends_its_blender_twice_is_set_aside_and_the_rest_goes_on() {
        let mut division = Division::new(&[1, 2, 3], &[0], false);
        assert_eq!(division.take(0, None), Given::Run(vec![1]));
        division.began(0, 1);
        assert_eq!(division.lost(0), Some((1, Verdict::Again)));
        assert_eq!(division.take(0, None), Given::Run(vec![2]), "it comes last");
        assert!(division.done(0, 2));
        assert_eq!(division.take(0, None), Given::Run(vec![3]));
        assert!(division.done(0, 3));
        assert_eq!(division.take(0, None), Given::Run(vec![1]));
        division.began(0, 1);
        assert_eq!(division.lost(0), Some((1, Verdict::Aside)));
        assert_eq!(division.take(0, None), Given::Over);
    }

    #[test]
    fn only_the_frame_that_was_rendered_is_blamed() {
        let frames: Vec<_> = (0..8).collect();
        let mut division = Division::new(&frames, &[0], false);
        let given = run(&mut division, 0);
        assert_eq!(given, [0, 1, 2, 3]);
        division.began(0, 0);
        division.began(0, 1);
        assert!(division.done(0, 0));
        assert_eq!(division.lost(0), Some((1, Verdict::Again)));
        assert_eq!(division.take(0, None), Given::Run(vec![2]));
        assert_eq!(division.left(), [1, 2, 3, 4, 5, 6, 7]);
    }

    #[test]
    fn what_is_written_while_its_worker_dies_is_done() {
        let mut division = Division::new(&[1, 2], &[0], false);
        assert_eq!(division.take(0, None), Given::Run(vec![1]));
        division.began(0, 1);
        assert_eq!(division.lost(0), Some((1, Verdict::Again)));
        assert!(division.done(0, 1), "its last word came after its end");
        assert_eq!(division.left(), [2]);
    }

    #[test]
    fn what_is_closed_ends_with_what_is_in_flight() {
        let frames: Vec<_> = (0..8).collect();
        let mut division = Division::new(&frames, &[0, 1, 2], false);
        assert_eq!(division.take(0, None), Given::Run(vec![0]));
        assert_eq!(division.take(1, None), Given::Run(vec![1]));
        assert_eq!(division.take(2, None), Given::Run(vec![2]));
        division.close();
        assert!(division.done(0, 0));
        assert_eq!(division.take(0, None), Given::Nothing, "no copy either");
        assert_eq!(division.failed(1, 1), Verdict::Again, "by another run");
        assert!(!division.is_over());
        assert!(division.done(2, 2));
        assert_eq!(division.take(0, None), Given::Over);
        assert_eq!(division.left(), [1, 3, 4, 5, 6, 7]);
    }

    #[test]
    fn workers_of_a_part_of_the_fleet_have_each_a_part() {
        let frames: Vec<_> = (0..4).collect();
        let mut division = Division::new(&frames, &[0, 2], true);
        assert_eq!(run(&mut division, 2), [2, 3]);
        assert_eq!(run(&mut division, 0), [0, 1]);
    }

    #[test]
    fn frames_that_follow_from_one_another_are_contiguous() {
        let frames: Vec<_> = (0..10).collect();
        let mut division = Division::new(&frames, &[0, 1, 2], true);
        assert_eq!(run(&mut division, 1), [4, 5, 6]);
        assert_eq!(division.take(1, None), Given::Nothing, "no copies");
        assert_eq!(run(&mut division, 0), [0, 1, 2, 3]);
        division.began(0, 0);
        assert_eq!(division.lost(0), Some((0, Verdict::Again)));
        assert_eq!(run(&mut division, 0), [0, 1, 2, 3], "in their order again");
        division.leaves(2);
        assert_eq!(run(&mut division, 1), [7, 8, 9], "of one that is gone");
    }

    proptest! {
        /// Whatever workers do, each frame comes to exactly one end, and none is forgotten.
        #[test]
        fn every_frame_comes_to_one_end(
            frames in 1_i64..40,
            workers in 1_usize..5,
            sequential: bool,
            acts in proptest::collection::vec((0_usize..5, 0_u8..8), 0..200),
        ) {
            let all: Vec<_> = (0..frames).collect();
            let numbers: Vec<_> = (0..workers).collect();
            let mut division = Division::new(&all, &numbers, sequential);
            let mut held: HashMap<usize, VecDeque<i64>> = HashMap::new();
            let mut ended = BTreeSet::new();
            let mut act = |division: &mut Division, held: &mut HashMap<usize, VecDeque<i64>>, worker: usize, what: u8| {
                let own = held.entry(worker).or_default();
                match (what, own.pop_front()) {
                    (_, None) => {
                        if let Given::Run(run) = division.take(worker, Some(0.2)) {
                            own.extend(run);
                        }
                    }
                    (0, Some(frame)) => {
                        division.began(worker, frame);
                        own.clear();
                        if let Some((frame, Verdict::Aside)) = division.lost(worker) {
                            assert!(ended.insert(frame), "{frame} twice");
                        }
                    }
                    (1, Some(frame)) => {
                        if division.failed(worker, frame) == Verdict::Aside {
                            assert!(ended.insert(frame), "{frame} twice");
                        }
                    }
                    (2, Some(frame)) => {
                        own.push_front(frame);
                        let back: Vec<_> = own.drain(..).collect();
                        division.returned(worker, &back);
                    }
                    (_, Some(frame)) => {
                        division.began(worker, frame);
                        if division.done(worker, frame) {
                            assert!(ended.insert(frame), "{frame} twice");
                        }
                    }
                }
            };
            for (worker, what) in acts {
                act(&mut division, &mut held, worker % workers, what);
            }
            for turn in 0..10_000 {
                if division.is_over() {
                    break;
                }
                act(&mut division, &mut held, turn % workers, 7);
            }
            prop_assert!(division.is_over(), "{division:?}");
            prop_assert_eq!(ended.into_iter().collect::<Vec<_>>(), all);
        }
    }
}
