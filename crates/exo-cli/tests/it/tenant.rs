//! A stand-in tenant beside a test.

use std::process::Command;
use std::time::{Duration, Instant};

use exo_lab::{Lab, LabConfig};
use tokio::runtime::Runtime;

use crate::command::{Done, exo, run_with};

/// A running tenant; it ends with the test.
pub(crate) struct Tenant {
    pub(crate) lab: Lab,
    _runtime: Runtime,
}

impl Tenant {
    pub(crate) fn start() -> Self {
        Self::with(LabConfig::default())
    }

    pub(crate) fn with(config: LabConfig) -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let lab = runtime.block_on(Lab::start(config)).unwrap();
        Self { lab, _runtime: runtime }
    }

    /// A tenant with an application and its certificates in a folder of the test; `None`, with a line that says so, where
    /// there is no OpenSSL to make them.
    #[expect(clippy::print_stderr, reason = "the test runner collects what was left out")]
    pub(crate) fn with_certificates(test: &str, config: LabConfig) -> Option<(Self, tempfile::TempDir)> {
        if !Command::new("openssl").arg("version").output().is_ok_and(|output| output.status.success()) {
            eprintln!("ignored: {test}: the openssl command is not here");
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        let tenant = Self::with(LabConfig { certificates: Some(folder.path().to_owned()), ..config });
        Some((tenant, folder))
    }

    pub(crate) fn ca_file(&self) -> String {
        self.lab.ca_file().to_str().unwrap().to_owned()
    }

    /// `exo VERB` with endpoint and certificates, without a way to sign in.
    pub(crate) fn unsigned(&self, verb: &str, more: &[&str]) -> Command {
        let (url, authority, ca_file) = (self.lab.url(), self.lab.authority(), self.ca_file());
        let mut command =
            exo([verb, "--connection-uri", &url, "--authority", &authority, "--ca-file", &ca_file]);
        command.args(more);
        command
    }

    /// `exo VERB` with the administrator's name; the password must come on standard input.
    pub(crate) fn signed(&self, verb: &str, more: &[&str]) -> Command {
        let mut command = self.unsigned(verb, &["--user", &self.lab.user(), "--password-stdin"]);
        command.args(more);
        command
    }

    /// Runs `exo run` as the administrator, and makes sure that no session stays.
    pub(crate) fn run(&self, more: &[&str]) -> Done {
        let done = run_with(self.signed("run", more), self.lab.password().as_bytes());
        self.assert_no_shell();
        done
    }

    /// The server must have ended the session by now, or be about to, however busy the machine is.
    pub(crate) fn assert_no_shell(&self) {
        let deadline = Instant::now() + Duration::from_secs(120);
        while self.lab.live_shells() != 0 {
            assert!(Instant::now() < deadline, "a session stayed open on the server");
            std::thread::yield_now();
        }
    }
}
