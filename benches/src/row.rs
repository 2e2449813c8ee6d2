//! One line of bench.json: a number, what it is beside, and what is to be reached.

use serde::Serialize;

/// One line of bench.json.
#[derive(Debug, Serialize)]
pub(crate) struct Row {
    pub(crate) name: String,
    /// Median over rounds.
    pub(crate) value: f64,
    pub(crate) unit: &'static str,
    /// The baseline's value, median over rounds.
    pub(crate) baseline: f64,
    /// Median over rounds of value / baseline of the same round.
    pub(crate) ratio: f64,
    /// What is to be reached: the ratio ("≥ 4×"), or the value ("≤ 1.5 s").
    pub(crate) goal: Option<String>,
    /// Whether it is; `None` also where it cannot be judged.
    pub(crate) met: Option<bool>,
    /// Lowest and highest value of a round.
    pub(crate) spread: [f64; 2],
    /// Lowest and highest ratio of a round.
    pub(crate) ratio_spread: [f64; 2],
}

impl Row {
    /// Of results and those of the baseline, one a round.
    pub(crate) fn new<M>(
        name: impl Into<String>,
        unit: &'static str,
        results: &[M],
        baseline: &[M],
        value: impl Fn(&M) -> f64,
    ) -> Self {
        let of = |measured: &[M]| measured.iter().map(&value).collect::<Vec<_>>();
        let (values, beside) = (of(results), of(baseline));
        let ratios: Vec<f64> = values.iter().zip(&beside).map(|(a, b)| a / b).collect();
        Self {
            name: name.into(),
            unit,
            goal: None,
            met: None,
            spread: spread(&values),
            ratio_spread: spread(&ratios),
            value: median(values),
            baseline: median(beside),
            ratio: median(ratios),
        }
    }

    /// With what is to be reached, if anything is.
    pub(crate) fn goal(mut self, goal: impl Into<Option<Goal>>) -> Self {
        if let Some(goal) = goal.into() {
            self.goal = Some(goal.words(self.unit));
            self.met = Some(goal.is_met_by(&self));
        }
        self
    }
}

/// What is to be reached.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Goal {
    /// A value, in the row's unit.
    AtLeast(f64),
    AtMost(f64),
    /// So many times the baseline.
    TimesAtLeast(f64),
    TimesAtMost(f64),
}

impl Goal {
    fn words(self, unit: &str) -> String {
        match self {
            Self::AtLeast(value) => format!("≥ {value} {unit}"),
            Self::AtMost(value) => format!("≤ {value} {unit}"),
            Self::TimesAtLeast(ratio) => format!("≥ {ratio}×"),
            Self::TimesAtMost(ratio) => format!("≤ {ratio}×"),
        }
    }

    fn is_met_by(self, row: &Row) -> bool {
        match self {
            Self::AtLeast(value) => row.value >= value,
            Self::AtMost(value) => row.value <= value,
            Self::TimesAtLeast(ratio) => row.ratio >= ratio,
            Self::TimesAtMost(ratio) => row.ratio <= ratio,
        }
    }
}

fn spread(values: &[f64]) -> [f64; 2] {
    let range = values.iter().fold((f64::MAX, f64::MIN), |(low, high), &v| {
        (low.min(v), high.max(v))
    });
    range.into()
}

/// The middle one, or the mean of the two in the middle.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => f64::NAN,
        n if n % 2 == 1 => values[middle],
        _ => (values[middle - 1] + values[middle]) / 2.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_are_between_cases_of_the_same_round() {
        let row = Row::new("", "GB/s", &[2.0, 9.0, 4.0], &[1.0, 3.0, 4.0], |v| *v);
        assert_eq!((row.value, row.baseline, row.ratio), (4.0, 3.0, 2.0));
        assert_eq!((row.spread, row.ratio_spread), ([2.0, 9.0], [1.0, 3.0]));
        let row = row.goal(Goal::TimesAtLeast(2.5));
        assert_eq!(
            (row.goal.as_deref(), row.met),
            (Some("≥ 2.5×"), Some(false))
        );
        let row = row.goal(Goal::AtLeast(4.0));
        assert_eq!(
            (row.goal.as_deref(), row.met),
            (Some("≥ 4 GB/s"), Some(true))
        );
    }
}
