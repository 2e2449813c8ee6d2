//! The ids of a population's nodes.
//!
//! Owns that ids which count from 0, as nearly all do, need no memory.

use std::ops::Range;

/// The ids of the nodes of a population, in the order of the file.
#[derive(Debug, Clone, PartialEq)]
pub struct NodeIds {
    count: u64,
    /// Ids in the order of the file, and sorted with their positions; `None` where the ids are the
    /// positions.
    listed: Option<Listed>,
}

#[derive(Debug, Clone, PartialEq)]
struct Listed {
    ids: Vec<u64>,
    sorted: Vec<(u64, u32)>,
}

impl NodeIds {
    /// The ids 0 to `count` − 1, in order.
    pub fn counted(count: u64) -> Self {
        Self {
            count,
            listed: None,
        }
    }

    /// These ids, in the order of the file.
    ///
    /// # Errors
    /// The id that is there twice.
    pub fn listed(ids: Vec<u64>) -> Result<Self, u64> {
        let count = ids.len() as u64;
        if (0..).zip(&ids).all(|(at, id)| at == *id) {
            return Ok(Self::counted(count));
        }
        let mut sorted: Vec<(u64, u32)> = ids.iter().copied().zip(0..).collect();
        sorted.sort_unstable();
        let twice = sorted.windows(2).find_map(|pair| match pair {
            [a, b] if a.0 == b.0 => Some(a.0),
            _ => None,
        });
        match twice {
            Some(twice) => Err(twice),
            None => Ok(Self {
                count,
                listed: Some(Listed { ids, sorted }),
            }),
        }
    }

    /// How many.
    pub fn len(&self) -> u64 {
        self.count
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Where in the file the node of an id is.
    #[inline]
    pub fn position(&self, id: u64) -> Option<u64> {
        match &self.listed {
            None => (id < self.count).then_some(id),
            Some(Listed { sorted, .. }) => {
                let at = sorted.binary_search_by_key(&id, |pair| pair.0).ok()?;
                sorted.get(at).map(|pair| u64::from(pair.1))
            }
        }
    }

    /// The id of the node at a position.
    pub fn id(&self, position: u64) -> Option<u64> {
        match &self.listed {
            None => (position < self.count).then_some(position),
            Some(Listed { ids, .. }) => ids.get(usize::try_from(position).ok()?).copied(),
        }
    }

    /// The ids as a range where they count from 0.
    pub fn range(&self) -> Option<Range<u64>> {
        self.listed.is_none().then_some(0..self.count)
    }

    /// All ids, in the order of the file.
    pub fn iter(&self) -> impl Iterator<Item = u64> {
        (0..self.count).filter_map(|at| self.id(at))
    }

    /// The lowest and the highest id; `None` where there is no node.
    pub fn bounds(&self) -> Option<(u64, u64)> {
        match &self.listed {
            None => self.count.checked_sub(1).map(|last| (0, last)),
            Some(Listed { sorted, .. }) => Some((sorted.first()?.0, sorted.last()?.0)),
        }
    }
}
