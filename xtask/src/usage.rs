//! What a process took: GNU time around it.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Result;

/// Processor time in seconds, and the most memory at a time in MB of 10⁶ bytes.
#[derive(Clone, Copy)]
pub(crate) struct Usage {
    pub(crate) peak: f64,
    pub(crate) user: f64,
    pub(crate) system: f64,
}

impl Usage {
    /// Seconds in the program and in the kernel for it.
    pub(crate) fn processor(&self) -> f64 {
        self.user + self.system
    }
}

/// Measures one process.
pub(crate) struct Meter {
    figures: PathBuf,
}

impl Meter {
    pub(crate) fn new() -> Result<Self> {
        if !Path::new(TIME).is_file() {
            return Err(format!("{TIME} is not there: it measures what a process takes").into());
        }
        // A name that no other run has.
        let name = format!("exo-usage-{}.txt", std::process::id());
        Ok(Self { figures: std::env::temp_dir().join(name) })
    }

    /// The command that runs `program`, to which its arguments are to be added.
    pub(crate) fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(TIME);
        command.args(["--format", "%M %U %S", "--output"]).arg(&self.figures).arg(program);
        command
    }

    /// What the command took, once it has ended.
    pub(crate) fn read(self) -> Result<Usage> {
        let text = std::fs::read_to_string(&self.figures)?;
        std::fs::remove_file(&self.figures)?;
        // A line about a failure of the program may stand before.
        let mut numbers = text.lines().last().unwrap_or_default().split_whitespace().map(str::parse::<f64>);
        let mut next =
            || numbers.next().ok_or("GNU time printed too little")?.map_err(|error| error.to_string());
        let (kibibytes, user, system) = (next()?, next()?, next()?);
        Ok(Usage { peak: kibibytes * 1_024.0 / 1e6, user, system })
    }
}

/// GNU time; the shell's own does not know the peak.
const TIME: &str = "/usr/bin/time";
