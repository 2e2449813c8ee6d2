//! The side of the instances: each comes with a connection, says who it is, and is asked over it.
//!
//! Owns the connections. Whose one is, the kernel says; nothing of what is said is trusted but as a
//! claim of that instance about itself.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rustix::process::{Pid, getpgid};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{mpsc, oneshot};
use tokio::time::sleep;

use blendtorch_channels::control::{
    About, Answer, FromInstance, LONGEST_LINE, Refusal, RefusalKind, ToInstance, decode, encode,
};

use super::line::{LineToInstance, Outcome, Question};
use super::session;
use crate::fleet::Board;

/// An instance may be quicker than the note that it was started.
const LOOKS: usize = 50;
const LOOK: Duration = Duration::from_millis(20);
/// Questions that may be open at a time; older ones are given up.
const MOST_OPEN: usize = 1024;
/// Characters of a text that an instance says of itself.
const LONGEST_TEXT: usize = 16 << 10;

/// Takes connections for as long as the fleet lives.
pub(super) async fn serve(listener: UnixListener, board: Arc<Board>, folder: PathBuf) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                tokio::spawn(line(stream, Arc::clone(&board), folder.clone()));
            }
            // No more files may be open: later, perhaps.
            Err(_) => sleep(LOOK).await,
        }
    }
}

/// One connection, to its end.
async fn line(stream: UnixStream, board: Arc<Board>, folder: PathBuf) {
    let Some(index) = whose(&stream, &board).await else {
        return;
    };
    let (reader, writer) = stream.into_split();
    let (handle, questions) = LineToInstance::new();
    board.set_line(index, handle.clone());
    let mut served = Served {
        index,
        board: Arc::clone(&board),
        folder,
        writer,
        open: HashMap::new(),
        asked: 0,
    };
    // Its life is over, which the supervision sees; or what it said is told to who asks.
    if let Some(nonsense) = served.serve(reader, questions).await {
        board.remark(index, nonsense);
    }
    board.drop_line(index, &handle);
}

/// The instance whose process has connected.
async fn whose(stream: &UnixStream, board: &Board) -> Option<usize> {
    let peer = stream.peer_cred().ok()?;
    if peer.uid() != rustix::process::geteuid().as_raw() {
        return None;
    }
    let pid = Pid::from_raw(peer.pid()?)?;
    for _ in 0..LOOKS {
        let group = getpgid(Some(pid))
            .ok()?
            .as_raw_nonzero()
            .get()
            .unsigned_abs();
        if let Some(index) = board.of_group(group) {
            return Some(index);
        }
        sleep(LOOK).await;
    }
    None
}

struct Served {
    index: usize,
    board: Arc<Board>,
    folder: PathBuf,
    writer: OwnedWriteHalf,
    open: HashMap<u64, oneshot::Sender<Outcome>>,
    asked: u64,
}

impl Served {
    /// Until the line is closed; why, where the instance has said nonsense.
    async fn serve(
        &mut self,
        reader: OwnedReadHalf,
        mut questions: mpsc::Receiver<Question>,
    ) -> Option<String> {
        let nonsense = |what: &str| {
            Some(format!(
                "it said what is not understood, and cannot be asked any more: {what}"
            ))
        };
        let mut reader = BufReader::new(reader);
        let mut line = Vec::new();
        loop {
            // What of a line had come stays in `line` when a question comes between.
            let room = (LONGEST_LINE + 1).saturating_sub(line.len()) as u64;
            let mut limited = (&mut reader).take(room);
            tokio::select! {
                read = limited.read_until(b'\n', &mut line) => {
                    if read.is_err() || line.last() != Some(&b'\n') {
                        let long = line.len() > LONGEST_LINE;
                        return long.then(|| nonsense("a line that is too long")).flatten();
                    }
                    match decode::<FromInstance>(&line) {
                        Ok(word) => self.hear(word),
                        Err(reason) => return nonsense(&cut(reason)),
                    }
                    line.clear();
                }
                question = questions.recv() => {
                    let (wanted, answer) = question?;
                    self.asked += 1;
                    let id = self.asked;
                    match encode(&ToInstance { id, wanted }) {
                        Ok(line) if self.writer.write_all(&line).await.is_ok() => {
                            self.open.insert(id, answer);
                            let long_ago = id.saturating_sub(MOST_OPEN as u64);
                            self.open.remove(&long_ago);
                        }
                        Ok(_) => return None,
                        Err(reason) => {
                            let _ = answer.send(Err(Refusal::new(RefusalKind::Words, reason)));
                        }
                    }
                }
            }
        }
    }

    fn hear(&mut self, word: FromInstance) {
        match word {
            FromInstance::Hello(about) => {
                let about = bounded(*about);
                session::note(&self.folder, self.index, about.session_folder.as_deref());
                self.board.says(self.index, about);
            }
            FromInstance::Answer(Answer { id, outcome }) => {
                if let Some(asker) = self.open.remove(&id) {
                    let _ = asker.send(outcome);
                }
            }
            FromInstance::ScriptError { traceback } => {
                self.board.remark(self.index, cut(traceback));
            }
        }
    }
}

/// What an instance says of itself, as far as it is believed.
fn bounded(mut about: About) -> About {
    for text in [
        &mut about.blendtorch,
        &mut about.blender,
        &mut about.python,
        &mut about.runtime,
    ] {
        *text = cut(std::mem::take(text));
    }
    about.engine = about.engine.map(cut);
    about.gpu = about.gpu.map(cut);
    about.session_folder = about
        .session_folder
        .filter(|folder| session::is_one(folder));
    about
}

fn cut(mut text: String) -> String {
    if let Some((at, _)) = text.char_indices().nth(LONGEST_TEXT) {
        text.truncate(at);
    }
    text
}

/// The path that a note of an instance's session folder has.
pub(super) fn note_path(folder: &Path, index: usize) -> PathBuf {
    folder.join(format!("session-{index}"))
}
