//! A process of its own for what a test does inside a realm: its configuration is in environment variables.

use std::path::PathBuf;
use std::process::{Command, Output};

use exo_lab::{Realm, RealmError};

pub(crate) const USER: &str = "ana";
pub(crate) const PASSWORD: &str = "Kerberos-42";
pub(crate) const SERVICE: &str = "HTTP/localhost";

/// Runs `body` inside a realm with a user and a service: in another process that runs the test of this name alone. `None`
/// uses the usual library; `prepare` changes the realm or that process.
#[expect(clippy::print_stderr, reason = "the test runner collects what was left out")]
pub(crate) fn inside(test: &str, prepare: impl FnOnce(&Realm, &mut Command), body: impl FnOnce()) {
    if std::env::var_os(INSIDE).is_some() {
        body();
        return;
    }
    let realm = match Realm::start() {
        Err(error @ RealmError::Missing { .. }) => {
            eprintln!("ignored: {test}: {error}");
            return;
        }
        started => started.expect("the realm starts"),
    };
    realm.add_user(USER, PASSWORD).unwrap();
    realm.add_service(SERVICE).unwrap();
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args([test, "--exact", "--nocapture"]).envs(realm.variables()).env(INSIDE, "1");
    command.env_remove(exo_gss::LIBRARY_VARIABLE);
    prepare(&realm, &mut command);
    let Output { status, stdout, stderr } = command.output().unwrap();
    let said = [stdout, stderr].concat();
    let said = String::from_utf8_lossy(&said);
    assert!(status.success() && said.contains("1 passed"), "{said}");
}

/// The keys of the realm's services, inside.
pub(crate) fn keytab() -> PathBuf {
    let named = std::env::var("KRB5_KTNAME").unwrap();
    PathBuf::from(named.strip_prefix("FILE:").unwrap())
}

const INSIDE: &str = "EXO_GSS_TEST_INSIDE";
