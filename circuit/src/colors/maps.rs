//! The colour maps.

use thiserror::Error;

use crate::nearest;

/// Why there are no colours.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ColorError {
    /// No map has that name.
    #[error("there is no colour map {name:?}{}; there are: {}", meant(.near.as_deref()), names())]
    Unknown {
        /// What was asked for.
        name: String,
        /// What was probably meant.
        near: Option<String>,
    },
    /// A range that is none.
    #[error("colours from {low} to {high}: two finite numbers are needed, the lower one first")]
    Range {
        /// Its start.
        low: f64,
        /// Its end.
        high: f64,
    },
    /// A number of colours that cannot be.
    #[error("{0} colours: from 2 to 65,536 can be had")]
    Number(usize),
    /// Values and colours have different lengths.
    #[error("{values} values and {colors} colours")]
    Lengths {
        /// Of the values.
        values: usize,
        /// Of the colours.
        colors: usize,
    },
}

/// A colour map. Those but `Turbo` and `RdBu` grow evenly lighter; `RdBu`, reversed, is lightest in its
/// middle, for values that go both ways.
///
/// Sources: matplotlib's tables of viridis, magma, inferno and plasma, the published approximations of
/// cividis (Nuñez, Anderton, Renslow 2018) and turbo (Mikhailov 2019), and ColorBrewer's RdBu, all as the
/// crate `colorous` has them from d3-scale-chromatic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ColorMap {
    /// Dark blue over green to yellow.
    Viridis,
    /// Black over purple to light yellow.
    Magma,
    /// Black over red to light yellow.
    Inferno,
    /// Blue over red to yellow.
    Plasma,
    /// Blue over grey to yellow; made for eyes that do not tell red from green.
    Cividis,
    /// Black to white.
    Gray,
    /// A rainbow that is smooth; its lightness rises and falls.
    Turbo,
    /// Blue over white to red.
    RdBuReversed,
}

impl ColorMap {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Viridis,
        Self::Magma,
        Self::Inferno,
        Self::Plasma,
        Self::Cividis,
        Self::Gray,
        Self::Turbo,
        Self::RdBuReversed,
    ];

    /// Its name, which is matplotlib's.
    pub fn name(self) -> &'static str {
        match self {
            Self::Viridis => "viridis",
            Self::Magma => "magma",
            Self::Inferno => "inferno",
            Self::Plasma => "plasma",
            Self::Cividis => "cividis",
            Self::Gray => "gray",
            Self::Turbo => "turbo",
            Self::RdBuReversed => "RdBu_r",
        }
    }

    /// The map of that name, however it is capitalised.
    ///
    /// # Errors
    /// There is none.
    pub fn named(name: &str) -> Result<Self, ColorError> {
        let found = Self::ALL
            .into_iter()
            .find(|map| map.name().eq_ignore_ascii_case(name));
        found.ok_or_else(|| ColorError::Unknown {
            name: name.to_owned(),
            near: nearest(name, Self::ALL.map(Self::name)).map(str::to_owned),
        })
    }

    /// The colour at `x`, from 0 to 1.
    #[allow(
        clippy::cast_possible_truncation,
        reason = "single precision is enough for a colour"
    )]
    pub fn at(self, x: f64) -> [f32; 3] {
        let x = x.clamp(0.0, 1.0);
        let gradient = match self {
            Self::Gray => return [x as f32; 3],
            Self::Viridis => colorous::VIRIDIS,
            Self::Magma => colorous::MAGMA,
            Self::Inferno => colorous::INFERNO,
            Self::Plasma => colorous::PLASMA,
            Self::Cividis => colorous::CIVIDIS,
            Self::Turbo => colorous::TURBO,
            Self::RdBuReversed => {
                return colorous::RED_BLUE
                    .eval_continuous(1.0 - x)
                    .as_array()
                    .map(|one| f32::from(one) / 255.0);
            }
        };
        gradient
            .eval_continuous(x)
            .as_array()
            .map(|one| f32::from(one) / 255.0)
    }

    /// So many colours at even distances, the first and the last one included.
    ///
    /// # Errors
    /// They are fewer than 2 or more than 65,536.
    #[allow(clippy::cast_precision_loss, reason = "few colours are asked for")]
    pub fn colors(self, number: usize) -> Result<Vec<[f32; 3]>, ColorError> {
        if !(2..=65_536).contains(&number) {
            return Err(ColorError::Number(number));
        }
        let last = (number - 1) as f64;
        Ok((0..number).map(|at| self.at(at as f64 / last)).collect())
    }
}

fn meant(near: Option<&str>) -> String {
    near.map_or_else(String::new, |near| format!("; did you mean {near:?}?"))
}

fn names() -> String {
    ColorMap::ALL.map(ColorMap::name).join(", ")
}
