//! `exo attach`: takes over a session that `exo run --detach` left, and prints what its cmdlet gives.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use exo_session::{ConnectOptions, DisconnectedSession, Host};
use serde::{Deserialize, Serialize};

use crate::args::{Attach, RunOutput, selected};
use crate::asking::TerminalHost;
use crate::connection;
use crate::exit::{Exit, Failure, complain, note};
use crate::interrupt::Interrupt;
use crate::progress::Progress;
use crate::run::{Driven, OneRun};
use crate::secret::Extent;

/// What the file says.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Left {
    command: String,
    session: DisconnectedSession,
}

impl Left {
    fn encode(&self) -> io::Result<Vec<u8>> {
        Ok(serde_json::to_vec_pretty(self)?)
    }
}

/// A file that is to say how to come back; it goes again when nothing was written.
pub(crate) struct LeftFile {
    path: PathBuf,
    file: File,
    is_written: bool,
}

impl LeftFile {
    /// Before anything is started, so that a cmdlet is not left where nobody finds it.
    pub(crate) fn create(path: PathBuf) -> Result<Self, Failure> {
        match OpenOptions::new().write(true).create_new(true).open(&path) {
            Ok(file) => Ok(Self { path, file, is_written: false }),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(Failure::Usage(format!(
                "{} exists; `exo attach` it first, or name another file",
                path.display()
            ))),
            Err(error) => Err(Failure::Usage(format!("{} cannot be made: {error}", path.display()))),
        }
    }

    pub(crate) fn write(mut self, command: &str, session: DisconnectedSession) -> Result<(), Failure> {
        self.file.write_all(&Left { command: command.to_owned(), session }.encode()?)?;
        self.file.sync_all()?;
        self.is_written = true;
        Ok(())
    }
}

impl Drop for LeftFile {
    fn drop(&mut self) {
        if !self.is_written {
            // An empty file in the way is told of by the next run.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// The session to take over.
pub(crate) struct Prepared {
    options: ConnectOptions,
    left: Left,
    file: PathBuf,
    output: RunOutput,
    select: Vec<String>,
}

impl Prepared {
    pub(crate) fn new(arguments: Attach) -> Result<Self, Failure> {
        let left = read(&arguments.file)?;
        let options = connection::options(arguments.connection, Extent::Whole)?;
        let select = selected(&arguments.select);
        Ok(Self { options, left, file: arguments.file, output: arguments.output, select })
    }

    pub(crate) async fn run(self) -> Result<Exit, Failure> {
        let interrupt = Interrupt::listen()?;
        let progress = Progress::start("Connecting");
        let host = TerminalHost::open(progress.bar()).map(|host| -> Arc<dyn Host> { host });
        let attached = connection::attach(self.options, &self.left.session, host, &interrupt, &progress);
        let (session, pipelines) = attached.await?;
        progress.say(&format!("{}: waiting for the first object", self.left.command));
        let run = OneRun::new(&interrupt, &progress, self.left.command.clone(), self.output, self.select);
        let outcome = match pipelines.into_iter().next() {
            Some(pipeline) => run.drive_or_leave(pipeline, &session).await,
            None => Ok(Driven::Ended(Exit::Success)),
        };
        progress.end();
        let outcome = match outcome {
            Ok(Driven::Left(session)) => {
                // The commands may be fewer than the file has.
                fs::write(&self.file, Left { session, ..self.left }.encode()?)?;
                note(
                    "",
                    &format!("the cmdlet goes on; `exo attach {}` comes back to it", self.file.display()),
                );
                return Ok(Exit::Interrupted);
            }
            Ok(Driven::Ended(exit)) => Ok(exit),
            Err(failure) => Err(failure),
        };
        connection::close(&session, &interrupt).await;
        // The session is gone, and with it what the file is good for.
        if let Err(error) = fs::remove_file(&self.file) {
            complain(&format!("{} cannot be removed: {error}", self.file.display()));
        }
        outcome
    }
}

fn read(file: &Path) -> Result<Left, Failure> {
    let text = fs::read(file)
        .map_err(|error| Failure::Usage(format!("{} cannot be read: {error}", file.display())))?;
    serde_json::from_slice(&text).map_err(|error| {
        Failure::Usage(format!("{} is not what `exo run --detach` wrote: {error}", file.display()))
    })
}
