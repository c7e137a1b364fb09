//! What the environment of the process says about the machine: a browser, an identity, a place for files.
//!
//! These environment variables are read here and nowhere else.

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use exo_auth::{IdentityEndpoint, KeyFileReader, Secret};
use zeroize::Zeroizing;

/// What a sign-in needs to know about this machine.
#[derive(Clone)]
pub struct Surroundings {
    no_browser: Option<&'static str>,
    identity: IdentityEndpoint,
}

impl Surroundings {
    /// This process's.
    #[must_use]
    pub fn here() -> Self {
        Self::of(&|name| std::env::var_os(name), &Path::exists)
    }

    /// From other variables and files.
    pub fn of(variable: &dyn Fn(&str) -> Option<OsString>, exists: &dyn Fn(&Path) -> bool) -> Self {
        let text = |name: &str| {
            variable(name).and_then(|value| value.into_string().ok()).filter(|value| !value.is_empty())
        };
        Self { no_browser: no_browser(&text, exists), identity: identity(&text) }
    }

    /// Why no browser of this machine reaches the user; `None` when one does.
    #[must_use]
    pub fn no_browser(&self) -> Option<&'static str> {
        self.no_browser
    }

    pub(crate) fn identity(&self) -> &IdentityEndpoint {
        &self.identity
    }
}

/// The file for the tokens of this user: `$XDG_STATE_HOME/exo/tokens` or `~/.local/state/exo/tokens`; on macOS
/// `~/Library/Application Support/exo/tokens`. `None` when there is no home.
#[must_use]
pub fn default_token_cache() -> Option<PathBuf> {
    let directory = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let state = match directory("XDG_STATE_HOME") {
        Some(state) => state,
        None if cfg!(target_os = "macos") => directory("HOME")?.join("Library/Application Support"),
        None if cfg!(windows) => directory("LOCALAPPDATA")?,
        None => directory("HOME")?.join(".local/state"),
    };
    Some(state.join("exo").join("tokens"))
}

/// A browser that would open where nobody sits, or whose way back to this process does not exist, is none. Who sets
/// `BROWSER` knows better.
fn no_browser(text: &dyn Fn(&str) -> Option<String>, exists: &dyn Fn(&Path) -> bool) -> Option<&'static str> {
    let is_set = |names: &[&str]| names.iter().any(|name| text(name).is_some());
    if is_set(&["BROWSER"]) {
        return None;
    }
    if is_set(&["SSH_CONNECTION", "SSH_CLIENT", "SSH_TTY"]) {
        return Some("this is an ssh session");
    }
    if is_set(&["ACC_CLOUD", "CODESPACES", "KUBERNETES_SERVICE_HOST", "container"])
        || [DOCKER_MARK, PODMAN_MARK].iter().any(|mark| exists(Path::new(mark)))
    {
        return Some("this is a container");
    }
    if is_set(&["WSL_DISTRO_NAME", "WSL_INTEROP"]) {
        return Some("this is the Windows Subsystem for Linux");
    }
    let needs_display = !cfg!(any(target_os = "macos", windows));
    if needs_display && !is_set(&["DISPLAY", "WAYLAND_DISPLAY"]) {
        return Some("there is no display");
    }
    None
}

/// In the order of Microsoft's own libraries: the application's endpoint, the Arc agent, the virtual machine.
fn identity(text: &dyn Fn(&str) -> Option<String>) -> IdentityEndpoint {
    match (text("IDENTITY_ENDPOINT"), text("IDENTITY_HEADER"), text("IMDS_ENDPOINT")) {
        (Some(endpoint), Some(header), _) => {
            IdentityEndpoint::AppService { endpoint, header: Secret::new(header) }
        }
        (Some(endpoint), None, Some(_)) => IdentityEndpoint::Arc { endpoint, read: key_file_reader() },
        _ => {
            let origin = text("AZURE_POD_IDENTITY_AUTHORITY_HOST");
            IdentityEndpoint::Imds { origin: origin.unwrap_or_else(|| IMDS.to_owned()) }
        }
    }
}

fn key_file_reader() -> KeyFileReader {
    Arc::new(|path| {
        let bytes = Zeroizing::new(std::fs::read(path)?);
        let text = std::str::from_utf8(&bytes).map_err(|_| std::io::ErrorKind::InvalidData)?;
        Ok(Secret::new(text.trim_end().to_owned()))
    })
}

impl fmt::Debug for Surroundings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { no_browser, identity } = self;
        f.debug_struct("Surroundings").field("no_browser", no_browser).field("identity", identity).finish()
    }
}

const IMDS: &str = "http://169.254.169.254";
const DOCKER_MARK: &str = "/.dockerenv";
const PODMAN_MARK: &str = "/run/.containerenv";

#[cfg(test)]
mod tests {
    use super::*;

    fn of(set: &[(&str, &str)], file: &str) -> Surroundings {
        let variable =
            |name: &str| set.iter().find(|(own, _)| *own == name).map(|(_, value)| OsString::from(value));
        Surroundings::of(&variable, &|path| path == Path::new(file))
    }

    #[test]
    fn a_browser_is_only_where_somebody_sees_it() {
        let display = ("DISPLAY", ":0");
        for (set, file, expected) in [
            (vec![display], "", None),
            (vec![("WAYLAND_DISPLAY", "wayland-0")], "", None),
            (vec![display, ("SSH_CONNECTION", "1.2.3.4 5 6.7.8.9 22")], "", Some("ssh")),
            (vec![display, ("SSH_TTY", "/dev/pts/0"), ("BROWSER", "firefox")], "", None),
            (vec![display], "/.dockerenv", Some("container")),
            (vec![display], "/run/.containerenv", Some("container")),
            (vec![display, ("KUBERNETES_SERVICE_HOST", "10.0.0.1")], "", Some("container")),
            (vec![display, ("WSL_DISTRO_NAME", "Debian")], "", Some("Windows Subsystem")),
            (vec![display, ("SSH_TTY", "")], "", None),
        ] {
            let found = of(&set, file).no_browser();
            match expected {
                None => assert_eq!(found, None, "{set:?} {file}"),
                Some(part) => {
                    assert!(found.is_some_and(|found| found.contains(part)), "{set:?} {file}: {found:?}");
                }
            }
        }
        if !cfg!(any(target_os = "macos", windows)) {
            assert_eq!(of(&[], "").no_browser(), Some("there is no display"));
        }
    }

    #[test]
    fn the_identity_is_the_nearest_one() {
        let endpoint = ("IDENTITY_ENDPOINT", "http://127.0.0.1:1/msi/token");
        for (set, expected) in [
            (vec![], "Imds"),
            (vec![endpoint], "Imds"),
            (vec![endpoint, ("IDENTITY_HEADER", "h")], "AppService"),
            (vec![endpoint, ("IMDS_ENDPOINT", "http://127.0.0.1:2")], "Arc"),
            (vec![endpoint, ("IDENTITY_HEADER", "h"), ("IMDS_ENDPOINT", "x")], "AppService"),
        ] {
            assert_eq!(format!("{:?}", of(&set, "").identity()), expected, "{set:?}");
        }
    }
}
