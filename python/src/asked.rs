//! Notices that the process is asked to stop while publishers close, which may take long.
//!
//! Owns the handlers of SIGINT and SIGTERM for as long as something closes, and no longer: then they
//! are what they were, and a signal that would have ended the process ends it.

#![allow(
    unsafe_code,
    reason = "handlers of signals are set, and those that were there called, through libc"
)]

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How much longer a close may last after Ctrl-C, and after a launcher's SIGTERM, which is followed
/// by SIGKILL after three seconds.
pub(crate) const AFTER_INTERRUPT: Duration = Duration::from_secs(5);
const AFTER_TERMINATE: Duration = Duration::from_secs(2);

/// What is known of one signal.
struct Watched {
    signal: libc::c_int,
    allowed: Duration,
    /// How often it came since something closes.
    count: AtomicU32,
    /// What was to be called for it.
    before: AtomicUsize,
    takes_info: AtomicBool,
}

impl Watched {
    const fn new(signal: libc::c_int, allowed: Duration) -> Self {
        Self {
            signal,
            allowed,
            count: AtomicU32::new(0),
            before: AtomicUsize::new(libc::SIG_DFL),
            takes_info: AtomicBool::new(false),
        }
    }
}

static WATCHED: [Watched; 2] = [
    Watched::new(libc::SIGINT, AFTER_INTERRUPT),
    Watched::new(libc::SIGTERM, AFTER_TERMINATE),
];
/// Until when closes may last, in nanoseconds of the system's clock that only grows; 0: no limit.
static UNTIL: AtomicU64 = AtomicU64::new(0);
/// How many close now, and what was set before the first of them.
static CLOSING: Mutex<(usize, Vec<(libc::c_int, libc::sigaction)>)> = Mutex::new((0, Vec::new()));

/// As long as one lives, signals shorten a close instead of ending the process.
#[derive(Debug)]
pub(crate) struct Asked(());

impl Asked {
    pub(crate) fn watch() -> Self {
        let mut closing = CLOSING.lock().unwrap_or_else(PoisonError::into_inner);
        closing.0 += 1;
        if closing.0 == 1 {
            UNTIL.store(0, Ordering::SeqCst);
            closing.1 = WATCHED.iter().filter_map(set).collect();
        }
        Self(())
    }

    /// Until when a close may last, if somebody has asked.
    pub(crate) fn until(&self) -> Option<Instant> {
        let until = UNTIL.load(Ordering::SeqCst);
        let left = Duration::from_nanos(until.saturating_sub(now()));
        (until > 0).then(|| Instant::now() + left)
    }
}

/// Whether a signal has come that ends the process when nothing closes any more.
pub(crate) fn ends_process() -> bool {
    WATCHED.iter().any(|watched| {
        watched.count.load(Ordering::SeqCst) > 0
            && watched.before.load(Ordering::SeqCst) == libc::SIG_DFL
    })
}

impl Drop for Asked {
    fn drop(&mut self) {
        let mut closing = CLOSING.lock().unwrap_or_else(PoisonError::into_inner);
        closing.0 -= 1;
        if closing.0 > 0 {
            return;
        }
        let before = std::mem::take(&mut closing.1);
        drop(closing);
        for (signal, action) in before {
            // SAFETY: the action is what sigaction returned for this signal.
            unsafe { libc::sigaction(signal, &raw const action, std::ptr::null_mut()) };
        }
        for watched in &WATCHED {
            let came = watched.count.swap(0, Ordering::SeqCst) > 0;
            if came && watched.before.load(Ordering::SeqCst) == libc::SIG_DFL {
                // SAFETY: it takes a number. The process ends as it would have, but for the close.
                unsafe { libc::raise(watched.signal) };
            }
        }
    }
}

/// Sets our handler; what was there. A signal that is ignored stays so.
fn set(watched: &Watched) -> Option<(libc::c_int, libc::sigaction)> {
    // SAFETY: a sigaction of zeros is one: the default action, no flags, no signals masked.
    let mut before: libc::sigaction = unsafe { std::mem::zeroed() };
    // SAFETY: null asks for what is set, which is written to `before`.
    let got = unsafe { libc::sigaction(watched.signal, std::ptr::null(), &raw mut before) };
    if got != 0 || before.sa_sigaction == libc::SIG_IGN {
        return None;
    }
    watched.count.store(0, Ordering::SeqCst);
    watched.before.store(before.sa_sigaction, Ordering::SeqCst);
    let takes_info = before.sa_flags & libc::SA_SIGINFO != 0;
    watched.takes_info.store(takes_info, Ordering::SeqCst);
    let mut ours = before;
    ours.sa_flags |= libc::SA_SIGINFO;
    ours.sa_sigaction = on_signal as *const () as usize;
    // SAFETY: `ours` differs from what was set in its handler, which has the signature that its flags
    // ask for and calls only what a handler may: atomics, the clock, and the handler that was set.
    let set = unsafe { libc::sigaction(watched.signal, &raw const ours, std::ptr::null_mut()) };
    (set == 0).then_some((watched.signal, before))
}

extern "C" fn on_signal(
    signal: libc::c_int,
    info: *mut libc::siginfo_t,
    context: *mut libc::c_void,
) {
    let Some(watched) = WATCHED.iter().find(|watched| watched.signal == signal) else {
        return;
    };
    // The second time nothing is waited for any more.
    let allowed = match watched.count.fetch_add(1, Ordering::SeqCst) {
        0 => watched.allowed.as_nanos(),
        _ => 1,
    };
    let until = now() + u64::try_from(allowed).unwrap_or(0);
    // The earlier limit of two signals holds.
    let _ = UNTIL.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |set| {
        (set == 0 || until < set).then_some(until)
    });
    let before = watched.before.load(Ordering::SeqCst);
    if before == libc::SIG_DFL || before == libc::SIG_IGN {
        return;
    }
    if watched.takes_info.load(Ordering::SeqCst) {
        // SAFETY: sigaction returned it as a handler that takes these three.
        let handler: extern "C" fn(libc::c_int, *mut libc::siginfo_t, *mut libc::c_void) =
            unsafe { std::mem::transmute(before) };
        handler(signal, info, context);
    } else {
        // SAFETY: sigaction returned it as a handler that takes the signal.
        let handler: extern "C" fn(libc::c_int) = unsafe { std::mem::transmute(before) };
        handler(signal);
    }
}

/// The clock, as a handler of signals may ask for it.
fn now() -> u64 {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: it writes to `time`, which is ours.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &raw mut time) };
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    seconds * 1_000_000_000 + u64::try_from(time.tv_nsec).unwrap_or(0)
}
