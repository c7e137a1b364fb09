//! What a caller feeds into a command that runs.

use std::fmt;

use psrp::clixml::Tape;
use tokio::sync::mpsc;

/// Writes the pipeline input of one command. Dropping it ends the input.
pub struct Input(mpsc::Sender<Tape>);

/// The command takes no more input: it has ended, or was stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InputEnded;

impl Input {
    /// The writer, and what the carrier reads from.
    pub(crate) fn channel() -> (Self, mpsc::Receiver<Tape>) {
        let (sender, values) = mpsc::channel(MAX_WAITING_VALUES);
        (Self(sender), values)
    }

    /// Writes the values of a tape, each as one object of input; an empty tape is a null.
    ///
    /// Waits while the server has not taken what was written before, except for the last few values. Dropping the
    /// future writes nothing.
    ///
    /// # Errors
    /// The command has ended. How it ended comes from [`Pipeline::next`](crate::Pipeline::next).
    pub async fn write(&self, values: Tape) -> Result<(), InputEnded> {
        self.0.send(values).await.map_err(|_| InputEnded)
    }
}

impl fmt::Debug for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Input")
    }
}

impl fmt::Display for InputEnded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the command takes no more input")
    }
}

impl std::error::Error for InputEnded {}

/// Values that wait for the server before the writer does.
const MAX_WAITING_VALUES: usize = 16;
