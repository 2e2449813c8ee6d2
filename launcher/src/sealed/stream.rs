//! The handshake, and frames of any length in messages of at most 64 KiB.

use std::sync::Arc;
use std::time::Duration;

use snow::{Builder, HandshakeState, StatelessTransportState};
use tokio::io::{AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::time::timeout;

use blendtorch_channels::control::LONGEST_LINE;

use super::{Key, SealedError};

const PATTERN: &str = "Noise_NNpsk0_25519_ChaChaPoly_BLAKE2s";
/// Both ends speak of the same.
const PROLOGUE: &[u8] = b"blendtorch hosts 1";
/// A message of Noise has at most so many bytes, of which 16 say that it is whole.
const MOST_MESSAGE: usize = 65_535;
const TAG: usize = 16;
/// A handshake's messages are a key and a tag.
const MOST_HANDSHAKE: usize = 256;
/// How long a handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// Connects to an address, of a name or a number and a port.
pub(crate) async fn connect(
    address: &str,
    key: &Key,
    limit: Duration,
) -> Result<(Reader, Writer), SealedError> {
    let meet = async {
        let stream = TcpStream::connect(address).await?;
        begin(stream, key, true).await
    };
    timeout(limit, meet)
        .await
        .unwrap_or(Err(SealedError::Late(limit.as_secs_f64())))
}

/// Meets who has connected.
pub(crate) async fn accept(stream: TcpStream, key: &Key) -> Result<(Reader, Writer), SealedError> {
    timeout(HANDSHAKE, begin(stream, key, false))
        .await
        .unwrap_or(Err(SealedError::Late(HANDSHAKE.as_secs_f64())))
}

async fn begin(stream: TcpStream, key: &Key, calls: bool) -> Result<(Reader, Writer), SealedError> {
    stream.set_nodelay(true)?;
    let (from, mut to) = stream.into_split();
    let mut from = BufReader::with_capacity(MOST_MESSAGE + 2, from);
    let mut handshake = state(key, calls)?;
    let mut room = [0; MOST_HANDSHAKE];
    // Two messages: the caller's, and the answer.
    for ours in [calls, !calls] {
        if ours {
            let n = handshake
                .write_message(&[], &mut room)
                .map_err(|_| SealedError::Spoilt)?;
            send(&mut to, &room[..n]).await?;
        } else {
            let message = receive(&mut from, MOST_HANDSHAKE).await?;
            handshake
                .read_message(&message, &mut room)
                .map_err(|_| SealedError::Stranger)?;
        }
    }
    let state = handshake
        .into_stateless_transport_mode()
        .map_err(|_| SealedError::Spoilt)?;
    let state = Arc::new(state);
    let reader = Reader {
        from,
        state: Arc::clone(&state),
        read: 0,
        plain: vec![0; MOST_MESSAGE],
        gathered: Vec::new(),
        wanted: None,
    };
    let writer = Writer {
        to,
        state,
        written: 0,
        sealed: Vec::new(),
    };
    Ok((reader, writer))
}

fn state(key: &Key, calls: bool) -> Result<HandshakeState, SealedError> {
    let wrong = |_| SealedError::Spoilt;
    let pattern = PATTERN.parse().map_err(wrong)?;
    let builder = Builder::new(pattern)
        .psk(0, key.bytes())
        .and_then(|builder| builder.prologue(PROLOGUE))
        .map_err(wrong)?;
    match calls {
        true => builder.build_initiator(),
        false => builder.build_responder(),
    }
    .map_err(wrong)
}

async fn send(to: &mut OwnedWriteHalf, message: &[u8]) -> Result<(), SealedError> {
    let length = u16::try_from(message.len()).map_err(|_| SealedError::TooLong(message.len()))?;
    to.write_all(&length.to_be_bytes()).await?;
    Ok(to.write_all(message).await?)
}

async fn receive(from: &mut BufReader<OwnedReadHalf>, most: usize) -> Result<Vec<u8>, SealedError> {
    let length = usize::from(from.read_u16().await?);
    if length > most {
        return Err(SealedError::Stranger);
    }
    let mut message = vec![0; length];
    from.read_exact(&mut message).await?;
    Ok(message)
}

/// The end that hears.
pub(crate) struct Reader {
    from: BufReader<OwnedReadHalf>,
    state: Arc<StatelessTransportState>,
    read: u64,
    plain: Vec<u8>,
    gathered: Vec<u8>,
    /// How long the frame is that is coming.
    wanted: Option<usize>,
}

impl Reader {
    /// The next frame. It must be awaited to its end: half a message would be lost.
    pub(crate) async fn next(&mut self) -> Result<Vec<u8>, SealedError> {
        loop {
            if let Some(wanted) = self.wanted
                && self.gathered.len() >= wanted
            {
                let rest = self.gathered.split_off(wanted);
                self.wanted = None;
                return Ok(std::mem::replace(&mut self.gathered, rest));
            }
            let message = receive(&mut self.from, MOST_MESSAGE).await?;
            let n = self
                .state
                .read_message(self.read, &message, &mut self.plain)
                .map_err(|_| SealedError::Spoilt)?;
            self.read += 1;
            let mut plain = &self.plain[..n];
            if self.wanted.is_none() {
                // A frame begins with its length, in a message of its own beginning.
                let Some((length, rest)) = plain.split_first_chunk::<4>() else {
                    return Err(SealedError::Spoilt);
                };
                let length = u32::from_be_bytes(*length) as usize;
                if length > LONGEST_LINE {
                    return Err(SealedError::TooLong(length));
                }
                (self.wanted, plain) = (Some(length), rest);
            }
            self.gathered.extend_from_slice(plain);
        }
    }
}

/// The end that says.
pub(crate) struct Writer {
    to: OwnedWriteHalf,
    state: Arc<StatelessTransportState>,
    written: u64,
    sealed: Vec<u8>,
}

impl Writer {
    /// Sends a frame.
    pub(crate) async fn send(&mut self, frame: &[u8]) -> Result<(), SealedError> {
        if frame.len() > LONGEST_LINE {
            return Err(SealedError::TooLong(frame.len()));
        }
        let length = u32::try_from(frame.len()).map_err(|_| SealedError::TooLong(frame.len()))?;
        let first = frame.len().min(MOST_MESSAGE - TAG - 4);
        let mut message = Vec::with_capacity(4 + first);
        message.extend_from_slice(&length.to_be_bytes());
        message.extend_from_slice(&frame[..first]);
        self.sealed.clear();
        self.seal(&message)?;
        for piece in frame[first..].chunks(MOST_MESSAGE - TAG) {
            self.seal(piece)?;
        }
        Ok(self.to.write_all(&self.sealed).await?)
    }

    fn seal(&mut self, plain: &[u8]) -> Result<(), SealedError> {
        let at = self.sealed.len();
        self.sealed.resize(at + 2 + plain.len() + TAG, 0);
        let n = self
            .state
            .write_message(self.written, plain, &mut self.sealed[at + 2..])
            .map_err(|_| SealedError::Spoilt)?;
        self.written += 1;
        let length = u16::try_from(n).map_err(|_| SealedError::TooLong(n))?;
        self.sealed[at..at + 2].copy_from_slice(&length.to_be_bytes());
        Ok(())
    }

    /// The address by which this machine reaches the other one.
    pub(crate) fn own_address(&self) -> std::io::Result<std::net::IpAddr> {
        Ok(self.to.local_addr()?.ip())
    }

    /// Where the other end is.
    pub(crate) fn peer(&self) -> std::io::Result<std::net::IpAddr> {
        Ok(self.to.peer_addr()?.ip())
    }
}

impl std::fmt::Debug for Reader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Reader")
    }
}

impl std::fmt::Debug for Writer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Writer")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::TcpListener;

    const LIMIT: Duration = Duration::from_secs(60);

    fn run<T>(act: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap()
            .block_on(act)
    }

    async fn pair(theirs: &Key, ours: &Key) -> [Result<(Reader, Writer), SealedError>; 2] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let called = async {
            let (stream, _) = listener.accept().await.unwrap();
            accept(stream, ours).await
        };
        let (a, b) = tokio::join!(connect(&address, theirs, LIMIT), called);
        [a, b]
    }

    #[test]
    fn frames_of_any_length_come_as_they_were_sent() {
        run(async {
            let key = Key::new();
            let [Ok((mut heard, _a)), Ok((_b, mut said))] = pair(&key, &key).await else {
                panic!("they do not meet");
            };
            let lengths = [0, 1, 65_514, 65_515, 65_516, 65_519, 300_000, LONGEST_LINE];
            let frames = lengths.map(|n| (0..n).map(|i| (i % 251) as u8).collect::<Vec<_>>());
            let sends = async {
                for frame in &frames {
                    said.send(frame).await.unwrap();
                }
            };
            let hears = async {
                for frame in &frames {
                    assert!(heard.next().await.unwrap() == *frame);
                }
            };
            tokio::join!(sends, hears);
            let long = vec![0; LONGEST_LINE + 1];
            assert!(matches!(
                said.send(&long).await,
                Err(SealedError::TooLong(_))
            ));
        });
    }

    #[test]
    fn who_has_another_key_is_a_stranger_to_both() {
        run(async {
            let [a, b] = pair(&Key::new(), &Key::new()).await;
            assert!(matches!(b, Err(SealedError::Stranger)), "{b:?}");
            assert!(matches!(a, Err(SealedError::Io(_))), "{a:?}");
        });
    }

    #[test]
    fn anything_else_than_the_protocol_is_refused() {
        run(async {
            for said in [
                &b"GET / HTTP/1.1\r\n\r\n"[..],
                &[0, 0],
                &[0xff; 300],
                &[0, 48],
            ] {
                let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
                let address = listener.local_addr().unwrap();
                let mut stranger = TcpStream::connect(address).await.unwrap();
                let (stream, _) = listener.accept().await.unwrap();
                stranger.write_all(said).await.unwrap();
                drop(stranger);
                assert!(accept(stream, &Key::new()).await.is_err(), "{said:?}");
            }
        });
    }
}
