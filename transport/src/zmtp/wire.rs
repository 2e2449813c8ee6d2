//! The bytes of ZMTP: greeting, commands, heads of frames. Every one that comes is hostile.

use super::{Lost, MAX_COMMAND};

pub(super) const GREETING: usize = 64;
/// The longest head of a frame.
pub(super) const HEAD: usize = 9;

const SIGNATURE: usize = 10;
const MAJOR: usize = 10;
const MECHANISM: std::ops::Range<usize> = 12..32;
const NULL: &[u8; 4] = b"NULL";

const MORE: u8 = 1;
const LONG: u8 = 2;
const COMMAND: u8 = 4;

/// What a socket is to its peers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Push,
    Pull,
}

impl Kind {
    fn name(self) -> &'static [u8] {
        match self {
            Self::Push => b"PUSH",
            Self::Pull => b"PULL",
        }
    }
}

/// What we say first.
pub(super) fn greeting() -> [u8; GREETING] {
    let mut bytes = [0; GREETING];
    (bytes[0], bytes[SIGNATURE - 1]) = (0xff, 0x7f);
    (bytes[MAJOR], bytes[MAJOR + 1]) = (3, 1);
    bytes[MECHANISM][..NULL.len()].copy_from_slice(NULL);
    bytes
}

/// Looks at as much of a greeting as has come: who does not speak ZMTP 3 without security is hung up
/// on at its first wrong byte.
pub(super) fn check_greeting(come: &[u8]) -> Result<(), Lost> {
    let mut mechanism = [0; MECHANISM.end - MECHANISM.start];
    mechanism[..NULL.len()].copy_from_slice(NULL);
    let right = come
        .iter()
        .take(GREETING)
        .enumerate()
        .all(|(at, &byte)| match at {
            0 => byte == 0xff,
            9 => byte == 0x7f,
            MAJOR => byte >= 3,
            at if MECHANISM.contains(&at) => byte == mechanism[at - MECHANISM.start],
            _ => true,
        });
    right.then_some(()).ok_or(Lost)
}

/// The property of a PULL that would rather have large frames in shared memory: it may be told to
/// [move](MOVE) there. Names that begin so are each program's own.
const SHARES: &[u8] = b"X-Blendtorch-Shares";

/// The body of the command that tells such a PULL to connect to the shared memory that is offered by
/// now. No message follows.
const MOVE: &[u8] = b"\x04MOVE";

/// The command with which a socket of this kind says that it is ready.
pub(super) fn ready(kind: Kind, shares: bool) -> Vec<u8> {
    let mut body = b"\x05READY".to_vec();
    let mut property = |name: &[u8], value: &[u8]| {
        body.push(name.len() as u8);
        body.extend(name);
        body.extend((value.len() as u32).to_be_bytes());
        body.extend(value);
    };
    property(b"Socket-Type", kind.name());
    if shares {
        property(SHARES, b"1");
    }
    command(&body)
}

/// Tells a peer to move to shared memory.
pub(super) fn move_away() -> Vec<u8> {
    command(MOVE)
}

/// Whether the body of a command tells so.
pub(super) fn is_move(body: &[u8]) -> bool {
    body == MOVE
}

/// Says what is wrong with a peer, before it is hung up on.
pub(super) fn error(reason: &str) -> Vec<u8> {
    let mut body = b"\x05ERROR".to_vec();
    body.push(reason.len() as u8);
    body.extend(reason.as_bytes());
    command(&body)
}

/// The answer to the body of a PING, which it asked for; `None` for other commands.
pub(super) fn pong(body: &[u8]) -> Option<Vec<u8>> {
    const TTL: usize = 2;
    const MOST_CONTEXT: usize = 16;
    let context = body.strip_prefix(b"\x04PING")?.get(TTL..)?;
    let context = &context[..context.len().min(MOST_CONTEXT)];
    Some(command(&[b"\x04PONG", context].concat()))
}

/// A short command.
fn command(body: &[u8]) -> Vec<u8> {
    let mut bytes = vec![COMMAND, body.len() as u8];
    bytes.extend(body);
    bytes
}

/// The body of the command that has come first, and the bytes of all of it; `None` until it is there.
/// A message in its place is a lie.
pub(super) fn read_command(come: &[u8]) -> Result<Option<(&[u8], usize)>, Lost> {
    let Some(head) = Head::read(come)? else {
        return Ok(None);
    };
    if !head.command {
        return Err(Lost);
    }
    let end = head.size + usize::try_from(head.len).map_err(|_| Lost)?;
    Ok(come.get(head.size..end).map(|body| (body, end)))
}

/// What a peer says of itself when it is ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ready {
    pub(super) shares: bool,
}

/// What the body of a command says, if it is the READY of a peer of this kind.
pub(super) fn read_ready(body: &[u8], kind: Kind) -> Option<Ready> {
    let mut rest = body.strip_prefix(b"\x05READY")?;
    let (mut right, mut shares) = (false, false);
    while let Some((&len, after)) = rest.split_first() {
        let (name, after) = after.split_at_checked(len.into())?;
        let (len, after) = after.split_first_chunk()?;
        let (value, after) = after.split_at_checked(u32::from_be_bytes(*len) as usize)?;
        // Names of properties are the same in capitals.
        if name.eq_ignore_ascii_case(b"Socket-Type") {
            right = value == kind.name();
        }
        shares |= name.eq_ignore_ascii_case(SHARES) && value == b"1";
        rest = after;
    }
    right.then_some(Ready { shares })
}

/// The head of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) command: bool,
    /// Another frame of the message follows.
    pub(super) more: bool,
    /// Bytes of the frame's body.
    pub(super) len: u64,
    /// Bytes of the head.
    pub(super) size: usize,
}

impl Head {
    /// The head of what has come, if all of it has.
    pub(super) fn read(come: &[u8]) -> Result<Option<Self>, Lost> {
        let Some((&flags, rest)) = come.split_first() else {
            return Ok(None);
        };
        let (command, more) = (flags & COMMAND != 0, flags & MORE != 0);
        if flags & !(MORE | LONG | COMMAND) != 0 || command && more {
            return Err(Lost);
        }
        let (len, size) = match flags & LONG != 0 {
            true => match rest.split_first_chunk() {
                Some((len, _)) => (u64::from_be_bytes(*len), HEAD),
                None => return Ok(None),
            },
            false => match rest.first() {
                Some(&len) => (len.into(), 2),
                None => return Ok(None),
            },
        };
        if command && len > MAX_COMMAND as u64 {
            return Err(Lost);
        }
        Ok(Some(Self {
            command,
            more,
            len,
            size,
        }))
    }

    /// Writes the head of a frame of a message behind `heads`.
    pub(super) fn write(len: usize, more: bool, heads: &mut Vec<u8>) {
        let more = if more { MORE } else { 0 };
        match u8::try_from(len) {
            Ok(len) => heads.extend([more, len]),
            Err(_) => {
                heads.push(more | LONG);
                heads.extend((len as u64).to_be_bytes());
            }
        }
    }

    /// Bytes of the head of a frame of so many.
    pub(super) fn size_of(len: usize) -> usize {
        if len <= u8::MAX.into() { 2 } else { HEAD }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_words_are_understood() {
        check_greeting(&greeting()).unwrap();
        for (kind, other, shares) in [
            (Kind::Push, Kind::Pull, false),
            (Kind::Pull, Kind::Push, false),
            (Kind::Pull, Kind::Push, true),
        ] {
            let bytes = ready(kind, shares);
            let head = Head::read(&bytes).unwrap().unwrap();
            let body = &bytes[head.size..];
            assert!(head.command && head.len == body.len() as u64);
            assert_eq!(read_ready(body, kind), Some(Ready { shares }));
            assert_eq!(read_ready(body, other), None);
        }
        assert!(is_move(&move_away()[2..]) && !is_move(b"\x04PING"));
    }

    #[test]
    fn a_greeting_is_refused_at_its_first_wrong_byte() {
        for (at, wrong) in [(0, 0xfe), (9, 0), (10, 2), (12, b'C'), (16, b'X')] {
            let mut bytes = greeting();
            bytes[at] = wrong;
            check_greeting(&bytes[..at]).unwrap();
            assert_eq!(check_greeting(&bytes[..=at]), Err(Lost), "byte {at}");
        }
        // What others write between, as libzmq its length, and a later version, are theirs.
        let mut bytes = greeting();
        (bytes[8], bytes[11], bytes[32]) = (1, 200, 1);
        check_greeting(&bytes).unwrap();
    }

    #[test]
    fn properties_may_come_in_any_order_and_capitals_but_not_cut_short() {
        let body = b"\x05READY\x08Identity\0\0\0\0\x0bsocket-TYPE\0\0\0\x04PULL";
        let ready = Some(Ready { shares: false });
        assert_eq!(read_ready(body, Kind::Pull), ready);
        assert_eq!(read_ready(body, Kind::Push), None);
        for end in 6..body.len() {
            // After the first property all is right but for the type that is missing.
            assert_eq!(read_ready(&body[..end], Kind::Pull), None, "{end}");
        }
        let forged = b"\x05READY\x0bSocket-Type\xff\xff\xff\xffPULL";
        assert_eq!(read_ready(forged, Kind::Pull), None);
        assert_eq!(read_ready(b"\x05ERROR\x03who", Kind::Pull), None);
    }

    #[test]
    fn heads_are_read_as_they_are_written() {
        for (len, more) in [(0, true), (255, false), (256, true), (1 << 40, false)] {
            let mut bytes = Vec::new();
            Head::write(len, more, &mut bytes);
            assert_eq!(bytes.len(), Head::size_of(len));
            for end in 0..bytes.len() {
                assert_eq!(Head::read(&bytes[..end]), Ok(None));
            }
            let head = Head::read(&bytes).unwrap().unwrap();
            let expected = (len as u64, more, bytes.len(), false);
            assert_eq!((head.len, head.more, head.size, head.command), expected);
        }
    }

    #[test]
    fn flags_that_are_not_there_and_commands_that_are_too_long_are_refused() {
        for bytes in [
            &[8, 0][..],
            &[0x80, 0],
            &[COMMAND | MORE, 0], // a command is no part of a message
            &[COMMAND | LONG, 0, 0, 0, 0, 0, 1, 0, 1], // MAX_COMMAND + 1
        ] {
            assert_eq!(Head::read(bytes), Err(Lost), "{bytes:?}");
        }
    }

    #[test]
    fn a_ping_is_answered_with_its_context() {
        let answer = pong(b"\x04PING\0\x0ahello").unwrap();
        assert_eq!(answer, b"\x04\x0a\x04PONGhello");
        assert_eq!(pong(b"\x04PING\0\0"), Some(b"\x04\x05\x04PONG".to_vec()));
        assert_eq!(pong(b"\x04PING\0"), None);
        assert_eq!(pong(b"\x09SUBSCRIBE"), None);
    }
}
