//! The name that was meant.
//!
//! Owns how near a name must be to be suggested.

/// The one of `known` that is nearest to `name`, if one is near enough to be a slip: letters that are
/// swapped, wrong or missing, another case, `-` for `_`.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let plain = |word: &str| word.to_lowercase().replace(['-', ' '], "_");
    let wanted = plain(name);
    // Long names are no slips of short ones, and comparing them would take long.
    if wanted.len() > 100 {
        return None;
    }
    known
        .into_iter()
        .map(|one| (strsim::damerau_levenshtein(&wanted, &plain(one)), one))
        .filter(|(distance, one)| *distance <= 1 + one.len().min(wanted.len()) / 4)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, one)| one)
}

/// That one as the end of a sentence, "; did you mean …?"; nothing where none is near enough.
pub fn meant<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    nearest(name, known).map_or_else(String::new, |near| format!("; did you mean {near:?}?"))
}

#[cfg(test)]
mod tests {
    use super::{meant, nearest};

    #[test]
    fn slips_are_known() {
        let known = [
            "IClamp",
            "synaptic_models_dir",
            "node_id",
            "spikes_sort_order",
        ];
        for (slip, meant) in [
            ("ICLAMP", "IClamp"),
            ("synpatic_models_dir", "synaptic_models_dir"),
            ("node-id", "node_id"),
            ("nodeid", "node_id"),
        ] {
            assert_eq!(nearest(slip, known), Some(meant), "{slip}");
        }
        assert_eq!(nearest("poisson", known), None);
        assert_eq!(meant("iclamp", known), "; did you mean \"IClamp\"?");
        assert_eq!(meant("poisson", known), "");
    }
}
