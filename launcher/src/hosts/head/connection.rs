//! One connection: somebody shows the key, says who it is, and is served.
//!
//! Owns the connections of hosts, and of those who ask. It must never hold up another one, nor take
//! more of them than it can serve.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{Receiver, Sender, UnboundedReceiver, UnboundedSender};
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::time::{sleep, timeout};

use blendtorch_channels::control::{
    Answer, FromPerson, Refusal, RefusalKind, Wanted, decode, encode,
};

use crate::board::Outcome;
use crate::head::{Teller, answer_person};
use crate::hosts::words::{FromHost, HostHello, ToHost};
use crate::sealed::{Key, Reader, SealedError, Writer, accept};

/// Those who have not shown the key yet.
const STRANGERS: usize = 256;
/// How long one that has shown the key may take to say who it is.
const HELLO: Duration = Duration::from_secs(10);
/// When no more files may be open.
const LATER: Duration = Duration::from_millis(50);
/// Words of a host that may wait to be heard; it waits too then.
const UNHEARD: usize = 256;

/// What the head hears.
pub(super) enum Event {
    /// A host has come.
    Came {
        id: u64,
        hello: Box<HostHello>,
        peer: Option<IpAddr>,
        say: UnboundedSender<ToHost>,
    },
    /// It says something.
    Says {
        id: u64,
        word: Box<FromHost>,
        /// Given back when it has been heard.
        heard: oneshot::Sender<()>,
    },
    /// Its connection is over, for this reason.
    Gone { id: u64, why: String },
    /// An instance is asked something.
    Question {
        id: u64,
        instance: usize,
        wanted: Wanted,
        answer: oneshot::Sender<Outcome>,
    },
}

/// Takes connections for as long as the fleet lives; each has an `open` of its own until it is over.
pub(super) async fn listen(
    listener: TcpListener,
    key: Key,
    events: UnboundedSender<Event>,
    teller: Arc<Teller>,
    open: Sender<()>,
) {
    let room = Arc::new(Semaphore::new(STRANGERS));
    let mut last = 0;
    loop {
        let Ok(place) = Arc::clone(&room).acquire_owned().await else {
            return;
        };
        match listener.accept().await {
            Ok((stream, _)) => {
                last += 1;
                let (id, key) = (last, key.clone());
                let (events, teller, open) = (events.clone(), Arc::clone(&teller), open.clone());
                tokio::spawn(async move {
                    let _open = open;
                    let met = meet(stream, &key).await;
                    drop(place);
                    // A stranger is not worth a word: anybody on the network could fill a log.
                    if let Ok((word, reader, writer)) = met {
                        serve(id, word, (reader, writer), events, &teller).await;
                    }
                });
            }
            Err(_) => sleep(LATER).await,
        }
    }
}

/// Who shows the key, and what it says first.
async fn meet(stream: TcpStream, key: &Key) -> Result<(FromHost, Reader, Writer), SealedError> {
    let (mut reader, writer) = accept(stream, key).await?;
    let first = timeout(HELLO, reader.next())
        .await
        .unwrap_or(Err(SealedError::Late(HELLO.as_secs_f64())))?;
    let word = decode(&first).map_err(|_| SealedError::Stranger)?;
    Ok((word, reader, writer))
}

async fn serve(
    id: u64,
    first: FromHost,
    (reader, writer): (Reader, Writer),
    events: UnboundedSender<Event>,
    teller: &Teller,
) {
    match first {
        FromHost::Hello(hello) => {
            let (say, says) = mpsc::unbounded_channel();
            let peer = writer.peer().ok();
            let came = Event::Came {
                id,
                hello,
                peer,
                say,
            };
            if events.send(came).is_err() {
                return;
            }
            let hears = hear(id, reader, events.clone());
            let why = tokio::select! {
                why = hears => why,
                why = tell(id, writer, says, &events) => why,
            };
            let _ = events.send(Event::Gone { id, why });
        }
        FromHost::Person { asks } => answer(*asks, reader, writer, teller).await,
        _ => {}
    }
}

/// What a host says, one word after another.
async fn hear(id: u64, mut reader: Reader, events: UnboundedSender<Event>) -> String {
    let (queue, queued): (Sender<FromHost>, Receiver<FromHost>) = mpsc::channel(UNHEARD);
    let read = async move {
        loop {
            let line = match reader.next().await {
                Ok(line) => line,
                Err(SealedError::Io(error)) => return format!("its connection ended ({error})"),
                Err(error) => return error.to_string(),
            };
            match decode::<FromHost>(&line) {
                Ok(word) => {
                    if queue.send(word).await.is_err() {
                        return "the head has ended".to_owned();
                    }
                }
                Err(reason) => {
                    let reason: String = reason.chars().take(200).collect();
                    return format!("it said what is not understood: {reason}");
                }
            }
        }
    };
    let (why, ()) = tokio::join!(read, pass_on(id, queued, events));
    why
}

/// Passes words on, not faster than they are heard.
async fn pass_on(id: u64, mut queued: Receiver<FromHost>, events: UnboundedSender<Event>) {
    while let Some(word) = queued.recv().await {
        let (heard, hears) = oneshot::channel();
        let says = Event::Says {
            id,
            word: Box::new(word),
            heard,
        };
        if events.send(says).is_err() {
            return;
        }
        let _ = hears.await;
    }
}

/// Says what the head has to say, until it has nothing more.
async fn tell(
    id: u64,
    mut writer: Writer,
    mut says: UnboundedReceiver<ToHost>,
    events: &UnboundedSender<Event>,
) -> String {
    while let Some(word) = says.recv().await {
        let sent = match (encode(&word), word) {
            (Ok(line), _) => writer.send(&line).await,
            // Who asked for more than a word can hold hears why.
            (Err(reason), ToHost::Ask { id: asked, .. }) => {
                let outcome = Err(Refusal::new(RefusalKind::Words, reason));
                let answer = FromHost::Answer(Answer { id: asked, outcome });
                let says = Event::Says {
                    id,
                    word: Box::new(answer),
                    heard: oneshot::channel().0,
                };
                let _ = events.send(says);
                continue;
            }
            (Err(_), _) => continue,
        };
        if let Err(error) = sent {
            return format!("its connection ended ({error})");
        }
    }
    "it is not wanted any more".to_owned()
}

/// Answers somebody who asks, question after question.
async fn answer(first: FromPerson, mut reader: Reader, mut writer: Writer, teller: &Teller) {
    let mut asks = first;
    loop {
        let told = answer_person(asks, teller).await;
        let Ok(answer) = serde_json::to_value(told) else {
            return;
        };
        let Ok(line) = encode(&ToHost::Told { answer }) else {
            return;
        };
        if writer.send(&line).await.is_err() {
            return;
        }
        let Ok(line) = reader.next().await else {
            return;
        };
        match decode(&line) {
            Ok(FromHost::Person { asks: next }) => asks = *next,
            _ => return,
        }
    }
}
