//! What the instances measured in each phase, put together.

use serde::Deserialize;

/// What one instance measured in one phase.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Phase {
    publishing: bool,
    /// Those that started in it.
    frames: u32,
    /// Of these frames, to the end of the last one.
    seconds: f64,
    /// Processor seconds of the process.
    cpu: f64,
    randomise: f64,
    render: f64,
    read_back: f64,
    publish: f64,
    wait: f64,
}

/// The frames of all instances in a phase.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Frames {
    /// Of all instances in a second.
    pub(super) per_second: f64,
    /// Milliseconds of a frame in one instance: the stages, and what Python does between them.
    pub(super) ms: f64,
    /// Processor milliseconds of a frame.
    pub(super) cpu_ms: f64,
    pub(super) stages: Stages,
}

/// Milliseconds of a frame in each stage.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Stages {
    pub(super) randomise: f64,
    pub(super) render: f64,
    pub(super) read_back: f64,
    pub(super) publish: f64,
    pub(super) wait: f64,
}

/// A phase in which all published, and its neighbour in which none did.
#[derive(Clone, Copy, Debug)]
pub(super) struct Round {
    pub(super) publishing: Frames,
    pub(super) silent: Frames,
}

/// The rounds in which every instance made a frame of both kinds.
pub(super) fn rounds(reports: &[Vec<Phase>]) -> Vec<Round> {
    let phases = reports.iter().map(Vec::len).min().unwrap_or_default();
    let all = |phase: usize| -> Vec<_> { reports.iter().map(|report| &report[phase]).collect() };
    let pair = |first: usize| {
        let (one, other) = (Frames::of(&all(first))?, Frames::of(&all(first + 1))?);
        let publishes = all(first).iter().all(|phase| phase.publishing);
        let (publishing, silent) = match publishes {
            true => (one, other),
            false => (other, one),
        };
        Some(Round { publishing, silent })
    };
    (0..phases / 2)
        .filter_map(|round| pair(2 * round))
        .collect()
}

impl Frames {
    /// `None` where an instance made no frame.
    fn of(instances: &[&Phase]) -> Option<Self> {
        if instances.iter().any(|phase| phase.frames == 0) {
            return None;
        }
        let sum =
            |value: fn(&Phase) -> f64| instances.iter().map(|phase| value(phase)).sum::<f64>();
        let frames = sum(|phase| f64::from(phase.frames));
        let ms = |seconds| sum(seconds) * 1e3 / frames;
        Some(Self {
            per_second: sum(|phase| f64::from(phase.frames) / phase.seconds),
            ms: ms(|phase| phase.seconds),
            cpu_ms: ms(|phase| phase.cpu),
            stages: Stages {
                randomise: ms(|phase| phase.randomise),
                render: ms(|phase| phase.render),
                read_back: ms(|phase| phase.read_back),
                publish: ms(|phase| phase.publish),
                wait: ms(|phase| phase.wait),
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn phase(publishing: bool, frames: u32, seconds: f64) -> Phase {
        Phase {
            publishing,
            frames,
            seconds,
            render: seconds,
            ..Phase::default()
        }
    }

    #[test]
    fn rates_add_up_and_a_phase_without_frames_leaves_its_round_out() {
        let one = [
            phase(true, 10, 1.0),
            phase(false, 20, 1.0),
            phase(false, 4, 1.0),
            phase(true, 0, 0.0),
        ];
        let other = [
            phase(true, 10, 2.0),
            phase(false, 5, 1.0),
            phase(false, 4, 1.0),
            phase(true, 4, 1.0),
        ];
        let rounds = rounds(&[one.to_vec(), other.to_vec()]);
        assert_eq!(rounds.len(), 1);
        assert_eq!(rounds[0].publishing.per_second, 15.0);
        assert_eq!(rounds[0].silent.per_second, 25.0);
        assert_eq!(rounds[0].publishing.stages.render, 150.0);
    }
}
