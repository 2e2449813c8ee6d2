use std::fs;
use std::path::{Path, PathBuf};

use super::{OutputFolder, Overwrite, RECORD};

fn run(folder: &Path, names: &[&str]) -> Vec<PathBuf> {
    let files: Vec<_> = names.iter().map(|name| folder.join(name)).collect();
    let output = OutputFolder::take(folder, &files).unwrap();
    for file in &files {
        fs::write(output.unfinished(file), "new").unwrap();
    }
    output.finish().unwrap()
}

/// BMTK removes the folder of the output with all that is in it.
#[test]
fn what_others_wrote_into_the_folder_stays() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("thesis.tex"), "mine").unwrap();
    run(folder.path(), &["spikes.h5", "v.h5"]);
    let there = run(folder.path(), &["spikes.h5"]);
    assert_eq!(there, [folder.path().join("spikes.h5")]);
    assert_eq!(
        fs::read_to_string(folder.path().join("thesis.tex")).unwrap(),
        "mine"
    );
    assert!(
        !folder.path().join("v.h5").exists(),
        "a file of our earlier run"
    );
}

#[test]
fn an_earlier_output_stays_until_the_new_one_is_whole() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("spikes.h5");
    run(folder.path(), &["spikes.h5"]);
    fs::write(&file, "old").unwrap();
    let output = OutputFolder::take(folder.path(), std::slice::from_ref(&file)).unwrap();
    fs::write(output.unfinished(&file), "half").unwrap();
    drop(output);
    assert_eq!(fs::read_to_string(&file).unwrap(), "old");
    let names: Vec<_> = fs::read_dir(folder.path())
        .unwrap()
        .map(|one| one.unwrap().file_name())
        .collect();
    assert_eq!(names.len(), 2, "{names:?}");
}

/// What is wrong with writing `names` into a folder, as texts.
fn wrong(folder: &Path, names: &[&str], read: &[PathBuf], overwrite: Overwrite) -> Vec<String> {
    let files: Vec<_> = names
        .iter()
        .map(|name| ((*name).to_owned(), folder.join(name)))
        .collect();
    let found = OutputFolder::problems(folder, &files, read, overwrite);
    found.into_iter().map(|(_, text)| text).collect()
}

#[test]
fn files_of_others_are_replaced_only_where_that_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    run(folder.path(), &["spikes.h5"]);
    fs::write(folder.path().join("v.h5"), "theirs").unwrap();
    let of = |name: &str, overwrite| wrong(folder.path(), &[name], &[], overwrite).len();
    for (name, overwrite, expected) in [
        ("spikes.h5", Overwrite::Ours, 0),
        ("v.h5", Overwrite::Ours, 1),
        ("v.h5", Overwrite::Named, 0),
        ("spikes.h5", Overwrite::Nothing, 1),
        ("new.h5", Overwrite::Nothing, 0),
    ] {
        assert_eq!(of(name, overwrite), expected, "{name} {overwrite:?}");
    }
}

#[test]
fn what_a_run_reads_is_never_written() {
    let folder = tempfile::tempdir().unwrap();
    let input = folder.path().join("in.h5");
    fs::write(&input, "input").unwrap();
    std::os::unix::fs::symlink(&input, folder.path().join("link.h5")).unwrap();
    let read = [input];
    for name in ["in.h5", "link.h5", "x/../in.h5", "./in.h5"] {
        let found = wrong(folder.path(), &[name], &read, Overwrite::Named);
        assert!(
            found
                .iter()
                .any(|text| text.contains("is read by this run")),
            "{name}: {found:?}"
        );
    }
}

#[test]
fn two_outputs_of_one_name_and_places_that_are_no_files_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("sub")).unwrap();
    let of = |names: &[&str]| wrong(folder.path(), names, &[], Overwrite::Named);
    assert!(of(&["a.h5", "./a.h5"])[0].contains("is also the file of"));
    assert!(of(&["a.h5", "sub/../a.h5"])[0].contains("is also the file of"));
    assert!(of(&["sub"])[0].contains("is no file"));
    fs::write(folder.path().join("file"), "").unwrap();
    let below = folder.path().join("file/out");
    assert!(wrong(&below, &["a.h5"], &[], Overwrite::Named)[0].contains("is no folder"));
}

#[test]
fn two_runs_do_not_write_into_one_folder_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let first = OutputFolder::take(folder.path(), &[]).unwrap();
    let refused = OutputFolder::take(folder.path(), &[]).unwrap_err();
    assert!(refused.to_string().contains("of this program"), "{refused}");
    drop(first);
    OutputFolder::take(folder.path(), &[]).unwrap();
}

#[test]
fn a_record_that_names_files_elsewhere_removes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (inside, outside) = (folder.path().join("out"), folder.path().join("mine.txt"));
    fs::create_dir(&inside).unwrap();
    fs::write(&outside, "mine").unwrap();
    for files in [format!("{outside:?}"), "\"../mine.txt\"".to_owned()] {
        fs::write(inside.join(RECORD), format!("{{\"files\": [{files}]}}")).unwrap();
        run(&inside, &["spikes.h5"]);
        assert!(outside.exists(), "{files}");
    }
    fs::write(inside.join(RECORD), "no json").unwrap();
    run(&inside, &["spikes.h5"]);
}
