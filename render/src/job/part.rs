//! Which frames of a job are one task's, where nobody deals them out.
//!
//! Owns the rule, which all tasks follow by themselves: it must never depend on what another one has
//! done.

use std::fmt;
use std::str::FromStr;

/// One part of several.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    number: usize,
    of: usize,
}

impl Part {
    /// Part `number` of `of`; the first one is 1.
    ///
    /// # Errors
    /// There is no such part.
    pub fn new(number: usize, of: usize) -> Result<Self, String> {
        match (1..=of).contains(&number) {
            true => Ok(Self { number, of }),
            false => Err(format!(
                "there is no part {number} of {of}: the first one is 1/{of}, the last {of}/{of}"
            )),
        }
    }

    /// The part of an element of a Slurm job array, by the variables that Slurm sets for it.
    ///
    /// # Errors
    /// They are not set, or the array's numbers are not evenly spaced.
    pub fn of_slurm(variable: &dyn Fn(&str) -> Option<String>) -> Result<Self, String> {
        let number = |name: &str| -> Result<usize, String> {
            let name = format!("SLURM_ARRAY_TASK_{name}");
            let text = variable(&name).ok_or_else(|| {
                format!(
                    "{name} is not set: start it as `sbatch --array=1-8 …`, or say which part this \
                     is, as --array 3/8"
                )
            })?;
            let wrong =
                |_| format!("{name} is {text:?}, which is no number: give the part, as 3/8");
            text.trim().parse().map_err(wrong)
        };
        let (id, first, count) = (number("ID")?, number("MIN")?, number("COUNT")?);
        let step = number("STEP").unwrap_or(1).max(1);
        let place = id.checked_sub(first).filter(|from| from % step == 0);
        let place = place.map(|from| from / step).filter(|place| *place < count);
        match place {
            Some(place) => Self::new(place + 1, count),
            None => Err(format!(
                "element {id} of an array of {count} that begins at {first}: its numbers are not \
                 evenly spaced; use --array=1-{count}, or say which part this is, as --array 3/8"
            )),
        }
    }

    /// Those of these frames. Neighbours in an animation take about as long as each other, so each part
    /// gets every n-th frame, and with it as much of the long ones as the others. Where frames follow
    /// from one another, parts are contiguous: each plays all frames before its own.
    #[must_use]
    pub fn frames(self, all: &[i64], sequential: bool) -> Vec<i64> {
        let mine = self.number - 1;
        if !sequential {
            return all.iter().copied().skip(mine).step_by(self.of).collect();
        }
        let mut all = all.to_vec();
        all.sort_unstable();
        let at = |part: usize| all.len() * part / self.of;
        all[at(mine)..at(mine + 1)].to_vec()
    }
}

impl FromStr for Part {
    type Err = String;

    /// `"3/8"`.
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("'{text}' is no part: write 3/8 for the third of eight");
        let (number, of) = text.split_once('/').ok_or_else(wrong)?;
        let read = |text: &str| text.trim().parse().map_err(|_| wrong());
        Self::new(read(number)?, read(of)?)
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.number, self.of)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_frame_is_of_one_part() {
        let all: Vec<_> = (1..=10).collect();
        for sequential in [false, true] {
            for of in 1..13 {
                let parts = (1..=of).map(|n| Part::new(n, of).unwrap());
                let parts: Vec<_> = parts.map(|part| part.frames(&all, sequential)).collect();
                let mut together = parts.concat();
                together.sort_unstable();
                assert_eq!(together, all, "{of}");
                let lengths = parts.iter().map(Vec::len);
                let (least, most) = (lengths.clone().min(), lengths.max());
                assert!(most.unwrap() - least.unwrap() <= 1);
            }
        }
        let second = Part::new(2, 3).unwrap();
        assert_eq!(second.frames(&all, false), [2, 5, 8]);
        assert_eq!(second.frames(&all, true), [4, 5, 6]);
    }

    #[test]
    fn slurms_variables_say_which_part() {
        let part = |id: &str, min: &str, step: &str, count: &str| {
            let known = [("ID", id), ("MIN", min), ("STEP", step), ("COUNT", count)];
            let known = known.map(|(name, value)| (format!("SLURM_ARRAY_TASK_{name}"), value));
            Part::of_slurm(&|wanted| {
                let found = known.iter().find(|(name, _)| name == wanted)?;
                (!found.1.is_empty()).then(|| found.1.to_owned())
            })
        };
        assert_eq!(part("0", "0", "1", "4"), Part::new(1, 4));
        assert_eq!(part("5", "1", "2", "4"), Part::new(3, 4));
        assert_eq!(part("8", "1", "", "8"), Part::new(8, 8));
        for (wrong, says) in [
            (part("7", "3", "1", "2"), "evenly spaced"),
            (part("4", "1", "2", "4"), "evenly spaced"),
            (part("", "1", "1", "4"), "sbatch --array"),
            (part("x", "1", "1", "4"), "is no number"),
        ] {
            let error = wrong.unwrap_err();
            assert!(error.contains(says), "{error}");
        }
    }

    #[test]
    fn parts_are_written_as_they_are_read() {
        assert_eq!("3/8".parse::<Part>().unwrap().to_string(), "3/8");
        for wrong in ["", "3", "0/8", "9/8", "a/b", "1/0"] {
            assert!(wrong.parse::<Part>().is_err(), "{wrong}");
        }
    }
}
