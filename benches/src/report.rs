//! Measures the parts, prints a table, writes bench.json and machine.json and has them drawn.

use crate::children::script;
use crate::machine::Machine;
use crate::options::{Options, Part};
use crate::row::Row;
use crate::{control, convert, env, fleet, launch, render, replay, scenes, stream, table, write};
use anyhow::Result;
use std::path::Path;

/// Every part, in the order of the table.
const PARTS: [Part; 12] = [
    Part::Throughput,
    Part::Latency,
    Part::Memory,
    Part::Replay,
    Part::Env,
    Part::Render,
    Part::Scenes,
    Part::Convert,
    Part::Write,
    Part::Launch,
    Part::Control,
    Part::Fleet,
];

pub(crate) fn measure(options: &Options) -> Result<()> {
    let machine = Machine::new(options.rounds(), options.quick)?;
    std::fs::create_dir_all(&options.out)?;
    let about = serde_json::to_string_pretty(&machine)?;
    std::fs::write(options.out.join("machine.json"), about)?;
    let path = options.out.join("bench.json");
    let mut table = Vec::new();
    for part in PARTS.into_iter().filter(|part| options.wants(*part)) {
        let mut rows = part.rows(options)?;
        if !machine.can_judge() {
            rows.iter_mut().for_each(|row| row.met = None);
        }
        table.extend(rows);
        // After each part, so that a later one that fails takes nothing with it.
        std::fs::write(&path, serde_json::to_string_pretty(&table)?)?;
    }
    println!("{machine}");
    table::print(&table);
    println!("written to {}", path.display());
    draw(&options.python, &options.out);
    Ok(())
}

impl Part {
    fn rows(self, options: &Options) -> Result<Vec<Row>> {
        let (python, rounds) = (options.python.as_path(), options.rounds());
        match self {
            Self::Throughput => stream::throughput(python, rounds, options.quick),
            Self::Latency => stream::latency(python, rounds, options.quick),
            Self::Memory => stream::memory(python, rounds),
            Self::Replay => replay::rows(python, rounds),
            Self::Env => env::rows(python, rounds),
            Self::Render => render::rows(rounds),
            Self::Scenes => scenes::rows(rounds, options.quick),
            Self::Convert => convert::rows(rounds),
            Self::Write => write::rows(rounds),
            Self::Launch => launch::rows(rounds),
            Self::Control => control::rows(rounds),
            Self::Fleet => fleet::rows(options),
        }
    }
}

/// The picture. The numbers are written already: without it nothing is lost.
fn draw(python: &Path, out: &Path) {
    let drawn = script(python, "plot.py").arg(out).status();
    let path = out.join("bench.png");
    match drawn {
        Ok(status) if status.success() => println!("drawn to {}", path.display()),
        Ok(status) => eprintln!("no picture: plot.py ended with {status}"),
        Err(error) => eprintln!("no picture: cannot start {}: {error}", python.display()),
    }
}
