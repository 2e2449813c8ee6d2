//! Which host gets which instances.
//!
//! Owns what waits for a host, and where each instance goes on. It must never give an instance to two.

use std::collections::BTreeSet;

use blendtorch_channels::control::Resume;

use super::words::Beginning;

/// What waits for a host.
#[derive(Debug)]
pub(super) struct Waiting {
    waiting: BTreeSet<usize>,
    /// The latest life of each.
    lives: Vec<u64>,
    resumes: Vec<Resume>,
    /// At most so many on a host.
    each: usize,
}

impl Waiting {
    pub(super) fn new(instances: usize, each: usize) -> Self {
        Self {
            waiting: (0..instances).collect(),
            lives: vec![0; instances],
            resumes: vec![Resume::default(); instances],
            each: each.max(1),
        }
    }

    /// For a host that has come, or has nothing: the first ones that wait.
    pub(super) fn take(&mut self) -> Vec<Beginning> {
        let taken: Vec<_> = self.waiting.iter().copied().take(self.each).collect();
        for index in &taken {
            self.waiting.remove(index);
        }
        let mut begin = |index: usize| {
            // Counted when it is given: a host may be gone before it has said that it began.
            self.lives[index] = self.lives[index].saturating_add(1);
            Beginning {
                index,
                life: self.lives[index],
                resume: self.resumes[index],
            }
        };
        taken.into_iter().map(&mut begin).collect()
    }

    /// Its host has it no more.
    pub(super) fn put_back(&mut self, index: usize) {
        if index < self.lives.len() {
            self.waiting.insert(index);
        }
    }

    /// What is known of where an instance is, and where its next life would go on.
    pub(super) fn is_at(&mut self, index: usize, life: u64, resume: Option<Resume>) {
        if let Some(at) = self.lives.get_mut(index) {
            *at = life.max(*at);
        }
        if let (Some(at), Some(resume)) = (self.resumes.get_mut(index), resume) {
            *at = resume;
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    pub(super) fn all(&self) -> Vec<usize> {
        self.waiting.iter().copied().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_get_the_first_ones_and_what_was_lost_goes_on() {
        let mut waiting = Waiting::new(5, 2);
        let indices = |taken: Vec<Beginning>| taken.iter().map(|one| one.index).collect::<Vec<_>>();
        assert_eq!(indices(waiting.take()), [0, 1]);
        assert_eq!(indices(waiting.take()), [2, 3]);
        assert_eq!(indices(waiting.take()), [4]);
        assert!(waiting.is_empty() && waiting.take().is_empty());
        let resume = Resume {
            next_episode: 7,
            ..Resume::default()
        };
        waiting.is_at(1, 3, Some(resume));
        waiting.is_at(1, 2, None);
        waiting.put_back(1);
        waiting.put_back(1);
        waiting.put_back(9);
        let taken = waiting.take();
        assert_eq!(taken.len(), 1);
        assert_eq!(
            (taken[0].index, taken[0].life, taken[0].resume),
            (1, 4, resume)
        );
    }
}
