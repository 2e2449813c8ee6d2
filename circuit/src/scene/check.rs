//! What of a description cannot be, although it could be read.

use std::path::Path;

use super::device::{Device, LightModel, Values};
use super::view::CameraView;
use super::{ColorScale, Positions, SceneDescription, Show, array_file};
use crate::colors::ColorMap;
use crate::{Problems, meant, nearest};

/// The engines' names.
const ENGINES: [&str; 4] = ["cycles", "eevee", "plot", "workbench"];
/// A picture has so many pixels at most: 32768 x 32768, which are 16 GiB as Blender keeps them.
const PIXELS: u64 = 1 << 30;
/// Cycles takes so many samples at most.
const SAMPLES: u32 = 1 << 24;
/// The focal lengths in mm that Blender's cameras have.
const LENSES: std::ops::RangeInclusive<f64> = 1.0..=5000.0;
/// The last frame that Blender renders.
const LAST_FRAME: f64 = 1_048_573.0;

/// serde's words for an unknown key, with the one that was probably meant.
pub(super) fn unknown_key(words: &str) -> String {
    let quoted: Vec<&str> = words.split('`').skip(1).step_by(2).collect();
    let meant = match &quoted[..] {
        [wrong, known @ ..] if words.starts_with("unknown") => {
            nearest(wrong, known.iter().copied())
        }
        _ => None,
    };
    let words = words.split(" at line ").next().unwrap_or(words);
    match meant {
        Some(meant) => format!("{words}; did you mean `{meant}`?"),
        None => format!("{words}; `blendtorch schema network` prints all keys"),
    }
}

/// Adds what is wrong with it.
pub(super) fn check(scene: &SceneDescription, file: &Path, problems: &mut Problems) {
    let mut wrong = |key: &str, text: String| problems.error(file, key, text);
    cells(scene, &mut wrong);
    time(scene, &mut wrong);
    picture(scene, &mut wrong);
    for (key, show) in shows(scene) {
        for (name, number, zero) in show.numbers() {
            if number.is_some_and(|number| !above(number, zero)) {
                let least = if zero { "0 or more" } else { "above 0" };
                wrong(&format!("{key}.{name}"), format!("it must be {least}"));
            }
        }
    }
    for (key, scale) in scales(scene) {
        if let Err(unknown) = ColorMap::named(&scale.map) {
            wrong(&key, unknown.to_string());
        }
        if let (Some(low), Some(high)) = (scale.low, scale.high)
            && low >= high
        {
            wrong(&key, format!("`low` ({low}) must be below `high` ({high})"));
        }
    }
    for (number, device) in scene.devices.iter().enumerate() {
        one_device(device, &format!("devices[{number}]"), &mut wrong);
    }
    for path in scene.files() {
        if !path.is_file() {
            wrong("", format!("{} is not there", path.display()));
        }
    }
}

fn cells(scene: &SceneDescription, wrong: &mut dyn FnMut(&str, String)) {
    let placed = scene
        .populations
        .values()
        .any(|one| one.positions.is_some());
    match (&scene.network, placed) {
        (None, false) => wrong(
            "network",
            "no network is named: give a BSB file or a SONATA configuration, or `positions` of \
             populations"
                .into(),
        ),
        (Some(_), true) => wrong(
            "populations",
            "`positions` are for scenes without a network's file".into(),
        ),
        _ => {}
    }
    for (name, style) in &scene.populations {
        let key = format!("populations.{name}");
        if scene.network.is_none() && style.positions.is_none() {
            wrong(&key, "it has no `positions`".into());
        }
        if style.radius.is_some_and(|radius| !above(radius, false)) {
            wrong(&format!("{key}.radius"), "it must be above 0, in µm".into());
        }
        if style
            .opacity
            .is_some_and(|opacity| !(0.0..=1.0).contains(&opacity))
        {
            wrong(&format!("{key}.opacity"), "it must be from 0 to 1".into());
        }
        match &style.positions {
            Some(Positions::Inline(rows)) if rows.iter().flatten().any(|one| !one.is_finite()) => {
                wrong(&format!("{key}.positions"), "one is no number".into());
            }
            Some(Positions::File(text)) => {
                let (path, array) = array_file(text);
                let kind = path.extension().and_then(|kind| kind.to_str());
                let known = matches!(kind, Some("npy" | "npz" | "h5" | "hdf5"));
                if !known || (kind != Some("npy") && array.is_none()) {
                    wrong(
                        &format!("{key}.positions"),
                        format!(
                            "{text:?} names no array: write cells.npy, cells.npz:name or \
                             cells.h5:/path"
                        ),
                    );
                }
            }
            _ => {}
        }
    }
}

fn time(scene: &SceneDescription, wrong: &mut dyn FnMut(&str, String)) {
    let time = &scene.time;
    if !(1.0..=1000.0).contains(&time.fps) {
        wrong("time.fps", "it must be from 1 to 1000".into());
    }
    if !above(time.ms_per_s, false) {
        wrong("time.ms_per_s", "it must be above 0".into());
    }
    if time.stop_ms.is_some_and(|stop| stop <= time.start_ms) {
        wrong("time.stop_ms", "it must be after `start_ms`".into());
    }
    if let Some(frame) = time.stop_ms.map(|stop| time.frame(stop).ceil())
        && frame > LAST_FRAME
    {
        let text = format!(
            "it is at frame {frame}, and Blender's last one is {LAST_FRAME}: take a greater `ms_per_s`"
        );
        wrong("time.stop_ms", text);
    }
}

fn picture(scene: &SceneDescription, wrong: &mut dyn FnMut(&str, String)) {
    if let Some(engine) = &scene.engine
        && !ENGINES.contains(&engine.as_str())
    {
        let meant = meant(engine, ENGINES);
        wrong(
            "engine",
            format!("{engine:?} is none of {}{meant}", ENGINES.join(", ")),
        );
    }
    if let Some(size) = &scene.resolution
        && let Err(text) = resolution(size)
    {
        wrong("resolution", text);
    }
    for (axis, [low, high]) in scene.axes.limits() {
        if !(low.is_finite() && high.is_finite() && low < high) {
            let text = format!("its low end ({low}) must be below its high one ({high})");
            wrong(&format!("axes.{axis}"), text);
        }
    }
    if let Some(samples) = scene.samples.filter(|one| !(1..=SAMPLES).contains(one)) {
        let text = format!("{samples} is not from 1 to {SAMPLES}");
        wrong("samples", text);
    }
    let lens = match &scene.camera {
        CameraView::Angle(angle) => angle.lens,
        CameraView::Place(place) => place.lens,
        CameraView::Word(_) => None,
    };
    if let Some(lens) = lens.filter(|lens| !LENSES.contains(lens)) {
        let (least, most) = (LENSES.start(), LENSES.end());
        let text = format!("{lens} is not from {least} to {most} mm");
        wrong("camera.lens", text);
    }
    match &scene.camera {
        CameraView::Place(place) if place.location == place.look_at => {
            wrong("camera", "`location` and `look_at` are the same".into());
        }
        CameraView::Angle(angle) if angle.distance.is_some_and(|far| !above(far, false)) => {
            wrong("camera.distance", "it must be above 0, in µm".into());
        }
        _ => {}
    }
}

/// What is wrong with a size of pictures, in words.
fn resolution(size: &str) -> Result<(), String> {
    let side = |text: &str| {
        let side = text.parse::<u64>().ok();
        side.filter(|side| (4..=65536).contains(side))
    };
    let sides = size.split_once('x');
    let Some((width, height)) = sides.and_then(|(w, h)| Some((side(w)?, side(h)?))) else {
        return Err(format!(
            "{size:?}: write width x height as 640x480, each from 4 to 65536"
        ));
    };
    if width * height > PIXELS {
        return Err(format!(
            "{size} are {} million pixels, and a picture has {} million at most, as 32768x32768: \
             more than 16 GiB cannot be drawn",
            width * height / 1_000_000,
            PIXELS / 1_000_000
        ));
    }
    Ok(())
}

fn one_device(device: &Device, key: &str, wrong: &mut dyn FnMut(&str, String)) {
    match device {
        Device::Light {
            coords,
            direction,
            wavelength_nm,
            max_value,
            values,
            model,
            ..
        } => {
            if coords.is_empty() {
                wrong(&format!("{key}.coords"), "it has no source".into());
            }
            if direction.len() != 1 && direction.len() != coords.len() {
                wrong(
                    &format!("{key}.direction"),
                    format!("give one, or one for each of {} sources", coords.len()),
                );
            }
            if direction.iter().any(|to| to.iter().all(|one| *one == 0.0)) {
                wrong(&format!("{key}.direction"), "one has no length".into());
            }
            if !(100.0..=10_000.0).contains(wavelength_nm) {
                wrong(
                    &format!("{key}.wavelength_nm"),
                    "it must be from 100 to 10000 nm".into(),
                );
            }
            if max_value.is_some_and(|most| !above(most, false)) {
                wrong(&format!("{key}.max_value"), "it must be above 0".into());
            }
            if values.is_some() && max_value.is_none() {
                wrong(
                    &format!("{key}.max_value"),
                    "a light with values has no maximum: say at which value it is brightest".into(),
                );
            }
            match values {
                Some(Values::Constant(values)) if values.len() != coords.len() => wrong(
                    &format!("{key}.values"),
                    format!("{} values of {} sources", values.len(), coords.len()),
                ),
                Some(Values::Series(series)) if !above(series.dt_ms, false) => {
                    wrong(&format!("{key}.values.dt_ms"), "it must be above 0".into());
                }
                _ => {}
            }
            if let LightModel::Koehler { radius, zmax } = model
                && !(above(*radius, false) && above(*zmax, false))
            {
                wrong(
                    &format!("{key}.model"),
                    "`radius` and `zmax` must be above 0".into(),
                );
            }
        }
        Device::Probe { coords, .. } if coords.is_empty() => {
            wrong(&format!("{key}.coords"), "it has no contact".into());
        }
        Device::Scope {
            img_width,
            focus_depth,
            ..
        } if !(above(*img_width, false) && above(*focus_depth, true)) => wrong(
            key,
            "`img_width` must be above 0 and `focus_depth` 0 or more, in µm".into(),
        ),
        Device::Scope {
            range: Some([low, high]),
            ..
        } if !(low.is_finite() && high.is_finite() && low < high) => wrong(
            &format!("{key}.range"),
            format!("its low end ({low}) must be below its high one ({high})"),
        ),
        _ => {}
    }
}

fn shows(scene: &SceneDescription) -> impl Iterator<Item = (String, &Show)> {
    let all = scene.show.iter().map(|show| ("show".to_owned(), show));
    let own = scene.populations.iter().filter_map(|(name, style)| {
        let show = style.show.as_ref()?;
        Some((format!("populations.{name}.show"), show))
    });
    all.chain(own)
}

fn scales(scene: &SceneDescription) -> impl Iterator<Item = (String, &ColorScale)> {
    let all = scene.colors.iter().map(|one| ("colors".to_owned(), one));
    let own = scene.populations.iter().filter_map(|(name, style)| {
        let scale = style.colors.as_ref()?;
        Some((format!("populations.{name}.colors"), scale))
    });
    all.chain(own)
}

fn above(number: f64, zero: bool) -> bool {
    number.is_finite() && (number > 0.0 || (zero && number == 0.0))
}
