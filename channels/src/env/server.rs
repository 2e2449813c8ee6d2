//! The environment's end: takes commands, answers each.

use super::protocol::{Command, Failure, Request};
use crate::Error;
use crate::sending::{Numbering, decode};
use blendtorch_transport::{Replier, ReplierOptions};
use blendtorch_wire::Fields;
use std::time::Duration;

/// Takes commands at one address and answers them, one after another.
///
/// ```no_run
/// use blendtorch_channels::{Command, EnvServer};
/// use blendtorch_wire::Fields;
/// use std::time::Duration;
///
/// let mut server = EnvServer::bind("tcp://127.0.0.1:11000", None)?;
/// loop {
///     let Some(request) = server.recv(Duration::from_millis(100))? else { continue };
///     if let Command::Step(action) = &request.command {
///         // … advance …
///     }
///     server.answer(Fields::from_iter([("obs".to_owned(), 0.5.into())]))?;
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct EnvServer {
    replier: Replier,
    numbering: Numbering,
}

impl EnvServer {
    /// Binds `address`; `btid` is the instance's number.
    ///
    /// # Errors
    /// [`Error::Address`], or [`Error::Transport`] when it is in use or not ours.
    pub fn bind(address: &str, btid: Option<i64>) -> Result<Self, Error> {
        Ok(Self {
            replier: Replier::bind(&address.parse()?, &ReplierOptions::default())?,
            numbering: Numbering::new(btid)?,
        })
    }

    /// The bound address, with the port that the system chose for port 0.
    #[must_use]
    pub fn address(&self) -> String {
        self.replier.address().to_string()
    }

    /// The next command, or `None` when none came within `timeout`. What is no command is answered
    /// with what is wrong with it, and not returned.
    ///
    /// # Errors
    /// [`Error::Transport`].
    pub fn recv(&mut self, timeout: Duration) -> Result<Option<Request>, Error> {
        let Some(frames) = self.replier.recv(timeout)? else {
            return Ok(None);
        };
        let wrong = match decode(self.replier.address(), &frames) {
            Ok(message) => match Command::from_fields(message.fields) {
                Ok(command) => {
                    return Ok(Some(Request {
                        client: message.header.publisher,
                        number: message.header.sequence,
                        command,
                    }));
                }
                Err(wrong) => wrong,
            },
            Err(error) => error.to_string(),
        };
        self.fail(Failure {
            kind: "MalformedCommand".to_owned(),
            message: wrong,
            traceback: String::new(),
            goes_on: true,
        })?;
        Ok(None)
    }

    /// Answers the last command. False if who gave it has left.
    ///
    /// # Errors
    /// [`Error::Encode`] for fields that no reader would take: nothing was answered.
    pub fn answer(&mut self, fields: Fields) -> Result<bool, Error> {
        let answer = self.numbering.encode(fields)?;
        let taken = self.replier.reply(&answer)?;
        self.numbering.sent();
        Ok(taken)
    }

    /// Answers the last command with what went wrong. False if who gave it has left.
    ///
    /// # Errors
    /// [`Error::Transport`].
    pub fn fail(&mut self, failure: Failure) -> Result<bool, Error> {
        self.answer(failure.into_fields())
    }

    /// Closes, after the last answer has gone out.
    pub fn close(&mut self) {
        self.replier.close(Duration::from_millis(200));
    }
}
