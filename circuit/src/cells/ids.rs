//! Which cell has which id.
//!
//! Owns ids as runs, `start, count`, so that a million cells in a row are one entry, and what a file
//! claims costs nothing before it is believed. Never holds a list of ids.

/// The ids of a population's cells, by index.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CellIds {
    /// In the order of the cells.
    runs: Vec<Run>,
    /// The places in `runs`, by first id.
    by_id: Vec<u32>,
    len: u64,
}

/// Cells one after another whose ids are too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Run {
    /// The id of the first.
    first: i64,
    count: u64,
    /// The index of the first.
    at: u64,
}

impl CellIds {
    /// Ids from 0.
    pub fn counted(count: u64) -> Self {
        // One run that begins at 0 overlaps with nothing; i64 holds every length of a vector.
        Self::of_runs([(0, count)]).unwrap_or_default()
    }

    /// Ids in runs of start and count; runs of none are left out.
    ///
    /// # Errors
    /// In words: an id is there twice, or an id or the number of all is beyond 2^63.
    pub fn of_runs(runs: impl IntoIterator<Item = (i64, u64)>) -> Result<Self, String> {
        let mut ids = Self::default();
        for (first, count) in runs {
            ids.add(first, count)?;
        }
        ids.index()?;
        Ok(ids)
    }

    /// Ids one by one.
    ///
    /// # Errors
    /// As [`CellIds::of_runs`].
    pub fn of_list(ids: impl IntoIterator<Item = i64>) -> Result<Self, String> {
        Self::of_runs(ids.into_iter().map(|id| (id, 1)))
    }

    /// How many cells there are.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The ids, in the order of the cells.
    pub fn iter(&self) -> impl Iterator<Item = i64> + '_ {
        self.runs
            .iter()
            .flat_map(|run| run.first..run.first.saturating_add_unsigned(run.count))
    }

    /// The index of a cell.
    pub fn index_of(&self, id: i64) -> Option<u64> {
        let run = |at: &u32| self.runs.get(*at as usize);
        let after = self
            .by_id
            .partition_point(|at| run(at).is_some_and(|run| run.first <= id));
        let run = self.by_id.get(after.checked_sub(1)?).and_then(run)?;
        let offset = u64::try_from(id.checked_sub(run.first)?).ok()?;
        (offset < run.count).then_some(run.at + offset)
    }

    /// Those of the cells that are kept, in their order.
    #[must_use]
    pub fn only(&self, keep: impl Fn(u64) -> bool) -> Self {
        let mut kept = Self::default();
        for (index, id) in (0..).zip(self.iter()) {
            if keep(index) {
                // What was unique stays so.
                let _ = kept.add(id, 1);
            }
        }
        let _ = kept.index();
        kept
    }

    fn add(&mut self, first: i64, count: u64) -> Result<(), String> {
        if count == 0 {
            return Ok(());
        }
        let end = first.checked_add_unsigned(count);
        let len = self.len.checked_add(count);
        let (Some(_), Some(len)) = (end, len.filter(|len| i64::try_from(*len).is_ok())) else {
            return Err(format!("has {count} ids from {first}; ids are below 2^63"));
        };
        match self.runs.last_mut() {
            Some(last) if last.first.checked_add_unsigned(last.count) == Some(first) => {
                last.count += count;
            }
            _ => self.runs.push(Run {
                first,
                count,
                at: self.len,
            }),
        }
        self.len = len;
        Ok(())
    }

    fn index(&mut self) -> Result<(), String> {
        let number = u32::try_from(self.runs.len()).map_err(|_| "has over 2^32 runs of ids")?;
        let mut sorted: Vec<(i64, u64, u32)> = (0..number)
            .zip(&self.runs)
            .map(|(at, run)| (run.first, run.count, at))
            .collect();
        sorted.sort_unstable();
        for pair in sorted.windows(2) {
            if let [(first, count, _), (next, ..)] = pair
                && first.saturating_add_unsigned(*count) > *next
            {
                return Err(format!("has the id {next} twice"));
            }
        }
        self.by_id = sorted.into_iter().map(|(.., at)| at).collect();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::CellIds;
    use proptest::prelude::*;

    #[test]
    fn a_run_is_start_and_count() {
        let ids = CellIds::of_runs([(90, 3), (10, 2), (12, 1)]).unwrap();
        assert_eq!(ids.iter().collect::<Vec<_>>(), [90, 91, 92, 10, 11, 12]);
        assert_eq!(ids.index_of(10), Some(3));
        assert_eq!(ids.index_of(92), Some(2));
        assert_eq!(ids.index_of(93), None);
        assert_eq!(ids.index_of(-1), None);
        assert_eq!(ids.runs.len(), 2);
    }

    #[test]
    fn ids_that_are_there_twice_or_beyond_all_numbers_are_refused() {
        for (runs, words) in [
            (vec![(5, 3), (0, 6)], "the id 5 twice"),
            (vec![(i64::MAX, 2)], "below 2^63"),
            (vec![(0, u64::MAX)], "below 2^63"),
            (vec![(0, 1 << 62), (1 << 62, 1 << 62)], "below 2^63"),
        ] {
            let refused = CellIds::of_runs(runs).unwrap_err();
            assert!(refused.contains(words), "{refused}");
        }
    }

    proptest! {
        #[test]
        fn every_id_has_the_index_at_which_it_stands(
            mut starts in proptest::collection::btree_set(-1000_i64..1000, 0..40),
            seed in any::<u64>(),
        ) {
            // Runs that end before the next begins, in any order.
            let all: Vec<i64> = std::mem::take(&mut starts).into_iter().collect();
            let mut runs: Vec<(i64, u64)> = all
                .windows(2)
                .map(|two| (two[0], (two[1] - two[0]) as u64))
                .collect();
            runs.sort_by_key(|run| (run.0 as u64).wrapping_mul(seed | 1));
            let ids = CellIds::of_runs(runs.clone()).unwrap();
            let listed: Vec<i64> = runs
                .iter()
                .flat_map(|(first, count)| *first..first + *count as i64)
                .collect();
            prop_assert_eq!(ids.len() as usize, listed.len());
            prop_assert_eq!(ids.iter().collect::<Vec<_>>(), listed.clone());
            prop_assert_eq!(CellIds::of_list(listed.clone()).unwrap(), ids.clone());
            for (at, id) in listed.iter().enumerate() {
                prop_assert_eq!(ids.index_of(*id), Some(at as u64));
            }
            let odd = ids.only(|at| at % 2 == 1);
            let kept: Vec<i64> = listed.iter().skip(1).step_by(2).copied().collect();
            prop_assert_eq!(odd.iter().collect::<Vec<_>>(), kept);
        }
    }
}
