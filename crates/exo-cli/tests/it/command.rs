//! Running the binary.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};

/// The binary with these arguments, without anything of the environment that would change what it does.
pub(crate) fn exo<S: AsRef<std::ffi::OsStr>>(arguments: impl IntoIterator<Item = S>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_exo"));
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    for name in VARIABLES {
        command.env_remove(name);
    }
    // Nobody's kept sign-ins.
    command.env("XDG_STATE_HOME", "/nonexistent").env("HOME", "/nonexistent");
    command.env("EXO_CATALOG_CACHE", "off");
    command
}

/// Runs to the end with this text on standard input.
pub(crate) fn run_with(mut command: Command, stdin: &[u8]) -> Done {
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    // A program that does not read its input closes it.
    let _ = child.stdin.take().unwrap().write_all(stdin);
    Done::of(child)
}

/// Runs to the end without standard input.
pub(crate) fn run(arguments: &[&str]) -> Done {
    Done::of(exo(arguments).spawn().unwrap())
}

/// How a run ended.
pub(crate) struct Done {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
    /// Whether it was said that passwords are on their way out.
    pub(crate) warned: bool,
}

impl Done {
    pub(crate) fn of(child: Child) -> Self {
        let Output { status, stdout, stderr } = child.wait_with_output().unwrap();
        let mut err = String::from_utf8(stderr).unwrap();
        // Most tests sign in with a password and are about something else; one in `signin` sees to the warning.
        let warned = err.find(PASSWORD_WARNING);
        if let Some((start, line)) = warned.and_then(|start| Some((start, err.get(start..)?.find('\n')?))) {
            err.replace_range(start..=start + line, "");
        }
        Self { code: status.code(), out: String::from_utf8(stdout).unwrap(), err, warned: warned.is_some() }
    }

    /// The output of a run that must have worked and said nothing.
    pub(crate) fn output(self) -> String {
        assert_eq!((self.code, self.err.as_str()), (Some(0), ""), "{}", self.out);
        self.out
    }

    /// The complaint of a run that must have failed with this code and printed nothing.
    pub(crate) fn complaint(self, code: i32) -> String {
        assert_eq!((self.code, self.out.as_str()), (Some(code), ""), "{}", self.err);
        self.err
    }
}

/// Files that are recorded elsewhere; `None`, with a line that says so, where they are not at hand.
#[expect(clippy::print_stderr, reason = "the test runner collects what was left out")]
pub(crate) fn fixtures(test: &str) -> Option<PathBuf> {
    let shared = std::env::var_os("EXO_SHARED").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared")),
        PathBuf::from,
    );
    let fixtures = shared.join("fixtures");
    if fixtures.is_dir() {
        return Some(fixtures);
    }
    eprintln!("ignored: {test}: the recorded documents in ../shared/fixtures are not here");
    None
}

const PASSWORD_WARNING: &str = "WARNING: Microsoft is withdrawing sign-in with user name and password";
/// What of the environment changes what the program does.
const VARIABLES: &[&str] = &[
    "HTTPS_PROXY",
    "https_proxy",
    "HTTP_PROXY",
    "http_proxy",
    "ALL_PROXY",
    "all_proxy",
    "SSL_CERT_FILE",
    "EXO_TOKEN_CACHE",
    "IDENTITY_ENDPOINT",
    "IDENTITY_HEADER",
    "IMDS_ENDPOINT",
    "AZURE_POD_IDENTITY_AUTHORITY_HOST",
    "BROWSER",
    "DISPLAY",
    "WAYLAND_DISPLAY",
    "KRB5_CONFIG",
    "KRB5CCNAME",
    "EXO_GSSAPI_LIBRARY",
];
