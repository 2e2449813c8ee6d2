//! Items in the order of their keys, those with the same key as they came.
//!
//! Owns how it is sorted: by counting, where the keys are numbers of nodes.

/// The numbers of the items, by their keys.
///
/// `count` is at most `u32::MAX`; `keys` gives so many.
pub(super) fn stable(keys: impl Iterator<Item = u64> + Clone, count: usize) -> Vec<u32> {
    let highest = keys.clone().max().unwrap_or(0);
    let bins = usize::try_from(highest)
        .ok()
        .filter(|highest| *highest <= 4 * count + (1 << 20));
    match bins {
        Some(highest) => counted(keys, count, highest),
        None => compared(keys),
    }
}

fn counted(keys: impl Iterator<Item = u64> + Clone, count: usize, highest: usize) -> Vec<u32> {
    // Where the next item with a key goes.
    let mut next = vec![0_u32; highest + 2];
    for key in keys.clone() {
        if let Some(slot) = next.get_mut(key as usize + 1) {
            *slot += 1;
        }
    }
    let mut sum = 0;
    for slot in &mut next {
        sum += *slot;
        *slot = sum;
    }
    let mut order = vec![0_u32; count];
    for (item, key) in keys.enumerate() {
        let Some(slot) = next.get_mut(key as usize) else {
            continue;
        };
        if let Some(place) = order.get_mut(*slot as usize) {
            *place = item as u32;
        }
        *slot += 1;
    }
    order
}

fn compared(keys: impl Iterator<Item = u64>) -> Vec<u32> {
    let mut order: Vec<(u64, u32)> = keys.zip(0_u32..).collect();
    order.sort_unstable();
    order.into_iter().map(|(_, item)| item).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ways_give_one_order_and_keep_what_came_first() {
        let keys = [5_u64, 0, 5, 2, 0, 5];
        let order = vec![1, 4, 3, 0, 2, 5];
        assert_eq!(stable(keys.into_iter(), keys.len()), order);
        assert_eq!(compared(keys.into_iter()), order);
        let far = keys.map(|key| key << 50);
        assert_eq!(stable(far.into_iter(), far.len()), order);
    }
}
