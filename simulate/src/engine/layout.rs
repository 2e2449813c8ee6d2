//! Where each cell is: in which block, in which group of it, at which place.
//!
//! A block has a range of cells that is small enough for what arrives at them to stay in the cache of
//! one core. Within it the cells are grouped by model and sorted by their parameters, so that equal
//! ones stand side by side.

use crate::models::{Kind, Parameters};

/// The block of what is no cell.
pub(crate) const NO_BLOCK: u32 = u32::MAX;

/// Where a cell is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    pub(crate) block: u32,
    /// The group within the block.
    pub(crate) group: u32,
    /// The cell within the group.
    pub(crate) at: u32,
}

/// The cells of one model in a block.
#[derive(Debug)]
pub(crate) struct GroupLayout {
    pub(crate) kind: Kind,
    /// The cells' indices in the network, in the order of the group.
    pub(crate) cells: Vec<u32>,
    /// How many values arrive for each cell.
    pub(crate) channels: usize,
    /// Where the group begins in a row of what arrives at the block.
    pub(crate) base: usize,
}

/// A block's groups.
#[derive(Debug, Default)]
pub(crate) struct BlockLayout {
    pub(crate) groups: Vec<GroupLayout>,
    /// The length of a row of what arrives.
    pub(crate) width: usize,
}

/// How many values arrive at a cell with these parameters.
pub(crate) fn channels(parameters: &Parameters) -> usize {
    match parameters.kind() {
        Kind::IafPscExp | Kind::IafPscAlpha => 2,
        Kind::IafPscDelta | Kind::Izhikevich => 1,
        Kind::GlifPsc => parameters.list("tau_syn").len(),
    }
}

/// Into how many blocks a network of `members` cells and sources with `edges` edges should be cut.
///
/// An even number, so that two threads have as much. The table that finds a source's edges in a block
/// takes 4 bytes for each source and block: a network with few edges gets fewer blocks, so that the
/// table stays below 4 bytes an edge.
pub(crate) fn blocks(cells: usize, members: usize, edges: u64) -> usize {
    // Smaller ones cost more looking up, larger ones more misses of the cache.
    const MOST_CELLS: usize = 2560;
    // Where less is to be done, agreeing takes longer than doing it.
    const WORTH_CUTTING: usize = 1000;
    if cells < WORTH_CUTTING {
        return 1;
    }
    let by_cells = cells.div_ceil(MOST_CELLS).next_multiple_of(2);
    let by_edges = edges / members.max(1) as u64;
    by_cells
        .min(usize::try_from(by_edges).unwrap_or(usize::MAX))
        .max(1)
}

/// Lays out the cells, `set_of` each member of the network the index of its parameters in `sets`
/// ([`NO_BLOCK`] for a source), in so many blocks of equal size.
pub(crate) fn lay_out(
    sets: &[Parameters],
    set_of: &[u32],
    blocks: usize,
) -> (Vec<Place>, Vec<BlockLayout>) {
    let cells: Vec<u32> = (0u32..)
        .zip(set_of)
        .filter_map(|(member, set)| (*set != NO_BLOCK).then_some(member))
        .collect();
    let mut places = vec![
        Place {
            block: NO_BLOCK,
            group: 0,
            at: 0
        };
        set_of.len()
    ];
    let size = cells.len().div_ceil(blocks.max(1)).max(1);
    let laid: Vec<BlockLayout> = (0u32..)
        .zip(cells.chunks(size))
        .map(|(block, cells)| {
            let laid = block_of(sets, set_of, cells);
            for (group, one) in (0u32..).zip(&laid.groups) {
                for (at, cell) in (0u32..).zip(&one.cells) {
                    places[*cell as usize] = Place { block, group, at };
                }
            }
            laid
        })
        .collect();
    (places, laid)
}

fn block_of(sets: &[Parameters], set_of: &[u32], cells: &[u32]) -> BlockLayout {
    let set = |cell: &u32| set_of[*cell as usize];
    let parameters = |cell: &u32| &sets[set(cell) as usize];
    let mut block = BlockLayout::default();
    for kind in Kind::ALL {
        let mut of_kind: Vec<u32> = cells
            .iter()
            .copied()
            .filter(|cell| parameters(cell).kind() == kind)
            .collect();
        if of_kind.is_empty() {
            continue;
        }
        of_kind.sort_by_key(|cell| (set(cell), *cell));
        let channels = of_kind.iter().map(|cell| channels(parameters(cell))).max();
        let group = GroupLayout {
            kind,
            channels: channels.unwrap_or(0),
            base: block.width,
            cells: of_kind,
        };
        block.width += group.channels * group.cells.len();
        block.groups.push(group);
    }
    block
}
