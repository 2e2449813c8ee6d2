//! The edges into one block, found by their source.
//!
//! They are put there in two passes, counted and then placed, so that memory is not needed twice.

/// A static synapse, as its target's block needs it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Synapse {
    pub(crate) weight: f64,
    /// Where the spike is added in a row of what arrives.
    pub(crate) row: u32,
    /// In steps; none while the edge is only counted.
    pub(crate) delay: u32,
}

/// Not placed yet.
const EMPTY: Synapse = Synapse {
    weight: 0.0,
    row: 0,
    delay: 0,
};

/// The edges into a block. Those of one source stand together, in the order of placing.
#[derive(Debug, Default)]
pub(crate) struct Edges {
    /// Where each source's edges begin, and the end. While edges are counted: the numbers, one place
    /// further up; while they are placed: where the next one goes, likewise.
    starts: Vec<u32>,
    synapses: Vec<Synapse>,
}

impl Edges {
    /// None yet, from so many members of the network.
    pub(crate) fn new(members: usize) -> Self {
        Self {
            starts: vec![0; members + 2],
            synapses: Vec::new(),
        }
    }

    /// Counts an edge. False where there are more than 2^32.
    pub(crate) fn count(&mut self, source: u32) -> bool {
        let Some(number) = self.starts.get_mut(source as usize + 2) else {
            return false;
        };
        match number.checked_add(1) {
            Some(more) => {
                *number = more;
                true
            }
            None => false,
        }
    }

    /// From numbers to places. False where there are more than 2^32 edges, or no memory for them.
    pub(crate) fn counted(&mut self) -> bool {
        let mut sum = 0u32;
        for number in &mut self.starts {
            let Some(next) = sum.checked_add(*number) else {
                return false;
            };
            sum = next;
            *number = sum;
        }
        if self.synapses.try_reserve_exact(sum as usize).is_err() {
            return false;
        }
        self.synapses.resize(sum as usize, EMPTY);
        true
    }

    /// Places an edge. False where it was not counted.
    pub(crate) fn place(&mut self, source: u32, synapse: Synapse) -> bool {
        let Some(next) = self.starts.get_mut(source as usize + 1) else {
            return false;
        };
        match self.synapses.get_mut(*next as usize) {
            Some(empty) if empty.delay == 0 => {
                *empty = synapse;
                *next += 1;
                true
            }
            _ => false,
        }
    }

    /// Whether every source placed as many as were counted, if all placed as many.
    ///
    /// One that placed more either found a place taken, which [`Self::place`] says, or took the first of
    /// one that placed none, and then ends behind where that begins.
    pub(crate) fn placed(&self) -> bool {
        self.starts.is_sorted()
    }

    /// The places of a source's edges, for [`Self::at`].
    #[inline(always)]
    pub(crate) fn of(&self, source: u32) -> (u32, u32) {
        let source = source as usize;
        match (self.starts.get(source), self.starts.get(source + 1)) {
            (Some(from), Some(to)) => (*from, *to),
            _ => (0, 0),
        }
    }

    /// The edges at some places.
    #[inline(always)]
    pub(crate) fn at(&self, (from, to): (u32, u32)) -> &[Synapse] {
        self.synapses
            .get(from as usize..to as usize)
            .unwrap_or_default()
    }
}
