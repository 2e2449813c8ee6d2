//! Spreads a copy or a conversion over threads, where that was asked and there is enough to do.

/// Less than this a thread copies in the time that starting it takes.
const WORTH: usize = 1 << 20;

/// Does `work` on equal ranges of pixels, each in a thread: with the pixels of `source`, of
/// `source_bytes` each, and the same range of all `planes`, which have `width` elements a pixel.
pub(super) fn spread<T: Send>(
    source: &[u8],
    source_bytes: usize,
    planes: Vec<&mut [T]>,
    width: usize,
    threads: usize,
    work: impl Fn(&[u8], &mut [&mut [T]]) + Sync,
) {
    let moved = source.len()
        + planes
            .iter()
            .map(|plane| size_of_val(*plane))
            .sum::<usize>();
    let threads = threads.min(moved / WORTH).max(1);
    let pixels = source.len() / source_bytes.max(1);
    let share = pixels.div_ceil(threads);
    let work = &work;
    std::thread::scope(|scope| {
        let (mut source, mut planes) = (source, planes);
        for _ in 1..threads {
            let (these, rest) = source.split_at((share * source_bytes).min(source.len()));
            source = rest;
            let (mut mine, others): (Vec<_>, Vec<_>) = planes
                .into_iter()
                .map(|plane| {
                    let at = (share * width).min(plane.len());
                    plane.split_at_mut(at)
                })
                .unzip();
            planes = others;
            scope.spawn(move || work(these, &mut mine));
        }
        work(source, &mut planes);
    });
}

/// Copies `source` to `out`, which is as long.
pub(crate) fn copy(source: &[u8], out: &mut [u8], threads: usize) {
    if threads <= 1 {
        out.copy_from_slice(source);
        return;
    }
    spread(source, 1, vec![out], 1, threads, |source, out| {
        if let [out] = out {
            out.copy_from_slice(source);
        }
    });
}
