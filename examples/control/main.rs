//! Balances poles on carts that are simulated in several Blenders at once.
//!
//!     cargo run --release -p blendtorch-examples --bin cartpole
//!     cargo run --release -p blendtorch-examples --bin cartpole -- --controller none

use anyhow::{Context, Result, bail};
use blendtorch_examples::report;
use blendtorch_launcher::{Fleet, FleetOptions, LaunchDescription};
use btt::{EnvOptions, Reset, Step, Tensor, Value, VectorEnv};
use clap::{Parser, ValueEnum};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

/// Balances poles on carts that are simulated in several Blenders
#[derive(Parser)]
struct Options {
    /// What drives the carts
    #[arg(long, value_enum, default_value_t = Controller::P)]
    controller: Controller,
    /// Steps at most
    #[arg(long, value_name = "N", default_value_t = 500)]
    steps: usize,
    /// Seed of the first pole's lean; that of the i-th is larger by i
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// What to launch
    #[arg(
        long,
        value_name = "FILE",
        default_value = "examples/control/launch.json"
    )]
    launch: PathBuf,
}

#[derive(Clone, Copy, ValueEnum)]
enum Controller {
    /// Pushes the cart below the pole, the harder the more it leans
    P,
    /// Does nothing
    None,
}

impl Controller {
    /// A force in newton from (the cart's place, the pole's place, the pole's angle).
    fn force(self, [cart, pole, _]: [f32; 3]) -> f32 {
        match self {
            Self::P => 30.0 * (pole - cart),
            Self::None => 0.0,
        }
    }
}

fn main() -> ExitCode {
    report("cartpole", run(&Options::parse()))
}

fn run(options: &Options) -> Result<()> {
    let description = LaunchDescription::from_file(&options.launch)?;
    let fleet = Fleet::start(&description, FleetOptions::default())?;
    let info = fleet.launch_info();
    let addresses = info.addresses.get("GYM").with_context(|| {
        let file = options.launch.display();
        format!("{file}: key \"named_sockets\": there is no \"GYM\"; add it")
    })?;
    let mut envs = VectorEnv::connect(addresses, &EnvOptions::default())?;
    let start = Instant::now();
    let resets = (0..envs.len() as u64).map(|i| Reset {
        seed: Some(options.seed + i),
        options: None,
    });
    let mut states = envs.reset(resets.collect());
    // Step at which each pole fell.
    let mut fell = vec![None; envs.len()];
    for step in 1..=options.steps {
        let mut actions = Vec::new();
        for state in states {
            let state = state.inspect_err(|_| {
                // A Blender that has ended explains it better.
                if let Err(error) = fleet.assert_alive() {
                    eprintln!("{error}");
                }
            })?;
            let force = options.controller.force(observation(&state)?);
            actions.push(Value::Tensor(Tensor::from_vec(&[1], vec![force])?));
        }
        states = envs.step(actions);
        for (fell, state) in fell.iter_mut().zip(&states) {
            if state.as_ref().is_ok_and(|state| state.done) {
                fell.get_or_insert(step);
            }
        }
        if fell.iter().all(Option::is_some) {
            break;
        }
    }
    let seconds = start.elapsed().as_secs_f64();
    for (i, fell) in fell.iter().enumerate() {
        match fell {
            Some(step) => println!("pole {i} fell after {step} steps"),
            None => println!("pole {i} stands after {} steps", options.steps),
        }
    }
    println!("{seconds:.1} s");
    Ok(())
}

fn observation(state: &Step) -> Result<[f32; 3]> {
    match state.obs.as_tensor() {
        Some(tensor) => Ok(tensor.to_vec::<f32>()?.as_slice().try_into()?),
        None => bail!("the observation is no array: {:?}", state.obs),
    }
}
