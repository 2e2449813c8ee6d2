//! The training loop: takes batches as they come and learns from each once.

use crate::display::{Progress, State};
use crate::fleet::Instances;
use crate::heldout::{Evaluation, HeldOut};
use crate::network::{CornerNet, loss};
use crate::options::{Options, cores};
use crate::sample::{Samples, text_field};
use crate::signals::Signals;
use anyhow::{Context, Result, bail, ensure};
use btt::{DatasetOptions, Error, LoaderOptions, RemoteIterableDataset, Stats};
use btt_tch::{TchLoader, TensorBatch};
use std::time::{Duration, Instant};
use tch::nn::Optimizer;

/// How often instances and signals are looked at while no batch comes.
const SLICE: Duration = Duration::from_millis(100);
/// Instances that run and send nothing get so long; one that ends is noticed at once.
const PATIENCE: Duration = Duration::from_secs(60);
/// Batches over which the first and the last loss are averaged.
const LOSS_BATCHES: usize = 20;

/// How a training ended.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// Somebody asked for the end.
    Stopped,
    /// The time was over, or the stream.
    Trained(Box<Trained>),
}

/// What came of a training.
#[derive(Debug)]
pub(crate) struct Trained {
    /// Instances that were started.
    pub(crate) instances: usize,
    /// Images that came, the held-out ones included.
    pub(crate) images: usize,
    /// From the first image to the last.
    pub(crate) seconds: f64,
    /// The loss of each batch, and when it was.
    pub(crate) history: Vec<Step>,
    /// The held-out items and what the network makes of them.
    pub(crate) evaluation: Evaluation,
    /// The last batch that was learned from.
    pub(crate) batch: Samples,
    /// What the dataset saw.
    pub(crate) stats: Stats,
    /// Version of Blender.
    pub(crate) blender: String,
    /// What rendered.
    pub(crate) engine: String,
}

/// One step of the optimizer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step {
    /// Since the first image.
    pub(crate) seconds: f64,
    /// The batch's loss, before the step.
    pub(crate) loss: f64,
}

impl Trained {
    /// Mean loss of the first batches.
    pub(crate) fn loss_first(&self) -> f64 {
        mean(&self.history[..self.history.len().min(LOSS_BATCHES)])
    }

    /// Mean loss of the last batches.
    pub(crate) fn loss_last(&self) -> f64 {
        mean(&self.history[self.history.len().saturating_sub(LOSS_BATCHES)..])
    }
}

/// Learns for `options.seconds`, and from `options.batches`, of what the instances render.
pub(crate) fn train(
    options: &Options,
    signals: &Signals,
    instances: &Instances,
) -> Result<Outcome> {
    // More threads than cores that are free would wait for each other at every step.
    let free = cores().saturating_sub(instances.count()).max(1);
    tch::set_num_threads(i32::try_from(options.threads.unwrap_or(free))?);
    tch::set_num_interop_threads(1);
    tch::manual_seed(1);

    let dataset_options = DatasetOptions {
        timeout: PATIENCE,
        ..DatasetOptions::default()
    };
    let dataset = RemoteIterableDataset::connect(instances.addresses(), dataset_options)?;
    let loader_options = LoaderOptions {
        batch_size: options.batch_size,
        ..LoaderOptions::default()
    };
    let mut loader = TchLoader::new(dataset, loader_options)?;
    let mut progress = Progress::new(options.seconds, instances.count());
    let mut learner = Learner::new(options);
    loop {
        if signals.stopped() {
            progress.end();
            return Ok(Outcome::Stopped);
        }
        progress.tell_ended(instances);
        match loader.next_timeout(SLICE) {
            Ok(Some(batch)) => learner.learn(&batch)?,
            Ok(None) if loader.is_finished() => break,
            Ok(None) => {}
            // The stream goes on without it.
            Err(error @ Error::Malformed { .. }) => progress.tell(&format!("warning: {error}")),
            // It has the last words of those that failed.
            Err(error @ Error::Failed { .. }) => {
                progress.end();
                return Err(error.into());
            }
            Err(error) => {
                progress.end();
                return Err(error).with_context(|| instances.last_words());
            }
        }
        progress.show(|| learner.state(&loader.stats(), instances.alive()));
        if learner.done() >= 1.0 {
            break;
        }
    }
    progress.end();
    loader.close()?;
    learner
        .finish(instances, loader.stats())
        .map(Outcome::Trained)
}

/// The network, and all that is noted while it learns.
struct Learner<'a> {
    options: &'a Options,
    started: Option<Instant>,
    net: Option<(CornerNet, Optimizer)>,
    heldout: HeldOut,
    images: usize,
    history: Vec<Step>,
    batch: Option<Samples>,
    described: (Option<String>, Option<String>),
}

impl<'a> Learner<'a> {
    fn new(options: &'a Options) -> Self {
        Self {
            options,
            started: None,
            net: None,
            heldout: HeldOut::new(options.heldout),
            images: 0,
            history: Vec::new(),
            batch: None,
            described: (None, None),
        }
    }

    /// Since the first image; the instances' start does not count.
    fn seconds(&self) -> f64 {
        self.started.map_or(0.0, |at| at.elapsed().as_secs_f64())
    }

    /// The part of the training that is behind: 1 at its end.
    fn done(&self) -> f64 {
        let batches = self.history.len() as f64 / self.options.batches.max(1) as f64;
        let time = self.seconds() / self.options.seconds;
        if self.options.batches == 0 {
            time
        } else {
            time.min(batches)
        }
    }

    fn learn(&mut self, batch: &TensorBatch) -> Result<()> {
        let samples = Samples::of(batch)?;
        if self.started.is_none() {
            self.started = Some(Instant::now());
            self.described = (text_field(batch, "blender"), text_field(batch, "engine"));
        }
        self.images += samples.len();
        let Some(samples) = self.heldout.take(&samples) else {
            return Ok(());
        };
        let rate = self.learning_rate();
        if self.net.is_none() {
            let channels = samples.images.size()[3];
            let net = CornerNet::new(channels, samples.targets.size()[1]);
            let optimizer = net.optimizer(rate)?;
            self.net = Some((net, optimizer));
        }
        let Some((net, optimizer)) = &mut self.net else {
            return Ok(()); // it has just been made
        };
        optimizer.set_lr(rate);
        let loss = loss(&net.predict(&samples.images), &samples.targets);
        optimizer.backward_step(&loss);
        let loss = loss.double_value(&[]);
        ensure!(
            loss.is_finite(),
            "the loss is {loss}: try a lower --learning-rate than {}",
            self.options.learning_rate
        );
        let seconds = self.seconds();
        self.history.push(Step { seconds, loss });
        self.batch = Some(samples);
        Ok(())
    }

    /// Rises over the first twentieth of the training, then falls as a cosine to a hundredth.
    fn learning_rate(&self) -> f64 {
        let done = self.done().min(1.0);
        let warm = (done / 0.05).min(1.0);
        let fall = 0.5 * (1.0 + (std::f64::consts::PI * done).cos());
        self.options.learning_rate * (warm * fall).max(0.01)
    }

    fn state(&self, stats: &Stats, alive: usize) -> State {
        State {
            seconds: self.seconds(),
            images: self.images as u64,
            loss: (!self.history.is_empty())
                .then(|| mean(&self.history[self.history.len().saturating_sub(LOSS_BATCHES)..])),
            alive,
            missing: stats.missing,
            duplicated: stats.duplicated,
        }
    }

    fn finish(self, instances: &Instances, stats: Stats) -> Result<Box<Trained>> {
        let seconds = self.seconds();
        let (Some((net, _)), Some(batch)) = (self.net, self.batch) else {
            bail!(
                "{} images came in {seconds:.0} s and the first {} are held out: there was nothing \
                 to learn from; give more --seconds or a smaller --heldout",
                self.images,
                self.options.heldout
            );
        };
        let (blender, engine) = self.described;
        Ok(Box::new(Trained {
            instances: instances.count(),
            images: self.images,
            seconds,
            history: self.history,
            evaluation: Evaluation::of(&net, self.heldout.samples()),
            batch,
            stats,
            blender: blender.unwrap_or_else(|| instances.version()),
            engine: engine.unwrap_or_else(|| "unknown".to_owned()),
        }))
    }
}

#[allow(clippy::cast_precision_loss, reason = "a number of batches")]
fn mean(steps: &[Step]) -> f64 {
    steps.iter().map(|step| step.loss).sum::<f64>() / steps.len() as f64
}
