use std::fs;
use std::path::PathBuf;

use super::{OutputFolder, RECORD};

fn run(folder: &std::path::Path, names: &[&str]) -> Vec<PathBuf> {
    let files: Vec<_> = names.iter().map(|name| folder.join(name)).collect();
    let output = OutputFolder::take(folder, &files, true).unwrap();
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
    let output = OutputFolder::take(folder.path(), std::slice::from_ref(&file), true).unwrap();
    fs::write(output.unfinished(&file), "half").unwrap();
    drop(output);
    assert_eq!(fs::read_to_string(&file).unwrap(), "old");
    let names: Vec<_> = fs::read_dir(folder.path())
        .unwrap()
        .map(|one| one.unwrap().file_name())
        .collect();
    assert_eq!(names.len(), 2, "{names:?}");
}

#[test]
fn a_file_that_is_there_is_refused_where_nothing_may_be_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("spikes.h5");
    fs::write(&file, "old").unwrap();
    let refused = OutputFolder::take(folder.path(), &[file], false).unwrap_err();
    assert!(
        refused.to_string().contains("overwrite_output_dir"),
        "{refused}"
    );
}

#[test]
fn two_runs_do_not_write_into_one_folder_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let first = OutputFolder::take(folder.path(), &[], true).unwrap();
    let refused = OutputFolder::take(folder.path(), &[], true).unwrap_err();
    assert!(
        refused.to_string().contains("another simulation"),
        "{refused}"
    );
    drop(first);
    OutputFolder::take(folder.path(), &[], true).unwrap();
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
