use super::*;
use crate::slurm::TimeLimit;

fn submission() -> Submission {
    Submission {
        settings: SlurmSettings::default(),
        elements: 3,
        command: vec!["/opt/b t/blendtorch".into(), "host".into(), "it's".into()],
        env: vec![("BLENDTORCH_HEAD_KEY".into(), "5ec2e7".into())],
        name: "render ball/50%".into(),
        log_folder: "/shared/50%/logs".into(),
        workdir: "/shared".into(),
        dependency: None,
        array: true,
        tasks: 2,
    }
}

#[test]
fn an_array_is_requeued_signalled_and_appends_to_its_logs() {
    let made = submission();
    let options = made.options(&made.log_folder);
    for wanted in [
        "--array=0-2",
        "--requeue",
        "--open-mode=append",
        "--signal=B:TERM@60",
        "--export=ALL",
        "--nodes=1",
        "--ntasks=2",
        "--job-name=render-ball-50-",
        "--output=/shared/50%%/logs/render-ball-50--%A_%a.log",
    ] {
        assert!(
            options.iter().any(|option| option == wanted),
            "{wanted}: {options:?}"
        );
    }
    let log = made.log(JobId(12), 1);
    assert_eq!(log, Path::new("/shared/50%/logs/render-ball-50--12_1.log"));
}

#[test]
fn a_single_job_that_follows_another_does_not_wait_in_vain() {
    let made = Submission {
        array: false,
        dependency: Some("afterok:12".into()),
        ..submission()
    };
    let options = made.options(&made.log_folder);
    assert!(options.contains(&"--dependency=afterok:12".to_owned()));
    assert!(options.contains(&"--kill-on-invalid-dep=yes".to_owned()));
    assert!(!options.iter().any(|option| option.starts_with("--array")));
    assert!(
        options.iter().any(|option| option.ends_with("--%j.log")),
        "{options:?}"
    );
}

#[test]
fn settings_become_options_and_further_ones_come_last() {
    let made = Submission {
        settings: SlurmSettings {
            partition: Some("gpu".into()),
            account: Some("lab".into()),
            qos: Some("long".into()),
            time: TimeLimit::of_seconds(90_000),
            gres: Some("gpu:1".into()),
            cpus_per_task: Some(4),
            mem: Some("16G".into()),
            extra: vec!["--exclusive".into()],
            signal_before: 120,
            ..SlurmSettings::default()
        },
        ..submission()
    };
    let options = made.options(&made.log_folder);
    let end = [
        "--partition=gpu",
        "--account=lab",
        "--qos=long",
        "--time=1-01:00:00",
        "--gres=gpu:1",
        "--cpus-per-task=4",
        "--mem=16G",
        "--exclusive",
    ];
    assert!(options.ends_with(&end.map(str::to_owned)), "{options:?}");
    assert!(options.contains(&"--signal=B:TERM@120".to_owned()));
}

#[test]
fn secrets_are_in_no_word_that_others_can_read() {
    let made = submission();
    let script = made.script();
    assert_eq!(
        script,
        "#!/bin/sh\nexec '/opt/b t/blendtorch' host 'it'\\''s'\n"
    );
    let words = made.options(&made.log_folder).join(" ") + &script;
    assert!(!words.contains("5ec2e7") && !words.contains("HEAD_KEY"));
}
