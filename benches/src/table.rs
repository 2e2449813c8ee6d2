//! The rows as a table for people.

use crate::row::Row;

pub(crate) fn print(rows: &[Row]) {
    let width = rows.iter().map(|row| row.name.chars().count()).max();
    let width = width.unwrap_or_default();
    println!(
        "{:<width$} {:>9} {:<9} {:>20} {:>8} {:>18}  goal",
        "", "median", "", "of rounds", "ratio", "of rounds"
    );
    for row in rows {
        let line = format!(
            "{:<width$} {:>9} {:<9} {:>20} {:>8} {:>18}  {}",
            row.name,
            short(row.value),
            row.unit,
            range(row.spread),
            short(row.ratio),
            range(row.ratio_spread),
            goal(row),
        );
        println!("{}", line.trim_end());
    }
}

fn goal(row: &Row) -> String {
    match (&row.goal, row.met) {
        (Some(goal), Some(true)) => format!("{goal}: met"),
        (Some(goal), Some(false)) => format!("{goal}: NOT met"),
        (Some(goal), None) => goal.clone(),
        (None, _) => String::new(),
    }
}

fn range([low, high]: [f64; 2]) -> String {
    format!("{} to {}", short(low), short(high))
}

/// Three digits that count, at least.
fn short(value: f64) -> String {
    match value.abs() {
        100.0.. => format!("{value:.0}"),
        10.0.. => format!("{value:.1}"),
        1.0.. => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}
