//! Versions of Blender.

use serde::{Deserialize, Serialize};

/// The `bpy` version `blendtorch setup` installs unless told otherwise.
pub const DEFAULT_BPY_VERSION: &str = "4.5.15";

/// A version of Blender.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Version {
    /// Major, the 4 of 4.5.15.
    pub major: u32,
    /// Minor, the 5 of 4.5.15.
    pub minor: u32,
    /// Patch, the 15 of 4.5.15.
    pub patch: u32,
}

impl std::fmt::Display for Version {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

impl std::str::FromStr for Version {
    type Err = String;

    /// Takes `major.minor` and `major.minor.patch`.
    fn from_str(text: &str) -> Result<Self, String> {
        let numbers: Result<Vec<u32>, _> = text.split('.').map(str::parse).collect();
        match numbers.as_deref() {
            Ok([major, minor]) => Ok(Self {
                major: *major,
                minor: *minor,
                patch: 0,
            }),
            Ok([major, minor, patch]) => Ok(Self {
                major: *major,
                minor: *minor,
                patch: *patch,
            }),
            _ => Err(format!(
                "{text:?} is not a version such as {DEFAULT_BPY_VERSION}"
            )),
        }
    }
}

impl TryFrom<String> for Version {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Version> for String {
    fn from(version: Version) -> Self {
        version.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::Version;

    #[test]
    fn versions_are_read_and_compared_by_number() {
        let version = |text: &str| text.parse::<Version>();
        assert_eq!(version("4.5"), version("4.5.0"));
        assert!(version("4.10.0").unwrap() > version("4.9.3").unwrap());
        for text in ["", "4", "4.x", "4.5.1.2", "-4.5"] {
            assert!(
                version(text).unwrap_err().contains("is not a version"),
                "{text}"
            );
        }
    }
}
