use super::*;

const LEN: usize = 100_000;

fn filled(pool: &FramePool, len: usize, byte: u8) -> bytes::Bytes {
    pool.frame(len, |bytes| bytes.fill(byte)).unwrap()
}

#[test]
fn a_full_pool_grows_then_gives_heap_frames_and_recovers() {
    let pool = FramePool::new(64 << 20, 10);
    let frames: Vec<_> = (0..30).map(|i| filled(&pool, LEN, i)).collect();
    for (i, frame) in (0..).zip(&frames) {
        assert!(frame.len() == LEN && frame.iter().all(|&byte| byte == i));
    }
    // Ten may be queued while one is written.
    let counts = pool.counts();
    assert_eq!((counts.shared, counts.heap), (11, 19));
    assert!(counts.waited >= PATIENCE + LAST_PATIENCE);
    assert_eq!(pool.shortage(), None, "a full pool is nobody's fault");
    drop(frames);
    let again: Vec<_> = (0..SLOTS).map(|_| filled(&pool, LEN, 1)).collect();
    let after = pool.counts();
    assert_eq!((after.shared, after.heap), (19, 19));
    assert_eq!(after.waited, counts.waited);
    drop(again);
}

#[test]
fn a_pool_that_nobody_empties_is_waited_for_once() {
    let pool = FramePool::new(64 << 20, 1);
    let in_vain = || pool.class(LEN).unwrap().in_vain.load(Ordering::Relaxed);
    let frames: Vec<_> = (0..200).map(|_| filled(&pool, LEN, 0)).collect();
    let counts = pool.counts();
    assert_eq!((counts.shared, counts.heap), (4, 196));
    assert!(in_vain(), "it would be waited for again");
    drop(frames);
    drop(filled(&pool, LEN, 0));
    assert!(!in_vain(), "it would not be waited for any more");
}

#[test]
fn slots_begin_few_with_a_short_queue() {
    for (high_water_mark, first) in [(0, 3), (1, 4), (10, SLOTS), (u32::MAX, SLOTS)] {
        let pool = FramePool::new(64 << 20, high_water_mark);
        assert_eq!(pool.class(LEN).unwrap().slots(), first, "{high_water_mark}");
    }
}

#[test]
fn large_frames_begin_with_as_many_slots_as_a_cache_holds() {
    let pool = FramePool::new(1 << 30, 10);
    for (len, first) in [(4 << 20, SLOTS), (8 << 20, 5), (30 << 20, FEWEST_SLOTS)] {
        assert_eq!(pool.class(len).unwrap().slots(), first, "{len}");
    }
}

#[test]
fn the_limit_in_bytes_holds_and_is_told_once() {
    let pool = FramePool::new(1 << 20, 10);
    assert!(pool.class(1 << 20).is_none());
    let said = pool.shortage().unwrap();
    assert!(said.contains("1048576 bytes of shared memory"), "{said}");
    assert!(said.contains("set shm_bytes higher"), "{said}");
    assert!(pool.class(1 << 20).is_none());
    assert_eq!(pool.shortage(), None);
    let frames: Vec<_> = (0..40).map(|_| filled(&pool, LEN, 0)).collect();
    assert!(pool.lock().bytes() <= 1 << 20);
    assert!(pool.counts().shared >= 8 && pool.counts().heap >= 28);
    drop(frames);
}

#[test]
fn a_pool_of_nothing_gives_heap_frames() {
    let pool = FramePool::new(0, 0);
    for len in [0, 1, SMALLEST_POOLED - 1, SMALLEST_POOLED, 1 << 20] {
        assert_eq!(filled(&pool, len, 5), vec![5; len]);
        let mut frame = pool.frame_mut(len).unwrap();
        frame.bytes_mut().fill(6);
        assert!(!frame.is_shared());
        assert_eq!(frame.freeze().unwrap(), vec![6; len]);
    }
    assert_eq!((pool.counts().shared, pool.counts().heap), (0, 4));
}

#[test]
fn frames_whose_size_varies_share_slots_and_old_sizes_make_room() {
    let pool = FramePool::new(8 << 20, 10);
    for len in 90_000..90_100 {
        drop(filled(&pool, len, 0));
    }
    assert_eq!(pool.lock().classes.len(), 1);
    for step in 0..200 {
        drop(filled(&pool, 20_000 + step * 5_000, 0));
        assert!(pool.lock().bytes() <= 8 << 20);
        assert!(pool.lock().classes.len() <= MAX_CLASSES);
    }
    assert_eq!(pool.counts().heap, 0);
    // A size that is in use stays.
    let held = filled(&pool, 90_000, 9);
    for step in 0..200 {
        drop(filled(&pool, 200_000 + step * 10_000, 0));
    }
    assert!(held.iter().all(|&byte| byte == 9));
    assert!(pool.lock().classes.iter().any(|class| class.size == 90_112));
}

#[test]
fn a_frame_is_written_where_it_is_sent_from() {
    let pool = FramePool::new(8 << 20, 10);
    let mut frame = pool.frame_mut(LEN).unwrap();
    assert!(frame.is_shared() && frame.bytes_mut().len() == LEN);
    frame.bytes_mut().fill(4);
    let place = frame.bytes_mut().as_ptr();
    let sent = frame.freeze().unwrap();
    assert!(sent.as_ptr() == place && sent.iter().all(|&byte| byte == 4));
}

#[test]
fn a_frame_that_is_dropped_gives_its_slot_back() {
    let pool = FramePool::new(8 << 20, 1);
    for _ in 0..100 {
        assert!(pool.frame_mut(LEN).unwrap().is_shared());
    }
    assert_eq!(pool.class(LEN).unwrap().slots(), 4);
    assert!(pool.class(LEN).unwrap().idle());
}
