//! The neuron models by NEST's names, and what of each can be recorded.

/// A neuron model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// Leaky, with exponential synaptic currents.
    IafPscExp,
    /// Leaky, with alpha-shaped synaptic currents.
    IafPscAlpha,
    /// Leaky; a spike moves the voltage at once.
    IafPscDelta,
    /// Izhikevich's (2003), with either integration.
    Izhikevich,
    /// The Allen Institute's generalised leaky neurons: five combinations of mechanisms.
    GlifPsc,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::IafPscExp,
        Self::IafPscAlpha,
        Self::IafPscDelta,
        Self::Izhikevich,
        Self::GlifPsc,
    ];

    /// The model of a name as NEST has it, `iaf_psc_exp`, or SONATA, `nest:iaf_psc_exp`.
    pub fn from_name(name: &str) -> Option<Self> {
        let name = name.strip_prefix("nest:").unwrap_or(name);
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// NEST's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::IafPscExp => "iaf_psc_exp",
            Self::IafPscAlpha => "iaf_psc_alpha",
            Self::IafPscDelta => "iaf_psc_delta",
            Self::Izhikevich => "izhikevich",
            Self::GlifPsc => "glif_psc",
        }
    }

    /// NEST's names of all models.
    pub fn names() -> impl Iterator<Item = &'static str> {
        Self::ALL.into_iter().map(Self::name)
    }

    /// What a multimeter can record of it, by NEST's names. All are `f64`: voltages and thresholds in
    /// mV, currents in pA.
    pub fn recordables(self) -> &'static [&'static str] {
        match self {
            Self::IafPscExp | Self::IafPscAlpha => &["V_m", "I_syn_ex", "I_syn_in"],
            Self::IafPscDelta => &["V_m"],
            Self::Izhikevich => &["V_m", "U_m"],
            Self::GlifPsc => &[
                "V_m",
                "ASCurrents_sum",
                "I",
                "I_syn",
                "threshold",
                "threshold_spike",
                "threshold_voltage",
            ],
        }
    }

    /// The unit of a recordable, as SONATA's reports name it; none of an unknown name.
    pub fn unit(self, recordable: &str) -> Option<&'static str> {
        self.recordables().iter().find(|one| **one == recordable)?;
        Some(match recordable {
            "I" | "I_syn" | "I_syn_ex" | "I_syn_in" | "ASCurrents_sum" => "pA",
            _ => "mV",
        })
    }

    /// Where a recordable stands in [`Self::recordables`].
    pub(crate) fn recordable(self, name: &str) -> Option<usize> {
        self.recordables().iter().position(|one| *one == name)
    }

    /// Whether a spike that arrives at the end of a step acts on the voltage only in the next one.
    /// Such a cell may learn of the spikes of a step one step later.
    pub(crate) fn late(self) -> bool {
        matches!(self, Self::IafPscExp | Self::IafPscAlpha | Self::GlifPsc)
    }
}
