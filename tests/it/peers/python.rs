//! Python with the packages of all peers in it.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use crate::bounded;

/// The interpreter, or why there is none.
pub(super) fn interpreter() -> Result<&'static Path, &'static str> {
    static INTERPRETER: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let prepared = INTERPRETER.get_or_init(|| prepare(&PLAIN));
    prepared.as_ref().map(PathBuf::as_path).map_err(String::as_str)
}

/// One that has Kerberos too: its packages are compiled here, against the headers of MIT's (libkrb5-dev).
pub(super) fn with_kerberos() -> Result<&'static Path, &'static str> {
    static INTERPRETER: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let prepared = INTERPRETER.get_or_init(|| prepare(&KERBEROS));
    prepared.as_ref().map(PathBuf::as_path).map_err(String::as_str)
}

/// What is installed, and what it must then have.
struct Packages {
    requirements: &'static str,
    modules: &'static str,
    /// Whether something in it has to be compiled.
    is_source: bool,
}

const PLAIN: Packages = Packages {
    requirements: "requirements.txt",
    modules: "pypsrp, psrpcore, cryptography, msal",
    is_source: false,
};
const KERBEROS: Packages = Packages {
    requirements: "requirements-kerberos.txt",
    modules: "pypsrp, psrpcore, cryptography, spnego, gssapi, krb5",
    is_source: true,
};

/// One of our scripts.
pub(super) fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("peers").join(name)
}

/// Reuses the environment, or makes it beside its place and moves it there when it is whole.
fn prepare(packages: &Packages) -> Result<PathBuf, String> {
    let requirements = script(packages.requirements);
    let wanted = std::fs::read_to_string(&requirements).expect("a file of ours");
    let versions: String = wanted.lines().map(|line| format!("-{}", line.replace("==", "-"))).collect();
    let place = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("python{versions}"));
    let interpreter = |place: &Path| {
        if cfg!(windows) {
            place.join("Scripts").join("python.exe")
        } else {
            place.join("bin").join("python")
        }
    };
    let works = |interpreter: &Path| has(interpreter, packages.modules);
    if works(&interpreter(&place)) {
        return Ok(interpreter(&place));
    }
    let draft = place.with_extension(format!("draft{}", std::process::id()));
    run(
        Command::new("python3").args(["-m", "venv"]).arg(&draft),
        "python3 cannot make a virtual environment",
    )?;
    let installed = run(
        Command::new(interpreter(&draft))
            .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"])
            .args(if packages.is_source { &[][..] } else { &["--only-binary", ":all:"] })
            .args(["--retries", "1", "--timeout", "15", "--requirement"])
            .arg(&requirements),
        "the packages cannot be installed",
    );
    let moved = installed.and_then(|()| match std::fs::rename(&draft, &place) {
        Ok(()) => Ok(()),
        // Another process was faster, or an unusable environment stands there.
        Err(_) if works(&interpreter(&place)) => Ok(()),
        Err(_) => std::fs::remove_dir_all(&place)
            .and_then(|()| std::fs::rename(&draft, &place))
            .map_err(|error| format!("the virtual environment cannot be moved: {error}")),
    });
    if draft.exists() {
        std::fs::remove_dir_all(&draft).expect("a folder of ours");
    }
    moved.map(|()| interpreter(&place))
}

fn has(interpreter: &Path, modules: &str) -> bool {
    run(Command::new(interpreter).args(["-c", &format!("import {modules}")]), "").is_ok()
}

/// Runs a command quietly; its last line of complaint goes into the error.
fn run(command: &mut Command, complaint: &str) -> Result<(), String> {
    let output = bounded::output(command).map_err(|error| format!("{complaint}: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let last = said.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("no reason given").trim();
    Err(format!("{complaint}: {last}"))
}
