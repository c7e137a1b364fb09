//! `exo cmdlets`: what an account may run, with parameters.

use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::path::Path;

use exo_session::catalog::Catalog;
use exo_session::{CommandInfo, ConnectOptions};
use psrp::clixml::utf8_document;

use crate::args::{Cmdlets, CmdletsOutput};
use crate::connection;
use crate::exit::{Exit, Failure, complain, note};
use crate::interrupt::Interrupt;
use crate::progress::Progress;
use crate::secret::Extent;

mod json;
mod syntax;
mod table;

/// Where the list comes from.
pub(crate) enum Prepared {
    /// A saved module file.
    File(Listing),
    /// A connection.
    Connection(Box<Asking>),
}

/// Cmdlets to print.
pub(crate) struct Listing {
    commands: Vec<CommandInfo>,
    output: CmdletsOutput,
}

/// A connection to ask.
pub(crate) struct Asking {
    options: ConnectOptions,
    names: Vec<String>,
    output: CmdletsOutput,
}

impl Prepared {
    pub(crate) fn new(arguments: Cmdlets) -> Result<Self, Failure> {
        let Cmdlets { connection, file, output, names } = arguments;
        let Some(file) = file else {
            let options = connection::options(connection, Extent::Whole)?;
            return Ok(Self::Connection(Box::new(Asking { options, names, output })));
        };
        let catalog = read(&file)?;
        for refusal in &catalog.refused {
            note("WARNING: ", &format!("{} is left out: {}", refusal.name, refusal.reason));
        }
        Ok(Self::File(Listing { commands: CommandInfo::of_catalog(&catalog, &names), output }))
    }
}

impl Asking {
    pub(crate) async fn run(self) -> Result<Exit, Failure> {
        let interrupt = Interrupt::listen()?;
        let progress = Progress::start("Connecting");
        let session = connection::open(self.options, &interrupt, &progress).await?;
        let commands = tokio::select! {
            commands = session.commands(&self.names) => commands.map_err(Failure::from).map(Some),
            () = interrupt.wait() => Ok(None),
        };
        progress.end();
        connection::close(&session, &interrupt).await;
        match commands? {
            Some(commands) => Listing { commands, output: self.output }.print(),
            None => Ok(Exit::Interrupted),
        }
    }
}

impl Listing {
    /// Prints the cmdlets; none at all is an error, because a name was wrong or the account has no roles.
    pub(crate) fn print(self) -> Result<Exit, Failure> {
        let mut out = BufWriter::new(io::stdout().lock());
        match self.output {
            CmdletsOutput::Table => table::print(&mut out, &self.commands)?,
            CmdletsOutput::Syntax => syntax::print(&mut out, &self.commands)?,
            CmdletsOutput::Json => json::print(&mut out, &self.commands)?,
        }
        out.flush()?;
        if self.commands.is_empty() {
            complain("no cmdlet has such a name");
            return Ok(Exit::Remote);
        }
        Ok(Exit::Success)
    }
}

fn read(file: &Path) -> Result<Catalog, Failure> {
    let name = file.display();
    let most = u64::try_from(Catalog::MAX_LEN).unwrap_or(u64::MAX).saturating_add(1);
    let mut bytes = Vec::new();
    File::open(file)
        .and_then(|file| file.take(most).read_to_end(&mut bytes))
        .map_err(|error| Failure::Usage(format!("{name} cannot be read: {error}")))?;
    let text = utf8_document(bytes).map_err(|error| Failure::Input(format!("{name} is no text: {error}")))?;
    let text =
        std::str::from_utf8(&text).map_err(|_| Failure::Input(format!("{name} is no text in UTF-8")))?;
    Catalog::read(text).map_err(|error| Failure::Input(format!("{name}: {error}")))
}
