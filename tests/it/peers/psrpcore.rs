//! psrpcore's server half behind WSMan, as a child process.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use tempfile::TempDir;

use super::python;

/// A running server. Dropping it ends it.
pub(super) struct Server {
    child: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
    folder: TempDir,
    url: String,
}

/// The one account the server knows.
pub(super) const USER: &str = "admin@contoso.example";
/// Its password: with a colon, and not ASCII.
pub(super) const PASSWORD: &str = "pass:wörd";

impl Server {
    /// Starts a server whose fragments have at most `fragment_len` bytes.
    pub(super) fn start(interpreter: &Path, fragment_len: u32) -> Self {
        Self::with(interpreter, fragment_len, |_| {})
    }

    /// The same; `prepare` adds to its command line and its environment.
    pub(super) fn with(interpreter: &Path, fragment_len: u32, prepare: impl FnOnce(&mut Command)) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut command = Command::new(interpreter);
        command
            .arg(python::script("psrpcore_server.py"))
            .arg("--folder")
            .arg(folder.path())
            .args(["--user", USER, "--password", PASSWORD, "--fragment-len", &fragment_len.to_string()])
            .env("PYTHONUTF8", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        prepare(&mut command);
        let mut child = command.spawn().expect("the interpreter works");
        let stdin = child.stdin.take().expect("it is piped");
        let stdout = BufReader::new(child.stdout.take().expect("it is piped"));
        let mut server = Self { child, stdin, stdout, folder, url: String::new() };
        server.url = server.line().strip_prefix("URL ").expect("the server's first line").to_owned();
        server
    }

    /// Where it listens.
    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// Its certificate authority.
    pub(super) fn ca_file(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// How many shells live, and how many there ever were.
    pub(super) fn shells(&mut self) -> (u32, u32) {
        self.stdin.write_all(b"shells\n").and_then(|()| self.stdin.flush()).expect("the server lives");
        let line = self.line();
        let mut words = line.split_whitespace().skip(1).map(|word| word.parse().expect("a number"));
        (words.next().expect("live shells"), words.next().expect("all shells"))
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.stdout.read_line(&mut line).expect("the server speaks UTF-8");
        line.trim_end().to_owned()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Neither can fail in a way that matters to a test that is over.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
