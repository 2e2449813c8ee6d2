//! Real Blenders stream into datasets and loaders.

use blendtorch_launcher::{LaunchDescription, Restart};
use blendtorch_tests::{
    HEIGHT, WIDTH, cubes, dataset_of, eventually, has_ended, kill, one_fleet_at_a_time, start,
};
use btt::{Batch, DataLoader, LoaderOptions};
use rustix::process::Signal;
use std::collections::{BTreeMap, BTreeSet};

/// The box around all pixels that differ from the background: left, top, right, bottom.
fn outline(image: &[u8]) -> [f32; 4] {
    let mut outline = [f32::MAX, f32::MAX, 0.0, 0.0];
    for (index, pixel) in image.chunks_exact(3).enumerate() {
        if *pixel != image[..3] {
            #[allow(clippy::cast_precision_loss, reason = "small numbers")]
            let (x, y) = ((index % WIDTH) as f32, (index / WIDTH) as f32);
            outline[0] = outline[0].min(x);
            outline[1] = outline[1].min(y);
            outline[2] = outline[2].max(x + 1.0);
            outline[3] = outline[3].max(y + 1.0);
        }
    }
    outline
}

/// The box around the corners.
fn extent(xy: &[f32]) -> [f32; 4] {
    let along = |axis| xy.iter().skip(axis).step_by(2).copied();
    let (low, high) = (f32::min, f32::max);
    [
        along(0).reduce(low).unwrap(),
        along(1).reduce(low).unwrap(),
        along(0).reduce(high).unwrap(),
        along(1).reduce(high).unwrap(),
    ]
}

fn check_corners(batch: &Batch) {
    let image = batch.tensor("image").unwrap();
    let xy = batch.tensor("xy").unwrap();
    let frame = batch.tensor("frameid").unwrap();
    assert_eq!(image.shape, [batch.len(), HEIGHT, WIDTH, 3]);
    assert_eq!(xy.shape, [batch.len(), 8, 2]);
    assert_eq!(frame.shape, [batch.len()]);
    let frames = frame.as_slice::<i64>().unwrap();
    assert!(frames.iter().all(|frame| (1..=100).contains(frame)));
    let images = image.as_slice::<u8>().unwrap().chunks(HEIGHT * WIDTH * 3);
    let corners = xy.as_slice::<f32>().unwrap().chunks(16);
    for (image, corners) in images.zip(corners) {
        // The cube's outline is that of its corners, as far as the image shows it: the annotation
        // belongs to this very image.
        let (seen, mut said) = (outline(image), extent(corners));
        #[allow(clippy::cast_precision_loss, reason = "small numbers")]
        let (width, height) = (WIDTH as f32, HEIGHT as f32);
        for (index, side) in said.iter_mut().enumerate() {
            let most = [width, height][index % 2];
            assert!((-0.1 * most..1.1 * most).contains(side), "{corners:?}");
            *side = side.clamp(0.0, most);
        }
        let apart = seen.iter().zip(&said).map(|(a, b)| (a - b).abs());
        let apart = apart.reduce(f32::max).unwrap();
        assert!(
            apart <= 1.0,
            "the image says {seen:?}, its corners {said:?}"
        );
    }
}

#[test]
fn two_instances_stream_into_a_loader() {
    let _one = one_fleet_at_a_time();
    let fleet = start(&cubes(2, &[]));
    let mut loader = DataLoader::new(dataset_of(&fleet), LoaderOptions::default()).unwrap();
    let mut instances = BTreeSet::new();
    let mut batches = 0;
    while batches < 10 || instances.len() < 2 {
        let batch = loader.next().expect("no scene ends").unwrap();
        assert_eq!(batch.len(), 8);
        check_corners(&batch);
        instances.extend(batch.headers.iter().map(|header| header.btid));
        batches += 1;
    }
    assert_eq!(instances, BTreeSet::from([Some(0), Some(1)]));
    fleet.assert_alive().unwrap();
    loader.close().unwrap();
    let stats = loader.stats();
    assert_eq!((stats.missing, stats.duplicated), (0, 0), "{stats:?}");
    assert_eq!((stats.reordered, stats.malformed), (0, 0), "{stats:?}");
    assert_eq!(stats.received, batches * 8 + stats.discarded);
}

#[test]
fn a_killed_instance_is_named_and_the_others_stream_on() {
    let _one = one_fleet_at_a_time();
    let fleet = start(&LaunchDescription {
        restart: Restart::Never,
        ..cubes(2, &[])
    });
    let mut dataset = dataset_of(&fleet);
    let mut instances = BTreeSet::new();
    while instances.len() < 2 {
        instances.insert(dataset.next().unwrap().unwrap().header.btid);
    }
    kill(fleet.status()[1].pid, Signal::KILL);
    eventually("the fleet sees it", || fleet.alive() == 1);
    let error = fleet.assert_alive().unwrap_err().to_string();
    assert!(error.contains("1 of 2 instances have ended"), "{error}");
    assert!(
        error.contains("instance 1 was ended by signal 9"),
        "{error}"
    );
    // More than the queues can have held, and until the dataset has looked whose line broke.
    let mut others = 0;
    while others < 200 || dataset.stats().killed == 0 {
        let item = dataset.next().unwrap().unwrap();
        others += u64::from(item.header.btid == Some(0));
    }
    assert!(fleet.status()[0].is_running());
    let pids: Vec<_> = fleet.status().iter().map(|status| status.pid).collect();
    drop(fleet);
    assert!(pids.into_iter().all(has_ended));
    let stats = dataset.stats();
    assert_eq!(stats.publishers.len(), 2);
    // What it had published and nobody got is known, and how it ended.
    assert_eq!((stats.killed, stats.unfinished), (1, 0), "{stats:?}");
    assert_eq!((stats.duplicated, stats.malformed), (0, 0), "{stats:?}");
}

#[test]
fn an_iteration_ends_with_finite_scenes_and_nothing_is_lost() {
    let _one = one_fleet_at_a_time();
    let fleet = start(&cubes(2, &["--episodes", "2"]));
    let mut dataset = dataset_of(&fleet);
    let mut places = BTreeMap::<_, Vec<_>>::new();
    for item in &mut dataset {
        let header = item.unwrap().header;
        let place = (header.episode.unwrap(), header.sample.unwrap());
        places.entry(header.btid).or_default().push(place);
    }
    let expected: Vec<_> = (0..2).flat_map(|e| (0..100).map(move |s| (e, s))).collect();
    assert_eq!(
        places,
        BTreeMap::from([(Some(0), expected.clone()), (Some(1), expected)])
    );
    let stats = dataset.stats();
    assert_eq!((stats.received, stats.ended), (400, 2));
    assert_eq!((stats.missing, stats.duplicated), (0, 0), "{stats:?}");
    for status in fleet.wait() {
        assert!(!status.failed(), "{}", status.report());
    }
}

/// The first images of each instance, by instance and number.
fn first_images(seed: u64) -> BTreeMap<(i64, u64), Vec<u8>> {
    let mut description = cubes(2, &[]);
    description.seed = Some(seed);
    let fleet = start(&description);
    let mut images = BTreeMap::new();
    let mut dataset = dataset_of(&fleet);
    while images.len() < 10 {
        let item = dataset.next().unwrap().unwrap();
        if item.header.sequence < 5 {
            let image = item.fields["image"].as_tensor().unwrap().bytes().to_vec();
            images.insert((item.header.btid.unwrap(), item.header.sequence), image);
        }
    }
    images
}

#[test]
fn the_same_seed_gives_the_same_images_and_instances_differ() {
    let _one = one_fleet_at_a_time();
    let images = first_images(7);
    assert!(images == first_images(7), "the same seed gave other images");
    let distinct: BTreeSet<_> = images.values().collect();
    assert_eq!(
        distinct.len(),
        10,
        "images of two instances or frames are equal"
    );
    // Instance 0 of this run is started with the number that instance 1 of the other one was.
    let shifted = first_images(8);
    assert!(shifted.values().all(|image| !distinct.contains(image)));
}
