//! So many edges for each target, or for each source.
//!
//! Owns how partners are drawn: without replacement, or with it (multapses).

use std::collections::HashMap;

use super::random::Random;
use super::{Ends, Pairs, RuleError};
use crate::build::order;

/// Whose degree is fixed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Degree {
    /// That of the targets: edges that come in.
    In,
    /// That of the sources: edges that go out.
    Out,
}

/// Gives each node at one end so many edges, with partners that are drawn.
///
/// # Errors
/// [`RuleError`] where a node cannot have so many partners without multapses, there are too many nodes,
/// or not as many ids as nodes.
pub fn degree(
    ends: Ends<'_>,
    degree: Degree,
    wanted: usize,
    multapses: bool,
    seed: u64,
) -> Result<Pairs, RuleError> {
    ends.check()?;
    let (nodes, partners) = match degree {
        Degree::In => (ends.targets, ends.sources),
        Degree::Out => (ends.sources, ends.targets),
    };
    // Rows of partners by id, and the ids of the nodes, where no node may meet itself.
    let own = ends.own.map(|(sources, targets)| {
        let (nodes, partners) = match degree {
            Degree::In => (targets, sources),
            Degree::Out => (sources, targets),
        };
        let rows: HashMap<u64, usize> = partners.iter().copied().zip(0..).collect();
        (rows, nodes)
    });
    let mut pairs = Pairs::default();
    let mut marks = vec![0_u32; partners];
    let mut drawn = Vec::new();
    for node in 0..nodes {
        let own = own
            .as_ref()
            .and_then(|(rows, ids)| rows.get(ids.get(node)?));
        let mut random = Random::of(seed, node);
        let mut draw = Draw {
            random: &mut random,
            marks: &mut marks,
            mark: node as u32 + 1,
        };
        drawn.clear();
        draw.partners(&mut drawn, wanted, multapses, own.copied())?;
        drawn.sort_unstable();
        for partner in &drawn {
            match degree {
                Degree::In => pairs.push(*partner as usize, node),
                Degree::Out => pairs.push(node, *partner as usize),
            }
        }
    }
    if degree == Degree::In {
        let keys = pairs.source.iter().map(|source| u64::from(*source));
        let order = order::stable(keys, pairs.source.len());
        let sorted = |rows: &[u32]| -> Vec<u32> {
            let row = |at: &u32| rows.get(*at as usize).copied();
            order.iter().filter_map(row).collect()
        };
        pairs = Pairs {
            source: sorted(&pairs.source),
            target: sorted(&pairs.target),
        };
    }
    Ok(pairs)
}

/// What is drawn for one node. A partner whose mark is the node's is taken.
struct Draw<'a> {
    random: &'a mut Random,
    marks: &'a mut [u32],
    mark: u32,
}

impl Draw<'_> {
    fn partners(
        &mut self,
        drawn: &mut Vec<u32>,
        wanted: usize,
        multapses: bool,
        own: Option<usize>,
    ) -> Result<(), RuleError> {
        let all = self.marks.len();
        let own = own.unwrap_or(all);
        let there = all - usize::from(own < all);
        if wanted > 0 && (there == 0 || (!multapses && wanted > there)) {
            return Err(RuleError::TooFewPartners { wanted, there });
        }
        let partner = |at: u64| at as usize + usize::from(at as usize >= own);
        if multapses {
            drawn.extend((0..wanted).map(|_| partner(self.random.below(there as u64)) as u32));
            return Ok(());
        }
        // Of more than half, those that are left out are drawn.
        let few = wanted.min(there - wanted);
        let mut marked = 0;
        while marked < few {
            let at = partner(self.random.below(there as u64));
            if let Some(mark) = self.marks.get_mut(at).filter(|mark| **mark != self.mark) {
                *mark = self.mark;
                marked += 1;
                if few == wanted {
                    drawn.push(at as u32);
                }
            }
        }
        if few != wanted {
            let free = self.marks.iter().enumerate();
            let free = free.filter(|(at, mark)| **mark != self.mark && *at != own);
            drawn.extend(free.map(|(at, _)| at as u32));
        }
        Ok(())
    }
}
