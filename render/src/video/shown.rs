//! How the values of a pass are shown: as contact sheets show them, by ranges that are the same for
//! all frames.
//!
//! Owns which channels of a file are looked at.

use super::planes::{Plane, Planes};
use crate::write::Pass;
use crate::write::sheet::colors::{Colors, id, unit};

/// The pixels of a pass, three bytes each; none of the passes are pictures of linear light.
pub(super) fn show(
    pass: Option<Pass>,
    planes: &Planes,
    colors: &Colors,
) -> Result<Vec<u8>, String> {
    let find = |name: &str| {
        let mut all = planes.all.iter();
        all.find(|(own, _)| own == name).map(|(_, plane)| plane)
    };
    let several = |names: [&str; 3]| -> Option<[&Plane; 3]> {
        let [a, b, c] = names.map(find);
        Some([a?, b?, c?])
    };
    let floats = |[a, b, c]: [&Plane; 3], at| [a.float(at), b.float(at), c.float(at)];
    let light = |rgb: [f32; 3]| rgb.map(|value| colors.light(value));
    let shown = match pass {
        None | Some(Pass::Frames | Pass::Composites | Pass::Emission) => {
            let found = several(["R", "G", "B"]).or_else(|| several(["Y"; 3]));
            found.map(|rgb| each(planes, |at| light(floats(rgb, at))))
        }
        Some(Pass::Depths) => {
            let found = find("V").or_else(|| find("R"));
            found.map(|depth| each(planes, |at| colors.depth(depth.float(at))))
        }
        Some(Pass::Normals) => several(["R", "G", "B"]).map(|xyz| {
            each(planes, |at| match floats(xyz, at) {
                [0.0, 0.0, 0.0] => [128; 3],
                normal => unit(normal),
            })
        }),
        Some(Pass::Flows) => match (find("forward.x"), find("forward.y"), find("B"), find("A")) {
            (Some(x), Some(y), _, _) => {
                Some(each(planes, |at| colors.flow(x.float(at), y.float(at))))
            }
            // As Blender has it: minus motion to the next frame, y up.
            (_, _, Some(x), Some(y)) => {
                Some(each(planes, |at| colors.flow(-x.float(at), y.float(at))))
            }
            _ => None,
        },
        Some(Pass::Segmentations) => {
            let found = find("instance").or_else(|| find("V"));
            found.map(|ids| each(planes, |at| id(ids.id(at))))
        }
        Some(Pass::Materials) => find("material").map(|ids| each(planes, |at| id(ids.id(at)))),
        Some(Pass::Diffuse | Pass::Specular) => {
            let parts = |part: &str| ["R", "G", "B"].map(|letter| format!("{part}.{letter}"));
            let part = |part: &str| {
                let [r, g, b] = parts(part);
                several([&r, &g, &b])
            };
            let found = part("direct").or_else(|| part("light"));
            found.map(|rgb| each(planes, |at| light(floats(rgb, at))))
        }
        Some(Pass::Points) => several(["X", "Y", "Z"]).map(|xyz| {
            each(planes, |at| {
                unit(floats(xyz, at).map(|value| value / (value.abs() + 4.0)))
            })
        }),
        Some(Pass::Cryptomatte) => {
            return Err(
                "cryptomatte is not shown; render with --previews and choose previews".into(),
            );
        }
    };
    shown.ok_or_else(|| {
        let names: Vec<_> = planes.all.iter().map(|(name, _)| name.as_str()).collect();
        let pass = pass.map_or("a picture", Pass::name);
        format!(
            "it holds no {pass} that could be shown; its channels are {}",
            names.join(", ")
        )
    })
}

fn each(planes: &Planes, color: impl FnMut(usize) -> [u8; 3]) -> Vec<u8> {
    (0..planes.width * planes.height).flat_map(color).collect()
}

/// The names that the channels of a pass have in the order of an NPY file. `a2`: as VisionSim 0.1.0a2.
pub(super) fn names(pass: Option<Pass>, count: usize, a2: bool) -> &'static [&'static str] {
    match pass {
        Some(Pass::Depths) => &["V"],
        Some(Pass::Flows) if !a2 => &["forward.x", "forward.y", "backward.x", "backward.y"],
        Some(Pass::Segmentations) => &["instance", "category"],
        Some(Pass::Materials) => &["material"],
        Some(Pass::Points) => &["X", "Y", "Z"],
        Some(Pass::Diffuse | Pass::Specular) => &["light.R", "light.G", "light.B"],
        _ if count == 1 => &["Y"],
        _ => &["R", "G", "B", "A"],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(name: &str, plane: Plane) -> Planes {
        Planes {
            width: 2,
            height: 1,
            all: vec![(name.to_owned(), plane)],
        }
    }

    #[test]
    fn ids_depths_and_light_are_shown_as_on_contact_sheets() {
        let colors = Colors::default();
        let show = |pass, planes: &Planes| show(Some(pass), planes, &colors);
        let ids = one("instance", Plane::Ids(vec![0, 7]));
        let shown = show(Pass::Segmentations, &ids).unwrap();
        assert_eq!((&shown[..3], &shown[3..]), (&[0; 3][..], &id(7)[..]));
        let depths = one("V", Plane::Floats(vec![1e10, 2.0]));
        let shown = show(Pass::Depths, &depths).unwrap();
        assert_eq!(
            (&shown[..3], &shown[3..]),
            (&[0; 3][..], &colors.depth(2.0)[..])
        );
        let grey = one("Y", Plane::Floats(vec![0.0, 1.0]));
        assert_eq!(show(Pass::Frames, &grey).unwrap(), [0, 0, 0, 255, 255, 255]);
    }

    #[test]
    fn channels_that_are_not_there_are_said() {
        let planes = one("Combined.Q", Plane::Floats(vec![0.0; 2]));
        let said = show(Some(Pass::Flows), &planes, &Colors::default()).unwrap_err();
        assert!(
            said.contains("no flows") && said.contains("Combined.Q"),
            "{said}"
        );
        let said = show(Some(Pass::Cryptomatte), &planes, &Colors::default()).unwrap_err();
        assert!(said.contains("--previews"), "{said}");
    }
}
