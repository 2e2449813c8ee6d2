//! When a wait for a connection ends: not at each piece of a large frame, but when so much of it is
//! there as is wanted.
//!
//! A reader that is woken for each piece sleeps four times an image, and each time the writer has to
//! wake it, which costs more than copying what it writes. Linux lets the window grow with what is waited
//! for, and ends a wait also where nothing more fits in.

#![allow(unsafe_code, reason = "no crate of ours has this option of sockets")]

use std::net::TcpStream;
use std::os::fd::AsRawFd;

/// Lets waits for `stream` end when so many bytes are there, or as many as the system will hold.
pub(super) fn set(stream: &TcpStream, bytes: usize) {
    let value = libc::c_int::try_from(bytes).unwrap_or(libc::c_int::MAX);
    let len = size_of_val(&value) as libc::socklen_t;
    // SAFETY: the descriptor is open as long as the stream is borrowed, and the system reads `len`
    // bytes of `value`, which it does not keep. Where it refuses, waits end earlier.
    unsafe {
        libc::setsockopt(
            stream.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_RCVLOWAT,
            (&raw const value).cast(),
            len,
        )
    };
}
