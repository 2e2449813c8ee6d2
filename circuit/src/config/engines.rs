//! Which engine a part of a configuration is for.
//!
//! Owns the engines' names. It knows nothing of what they do.

use std::fmt;

/// An engine that runs configurations, by the name of its package in BMTK.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Engine {
    /// Cells with morphologies: NEURON.
    BioNet,
    /// Point neurons: the native engine, or NEST.
    PointNet,
    /// Filters that make firing rates of movies.
    FilterNet,
    /// Firing rates of populations.
    PopNet,
}

impl Engine {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::BioNet, Self::PointNet, Self::FilterNet, Self::PopNet];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::BioNet => "BioNet",
            Self::PointNet => "PointNet",
            Self::FilterNet => "FilterNet",
            Self::PopNet => "PopNet",
        }
    }

    const fn bit(self) -> u8 {
        match self {
            Self::BioNet => 1,
            Self::PointNet => 2,
            Self::FilterNet => 4,
            Self::PopNet => 8,
        }
    }
}

/// Some engines: those that heed a key, an input or a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Engines(u8);

impl Engines {
    /// None: the key is known, from Blue Brain's simulator or as a note, and nothing heeds it.
    pub const NONE: Self = Self(0);
    /// Cells with morphologies only.
    pub const BIONET: Self = Self(Engine::BioNet.bit());
    /// Point neurons only.
    pub const POINTNET: Self = Self(Engine::PointNet.bit());
    /// Filters only.
    pub const FILTERNET: Self = Self(Engine::FilterNet.bit());
    /// Populations only.
    pub const POPNET: Self = Self(Engine::PopNet.bit());
    /// Everything that spikes cell by cell: [`Engines::BIONET`] and [`Engines::POINTNET`].
    pub const CELLS: Self = Self(1 | 2);
    /// All.
    pub const ALL: Self = Self(15);

    /// These and those.
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether the engine is one of them.
    pub const fn contains(self, engine: Engine) -> bool {
        self.0 & engine.bit() != 0
    }

    /// They, one by one.
    pub fn iter(self) -> impl Iterator<Item = Engine> {
        Engine::ALL
            .into_iter()
            .filter(move |one| self.contains(*one))
    }
}

impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for Engines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut names = self.iter().map(Engine::name).peekable();
        if names.peek().is_none() {
            return f.write_str("no engine here");
        }
        let mut first = true;
        while let Some(name) = names.next() {
            match (first, names.peek()) {
                (true, _) => {}
                (false, Some(_)) => f.write_str(", ")?,
                (false, None) => f.write_str(" and ")?,
            }
            f.write_str(name)?;
            first = false;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn engines_are_said_in_words() {
        assert_eq!(Engines::NONE.to_string(), "no engine here");
        assert_eq!(Engines::BIONET.to_string(), "BioNet");
        assert_eq!(Engines::CELLS.to_string(), "BioNet and PointNet");
        assert_eq!(
            Engines::ALL.to_string(),
            "BioNet, PointNet, FilterNet and PopNet"
        );
    }
}
