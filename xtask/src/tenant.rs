//! The stand-in tenant as a process of its own.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::Result;

/// A running `exo-lab` and the variables it printed.
pub(crate) struct Tenant {
    child: Child,
    pub(crate) variables: Vec<(String, String)>,
}

impl Tenant {
    /// With further options for `exo-lab`.
    pub(crate) fn start(binaries: &Path, options: &[&str]) -> Result<Self> {
        let mut child = Command::new(binaries.join("exo-lab"))
            .args(options)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("exo-lab does not start: {error}"))?;
        let output = child.stdout.take().ok_or("exo-lab has no standard output")?;
        let mut variables = Vec::new();
        for line in BufReader::new(output).lines() {
            let line = line?;
            // The variables end with an empty line; after it the tenant serves.
            let Some((name, value)) = line.split_once('=') else { break };
            variables.push((name.to_owned(), value.to_owned()));
        }
        Ok(Self { child, variables })
    }

    pub(crate) fn variable(&self, name: &str) -> Result<&str> {
        self.variables
            .iter()
            .find_map(|(other, value)| (other == name).then_some(value.as_str()))
            .ok_or_else(|| format!("exo-lab printed no {name}").into())
    }

    pub(crate) fn stop(mut self) -> Result {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for Tenant {
    fn drop(&mut self) {
        // Also when a step failed half-way: nothing is left running. It may have ended already.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
