//! Numbers of frames: as files are named, which are missing, and how they are told.
//!
//! Owns no file.

/// The number at the end of a file's name without its ending, and what stands before it: `frame_` and 3
/// of `frame_000003`.
pub(super) fn numbered(stem: &str) -> Option<(&str, i64)> {
    let before = stem.trim_end_matches(|c: char| c.is_ascii_digit());
    let number = stem[before.len()..].parse().ok()?;
    Some((before, number))
}

/// The step of sorted numbers: the widest by which all of them are reached from the first.
pub(super) fn step(numbers: &[i64]) -> i64 {
    let differences = numbers.windows(2).map(|pair| pair[1] - pair[0]);
    let step = differences.fold(0, |step, difference| {
        let (mut a, mut b) = (step, difference);
        while b != 0 {
            (a, b) = (b, a % b);
        }
        a
    });
    step.max(1)
}

/// All numbers from the first to the last of sorted ones, by their step.
pub(super) fn between(numbers: &[i64]) -> Vec<i64> {
    let (Some(&first), Some(&last)) = (numbers.first(), numbers.last()) else {
        return Vec::new();
    };
    let step = usize::try_from(step(numbers)).unwrap_or(1);
    (first..=last).step_by(step).collect()
}

/// Sorted numbers for people: `3, 7-9`. Of more than twenty parts the rest is counted.
#[must_use]
pub fn compact(numbers: &[i64]) -> String {
    const MOST: usize = 20;
    let mut parts: Vec<(i64, i64)> = Vec::new();
    for &number in numbers {
        match parts.last_mut() {
            Some((_, last)) if *last + 1 == number => *last = number,
            _ => parts.push((number, number)),
        }
    }
    let told = parts
        .iter()
        .take(MOST)
        .map(|(first, last)| match last - first {
            0 => first.to_string(),
            1 => format!("{first}, {last}"),
            _ => format!("{first}-{last}"),
        });
    let mut text = told.collect::<Vec<_>>().join(", ");
    let left: i64 = parts
        .iter()
        .skip(MOST)
        .map(|(first, last)| last - first + 1)
        .sum();
    if left > 0 {
        text += &format!(" and {left} more");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_end_with_their_number() {
        assert_eq!(numbered("000003"), Some(("", 3)));
        assert_eq!(numbered("frame_000000"), Some(("frame_", 0)));
        assert_eq!(numbered("a1b22"), Some(("a1b", 22)));
        assert_eq!(numbered("frame"), None);
        assert_eq!(numbered("99999999999999999999"), None);
    }

    #[test]
    fn what_is_missing_between_is_known_by_the_step() {
        assert_eq!(between(&[1, 2, 5]), [1, 2, 3, 4, 5]);
        assert_eq!(between(&[0, 10, 30]), [0, 10, 20, 30]);
        assert_eq!(between(&[1, 3, 6]), [1, 2, 3, 4, 5, 6]);
        assert_eq!(between(&[7]), [7]);
        assert!(between(&[]).is_empty());
    }

    #[test]
    fn numbers_are_told_in_short() {
        assert_eq!(compact(&[3, 7, 8, 9, 12, 13]), "3, 7-9, 12, 13");
        assert_eq!(compact(&[]), "");
        let odd: Vec<_> = (0..25).map(|n| 2 * n + 1).collect();
        assert!(
            compact(&odd).ends_with("39 and 5 more"),
            "{}",
            compact(&odd)
        );
    }
}
