//! The side of the instances: each comes with a connection, says who it is, and is asked over it.
//!
//! Owns the connections. Whose one is, the kernel says; nothing of what is said is trusted but as a
//! claim of that instance about itself.

use std::collections::HashMap;
use std::path::PathBuf;
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

use super::session;
use crate::board::{Board, LineToInstance, Outcome, Question};

/// An instance may be quicker than the note that it was started.
const LOOKS: usize = 50;
const LOOK: Duration = Duration::from_millis(20);
/// Questions that may be open at a time.
const MOST_OPEN: usize = 1024;
/// Bytes that an instance may say of itself, and folders that go with it.
const LONGEST_ABOUT: usize = 64 << 10;
const MOST_FOLDERS: usize = 64;
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
    let Some((index, life)) = whose(&stream, &board).await else {
        return;
    };
    let (reader, writer) = stream.into_split();
    let (handle, questions) = LineToInstance::new();
    board.set_line(index, handle.clone());
    let mut served = Served {
        index,
        life,
        board: Arc::clone(&board),
        folder,
        writer,
        open: HashMap::new(),
        asked: 0,
    };
    // Its life is over, which the supervision sees; or what it said is told to who asks.
    if let Some(nonsense) = served.serve(reader, questions).await {
        board.remark(index, life, nonsense);
    }
    board.drop_line(index, &handle);
}

/// The instance whose process has connected, and which of its lives that is, by its process group.
async fn whose(stream: &UnixStream, board: &Board) -> Option<(usize, u32)> {
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
            return Some((index, group));
        }
        sleep(LOOK).await;
    }
    None
}

struct Served {
    index: usize,
    /// Its process group: another one in another life.
    life: u32,
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
                            // Who has given up is not answered.
                            if self.open.len() >= MOST_OPEN {
                                self.open.retain(|_, asker| !asker.is_closed());
                            }
                            if self.open.len() < MOST_OPEN {
                                self.open.insert(id, answer);
                            }
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
                if self.board.says(self.index, self.life, &about) {
                    session::note(&self.folder, self.index, &about.folders);
                }
            }
            FromInstance::Answer(Answer { id, outcome }) => {
                if let Some(asker) = self.open.remove(&id) {
                    let _ = asker.send(outcome);
                }
            }
            FromInstance::ScriptError { traceback } => {
                self.board.remark(self.index, self.life, cut(traceback));
            }
            FromInstance::Said { topic, value } => {
                self.board.said(self.index, self.life, topic, value);
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
    let session = about.session_folder.take();
    about
        .folders
        .extend(session.filter(|one| !about.folders.contains(one)));
    about.folders.retain(|folder| session::is_one(folder));
    about.folders.truncate(MOST_FOLDERS);
    about.session_folder = about
        .folders
        .iter()
        .find(|one| session::is_blenders(one))
        .cloned();
    // All of a fleet's is told in one line.
    if encode(&about).map_or(true, |line| line.len() > LONGEST_ABOUT) {
        about.services.clear();
        about.parameters.clear();
        about.engine = Some(format!(
            "{} (what it offers takes more than {LONGEST_ABOUT} bytes, and is not told)",
            about.engine.unwrap_or_default()
        ));
    }
    about
}

fn cut(mut text: String) -> String {
    if let Some((at, _)) = text.char_indices().nth(LONGEST_TEXT) {
        text.truncate(at);
    }
    text
}
