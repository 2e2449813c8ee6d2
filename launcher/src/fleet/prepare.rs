//! What a fleet is made of, before any of its processes starts: addresses, a Blender, pages of memory.
//!
//! Owns those looks, and whose file an error is about. It must never start an instance.

use std::ffi::OsStr;
use std::sync::Arc;

use blendtorch_blender::{Answers, Blender, VARIABLE, discover_named, package, scenes};
use blendtorch_channels::control::Page;

use crate::addresses::Addresses;
use crate::{DescriptionError, LaunchDescription, LaunchError};

/// All that can be seen to be wrong before anything is started: the addresses, and a Blender that runs
/// the description.
pub(super) fn prepare(
    description: &LaunchDescription,
    answers: &Answers,
) -> Result<(Addresses, Blender), LaunchError> {
    let file = || description.file.clone();
    let addresses = plan(description)?;
    let named = description.named_blender();
    let python_path = description.env.get("PYTHONPATH").map(OsStr::new);
    let found = discover_named(named, answers).and_then(|blender| {
        package::check(&blender, python_path, answers)?;
        Ok(blender)
    });
    let blender = found.map_err(|error| {
        let elsewhere = std::env::var_os(VARIABLE).is_some_and(|place| !place.is_empty());
        let key = named.map(|(key, _)| key);
        LaunchError::Discover {
            file: file(),
            key: key.or((!elsewhere).then_some("blender")),
            error,
        }
    })?;
    let in_file = in_file(description);
    if let Some(scene) = &description.scene {
        scenes::opens(&blender, scene, answers)
            .map_err(DescriptionError::of_scene)
            .map_err(&in_file)?;
    }
    Ok((addresses, blender))
}

pub(super) fn plan(description: &LaunchDescription) -> Result<Addresses, LaunchError> {
    Addresses::plan(description).map_err(|error| LaunchError::Address {
        file: description.file.clone(),
        error,
    })
}

/// A page of memory for each instance, as far as there are any to be had.
pub(super) fn pages(instances: usize, warnings: &mut Vec<String>) -> Vec<Option<Arc<Page>>> {
    let make = |index| Page::create(&format!("blendtorch-instance-{index}"));
    let made: Result<Vec<_>, _> = (0..instances).map(make).collect();
    match made {
        Ok(pages) => pages.into_iter().map(|page| Some(Arc::new(page))).collect(),
        Err(error) => {
            warnings.push(format!(
                "{error}. Whether an instance hangs cannot be seen, nor what is lost where one is killed"
            ));
            vec![None; instances]
        }
    }
}

/// Says of an error whose file it is about.
pub(super) fn in_file(description: &LaunchDescription) -> impl Fn(DescriptionError) -> LaunchError {
    |error| error.in_file(description.file.as_deref()).into()
}
