//! What a fleet is made of, before any of its processes starts: addresses, a Blender, pages of memory.
//!
//! Owns those looks, and whose file an error is about. It must never start an instance.

use std::ffi::OsStr;
use std::sync::Arc;

use blendtorch_blender::{Answers, Blender, VARIABLE, discover_named, package, scenes};
use blendtorch_channels::control::{Page, PageError};

use super::begun::{Beginning, Part};
use crate::addresses::Addresses;
use crate::{DescriptionError, LaunchDescription, LaunchError};

/// All that can be seen to be wrong before anything is started: the addresses, and a Blender that runs
/// the description.
pub(super) fn prepare(
    description: &LaunchDescription,
    answers: &Answers,
) -> Result<(Addresses, Blender), LaunchError> {
    let addresses = plan(description)?;
    Ok((addresses, prepare_blender(description, answers)?))
}

/// A Blender that runs the description.
pub(super) fn prepare_blender(
    description: &LaunchDescription,
    answers: &Answers,
) -> Result<Blender, LaunchError> {
    let file = || description.file.clone();
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
    Ok(blender)
}

pub(super) fn plan(description: &LaunchDescription) -> Result<Addresses, LaunchError> {
    Addresses::plan(description).map_err(|error| LaunchError::Address {
        file: description.file.clone(),
        error,
    })
}

/// The addresses of those instances that are this host's.
pub(super) fn plan_part(
    description: &LaunchDescription,
    part: &Part,
) -> Result<Addresses, LaunchError> {
    let only: Vec<_> = part.instances.iter().map(|one| one.index).collect();
    Addresses::plan_part(description, &only, part.ip).map_err(|error| LaunchError::Address {
        file: description.file.clone(),
        error,
    })
}

/// A page of memory for each instance that is here, as far as there are any to be had.
pub(super) fn pages(
    here: &[Option<Beginning>],
    warnings: &mut Vec<String>,
) -> Vec<Option<Arc<Page>>> {
    let make = |(index, beginning): (usize, &Option<Beginning>)| {
        let Some(beginning) = beginning else {
            return Ok(None);
        };
        let page = Page::create(&format!("blendtorch-instance-{index}"))?;
        page.set_resume(beginning.resume);
        Ok::<_, PageError>(Some(Arc::new(page)))
    };
    let made: Result<Vec<_>, _> = here.iter().enumerate().map(make).collect();
    match made {
        Ok(pages) => pages,
        Err(error) => {
            warnings.push(format!(
                "{error}. Whether an instance hangs cannot be seen, nor what is lost where one is killed"
            ));
            vec![None; here.len()]
        }
    }
}

/// Says of an error whose file it is about.
pub(super) fn in_file(description: &LaunchDescription) -> impl Fn(DescriptionError) -> LaunchError {
    |error| error.in_file(description.file.as_deref()).into()
}
