//! A page as its two sides see it.

use super::*;
use std::sync::Arc;

#[test]
fn what_an_instance_writes_the_launcher_reads() {
    let page = Page::create("test").unwrap();
    page.begin_life(3);
    let theirs = Arc::new(Page::open(&page.path()).unwrap());
    theirs.attach();
    theirs.enter(State::Rendering);
    theirs.set_place(Some(4), Some(0));
    let slot = PublisherSlot::take(&theirs, 77, "tcp://0.0.0.0:11000").unwrap();
    slot.offer(0);
    slot.accept(0);
    slot.offer(1);
    theirs.frame_done();
    let view = page.view();
    assert_eq!((view.life, view.pid), (3, Some(std::process::id())));
    assert_eq!((view.state, view.frames), (State::Rendering, 1));
    assert_eq!(
        (view.episode, view.sample, view.messages),
        (Some(4), Some(0), 1)
    );
    let count = PublisherCount {
        publisher: 77,
        offered: 2,
        accepted: 1,
        mark: 11000,
        closed: false,
    };
    assert_eq!(view.publishers, [count]);
}

#[test]
fn addresses_of_an_instance_are_told_apart_whatever_the_host_is_called() {
    assert_eq!(
        address_mark("tcp://0.0.0.0:7"),
        address_mark("tcp://[::1]:7")
    );
    assert_ne!(
        address_mark("ipc:///a/DATA-0"),
        address_mark("ipc:///a/CTRL-0")
    );
}

#[test]
fn a_life_begins_with_nothing_but_where_it_goes_on() {
    let page = Arc::new(Page::create("test").unwrap());
    page.begin_life(1);
    let resume = Resume {
        base: 0,
        play: 1,
        next_episode: 5,
        played: 2,
    };
    page.set_resume(resume);
    page.attach();
    page.enter(State::Rendering);
    page.frame_done();
    PublisherSlot::take(&page, 9, "").unwrap().accept(4);
    page.begin_life(2);
    let view = page.view();
    assert_eq!((view.life, view.pid, view.frames), (2, None, 0));
    assert_eq!((view.messages, page.messages_before()), (0, 1));
    assert_eq!((view.state, view.publishers.len()), (State::Starting, 0));
    assert_eq!(view.resume, resume);
    page.end_run();
    let after = Resume {
        base: 5,
        next_episode: 5,
        ..Resume::default()
    };
    assert_eq!(page.resume(), after);
}

#[test]
fn a_run_that_is_over_is_followed_by_episodes_that_none_of_its_plays_has_had() {
    let page = Page::create("test").unwrap();
    page.begin_life(1);
    let at = |play, next_episode, played| Resume {
        base: 0,
        play,
        next_episode,
        played,
    };
    // Seven episodes, then two; both plays have come to their ends.
    [at(0, 7, 7), at(1, 0, 0), at(1, 2, 2), at(2, 0, 0)]
        .iter()
        .for_each(|resume| page.set_resume(*resume));
    page.end_run();
    assert_eq!((page.resume().base, page.resume().next_episode), (7, 7));
}

#[test]
fn waiting_for_others_is_no_frame_and_no_lack_of_progress() {
    let page = Page::create("test").unwrap();
    page.begin_life(1);
    page.enter(State::Rendering);
    page.enter(State::WaitingForConsumer);
    std::thread::sleep(Duration::from_millis(60));
    page.enter(State::Rendering);
    let slept = page.view().since_progress;
    page.frame_done();
    let view = page.view();
    assert!(
        view.slowest < Duration::from_millis(50),
        "{:?}",
        view.slowest
    );
    assert!(slept < Duration::from_millis(50), "{slept:?}");
}

#[test]
fn a_page_of_another_version_is_refused_with_a_remedy() {
    let page = Page::create("test").unwrap();
    page.set(W_VERSION, VERSION + 1);
    let said = Page::open(&page.path()).unwrap_err().to_string();
    assert!(
        said.contains("version 2") && said.contains("setup --wheel"),
        "{said}"
    );
}

#[test]
fn what_could_become_shorter_is_refused() {
    let file = tempfile::NamedTempFile::new().unwrap();
    file.as_file().set_len(BYTES as u64).unwrap();
    let error = Page::open(file.path().to_str().unwrap()).unwrap_err();
    assert!(matches!(error, PageError::NotOurs { .. }), "{error}");
    let gone = Page::open("/proc/self/fd/nothing").unwrap_err();
    assert!(matches!(gone, PageError::Io { .. }), "{gone}");
}

#[test]
fn nonsense_in_a_page_is_read_within_bounds() {
    let page = Page::create("test").unwrap();
    (W_LIFE..WORDS).for_each(|word| page.set(word, u64::MAX));
    let view = page.view();
    assert_eq!((view.state, view.pid), (State::Rendering, None));
    assert_eq!(view.since_progress, Duration::ZERO);
    assert_eq!(view.publishers.len(), MOST_PUBLISHERS);
}

#[test]
fn more_publishers_than_there_are_places_are_not_counted() {
    let page = Arc::new(Page::create("test").unwrap());
    let slots: Vec<_> = (1..=MOST_PUBLISHERS as u64)
        .map(|id| PublisherSlot::take(&page, id, "").unwrap())
        .collect();
    assert!(PublisherSlot::take(&page, 1000, "").is_none());
    slots[MOST_PUBLISHERS - 1].close();
    assert!(PublisherSlot::take(&page, 1000, "").is_some());
}
