//! The blendtorch wheel that goes into the managed Blender.
//!
//! Owns the looks at wheel files. It must never install.

use std::path::Path;

use super::error::SetupError;
use crate::managed::WheelStamp;

/// The stamp of a wheel file, after seeing that it is one.
pub(super) fn stamp(wheel: &Path) -> Result<WheelStamp, SetupError> {
    let no = |problem: String| SetupError::Wheel {
        wheel: wheel.into(),
        problem,
    };
    if wheel.extension().is_none_or(|ending| ending != "whl") {
        return Err(no("this is not a .whl file".into()));
    }
    WheelStamp::of(wheel).map_err(|e| no(e.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wheel_is_known_by_its_stamp() {
        let folder = tempfile::tempdir().unwrap();
        let wheel = folder
            .path()
            .join("blendtorch-0.1.0-cp311-abi3-linux_x86_64.whl");
        let said = stamp(&wheel).unwrap_err().to_string();
        assert!(
            said.contains("--wheel") && said.contains("maturin"),
            "{said}"
        );
        std::fs::write(&wheel, "one").unwrap();
        let first = stamp(&wheel).unwrap();
        assert_eq!(first, stamp(&wheel).unwrap());
        std::fs::write(&wheel, "three").unwrap();
        assert_ne!(first, stamp(&wheel).unwrap());
        assert!(
            stamp(Path::new("/etc/passwd"))
                .unwrap_err()
                .to_string()
                .contains("not a .whl")
        );
    }
}
