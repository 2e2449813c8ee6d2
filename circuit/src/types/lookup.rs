//! From a type's number to its row.
//!
//! Owns that this is a look into a table where the numbers lie close together, as they do in
//! practice: it is done for every edge.

/// Numbers within so many of each other are looked up in a table.
const SPREAD: u64 = 1 << 16;

/// No row.
const NONE: u32 = u32::MAX;

#[derive(Debug, Clone)]
pub(super) enum Lookup {
    /// The row of `first + at` at `at`.
    Table { first: u64, rows: Vec<u32> },
    /// Sorted pairs of number and row.
    Sorted(Vec<(u64, u32)>),
}

impl Lookup {
    /// A lookup of the rows' numbers; a number that is there twice is the error.
    pub(super) fn new(ids: &[u64]) -> Result<Self, u64> {
        let mut pairs: Vec<(u64, u32)> = ids
            .iter()
            .enumerate()
            .map(|(at, id)| (*id, u32::try_from(at).unwrap_or(NONE)))
            .collect();
        pairs.sort_unstable();
        if let Some(twice) = pairs.windows(2).find_map(|pair| match pair {
            [a, b] if a.0 == b.0 => Some(a.0),
            _ => None,
        }) {
            return Err(twice);
        }
        let (Some(first), Some(last)) = (pairs.first(), pairs.last()) else {
            return Ok(Self::Sorted(pairs));
        };
        let (first, last) = (first.0, last.0);
        if last - first > SPREAD.max(4 * ids.len() as u64) {
            return Ok(Self::Sorted(pairs));
        }
        let size = usize::try_from(last - first)
            .unwrap_or(usize::MAX)
            .saturating_add(1);
        let mut rows = vec![NONE; size];
        for (id, row) in pairs {
            if let Some(place) = usize::try_from(id - first)
                .ok()
                .and_then(|at| rows.get_mut(at))
            {
                *place = row;
            }
        }
        Ok(Self::Table { first, rows })
    }

    #[inline]
    pub(super) fn row(&self, id: u64) -> Option<u32> {
        match self {
            Self::Table { first, rows } => {
                let at = usize::try_from(id.checked_sub(*first)?).ok()?;
                rows.get(at).copied().filter(|row| *row != NONE)
            }
            Self::Sorted(pairs) => {
                let at = pairs.binary_search_by_key(&id, |pair| pair.0).ok()?;
                pairs.get(at).map(|pair| pair.1)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Lookup;

    #[test]
    fn rows_are_found_however_far_the_numbers_lie_apart() {
        for ids in [vec![100, 102, 101], vec![u64::MAX, 0, 1 << 40]] {
            let lookup = Lookup::new(&ids).unwrap();
            for (at, id) in ids.iter().enumerate() {
                assert_eq!(lookup.row(*id), Some(at as u32));
            }
            assert_eq!(lookup.row(7), None);
            assert_eq!(lookup.row(99), None);
        }
        assert_eq!(Lookup::new(&[5, 6, 5]).err(), Some(5));
        assert_eq!(Lookup::new(&[]).unwrap().row(0), None);
    }
}
