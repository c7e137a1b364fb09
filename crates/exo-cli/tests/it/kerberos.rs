//! Kerberos tickets, in a throw-away realm of MIT's: over plain http with sealed messages, and over https.

use std::net::{IpAddr, UdpSocket};
use std::path::Path;
use std::process::{Command, Stdio};

use exo_lab::{Backend, LabConfig, Realm, RealmError, Scheme};

use crate::command::{Done, exo, run_with};
use crate::meddler::{Meddler, Place};
use crate::tenant::Tenant;
use crate::tunnel::Tunnel;

/// A realm with a user and a service, and a tenant that takes its tickets.
pub(crate) struct Domain {
    pub(crate) realm: Realm,
    pub(crate) tenant: Tenant,
}

impl Domain {
    fn start(test: &str) -> Option<Self> {
        Self::with(test, LabConfig::default())
    }

    fn with(test: &str, config: LabConfig) -> Option<Self> {
        Self::at(test, &["localhost"], config)
    }

    /// With a server of these names. `None`, with a line that says so, where the packages are not installed.
    #[expect(clippy::print_stderr, reason = "the test runner collects what was left out")]
    fn at(test: &str, names: &[&str], config: LabConfig) -> Option<Self> {
        if Command::new("kinit").arg("--help").stdin(Stdio::null()).output().is_err() {
            eprintln!("ignored: {test}: the command kinit is not here, install krb5-user");
            return None;
        }
        let realm = match Realm::start() {
            Err(error @ RealmError::Missing { .. }) => {
                eprintln!("ignored: {test}: {error}");
                return None;
            }
            started => started.expect("the realm starts"),
        };
        for name in names {
            realm.add_service(&format!("HTTP/{name}")).unwrap();
        }
        realm.add_user("stranger", PASSWORD).unwrap();
        realm.add_user("admin", PASSWORD).unwrap();
        let tenant = Tenant::with(LabConfig { keytab: Some(realm.keytab()), ..config });
        Some(Self { realm, tenant })
    }

    fn plain_url(&self) -> String {
        self.tenant.lab.plain_url().unwrap()
    }

    /// Both addresses: sealed, and under TLS.
    fn urls(&self) -> [String; 2] {
        [self.plain_url(), format!("{}/powershell/", self.tenant.lab.rest_url())]
    }

    /// `exo run` as somebody in the realm.
    fn exo(&self, url: &str, more: &[&str]) -> Command {
        let mut command = exo(["run", "--connection-uri", url, "--ca-file", &self.tenant.ca_file()]);
        command.args(["--output", "jsonl", "--select", "Alias"]).args(more).envs(self.realm.variables());
        command
    }

    /// As the administrator with a password.
    fn with_password(&self, url: &str, password: &str, more: &[&str]) -> Done {
        let mut command = self.exo(url, &["--user", "admin", "--password-stdin"]);
        command.args(more);
        let done = run_with(command, password.as_bytes());
        self.tenant.assert_no_shell();
        done
    }

    fn kinit(&self, user: &str) {
        let mut command = Command::new("kinit");
        command.arg(user).envs(self.realm.variables()).stdout(Stdio::null()).stderr(Stdio::piped());
        let done = run_with(command, PASSWORD.as_bytes());
        assert_eq!(done.code, Some(0), "{}", done.err);
    }
}

const PASSWORD: &str = "Kerberos-42";
const SECRET: &str = "x-USER00002-x";
const KERBEROS: [&str; 2] = ["--authentication", "kerberos"];
const TWO: [&str; 4] = ["--", "Get-Mailbox", "-ResultSize", "2"];

fn lines(done: Done) -> usize {
    done.output().lines().count()
}

#[test]
fn a_ticket_of_kinit_or_a_password_opens_a_session_over_http_and_https() {
    let test = "kerberos::a_ticket_of_kinit_or_a_password_opens_a_session_over_http_and_https";
    let Some(domain) = Domain::start(test) else { return };
    for authentication in ["kerberos", "negotiate"] {
        for url in domain.urls() {
            let more = [&["--authentication", authentication][..], &TWO].concat();
            let done = domain.with_password(&url, PASSWORD, &more);
            assert!(done.err.contains("There are more results available"), "{url}: {}", done.err);
            assert_eq!((done.code, done.out.lines().count()), (Some(0), 2), "{url}: {}", done.err);
        }
    }
    domain.kinit("admin");
    for authentication in ["kerberos", "negotiate"] {
        for url in domain.urls() {
            let more = ["--authentication", authentication, "--", "Get-Mailbox"];
            let all = usize::try_from(LabConfig::default().mailboxes).unwrap();
            assert_eq!(lines(Done::of(domain.exo(&url, &more).spawn().unwrap())), all, "{url}");
            domain.tenant.assert_no_shell();
        }
    }
}

/// A server offers what its administrator lets it; the client takes what there is.
#[test]
fn the_scheme_that_the_server_offers_is_taken() {
    let test = "kerberos::the_scheme_that_the_server_offers_is_taken";
    for scheme in [Scheme::Negotiate, Scheme::Kerberos] {
        let config = LabConfig { schemes: vec![scheme], ..LabConfig::default() };
        let Some(domain) = Domain::with(test, config) else { return };
        for authentication in ["kerberos", "negotiate"] {
            for url in domain.urls() {
                let more = ["--authentication", authentication, "--", "Get-Mailbox"];
                assert!(0 < lines(domain.with_password(&url, PASSWORD, &more)), "{scheme:?} {url}");
            }
        }
    }
}

#[test]
fn what_keeps_a_ticket_away_is_one_sentence_each() {
    let test = "kerberos::what_keeps_a_ticket_away_is_one_sentence_each";
    let Some(domain) = Domain::start(test) else { return };
    let url = domain.plain_url();
    let said = |user: &str, password: &str, url: &str, more: &[&str]| {
        let mut command = domain.exo(url, &["--user", user, "--password-stdin"]);
        command.args(KERBEROS).args(more).args(TWO);
        let done = run_with(command, password.as_bytes());
        assert_eq!(done.err.lines().count(), 1, "{}", done.err);
        assert!(!done.err.contains(PASSWORD), "{}", done.err);
        (done.code, done.err)
    };
    let by_number = url.replace("localhost", "127.0.0.1");
    for (user, password, url, code, parts) in [
        ("admin", "wrong", &url, 3, ["there is no Kerberos credential", "check the password"]),
        ("nobody", PASSWORD, &url, 3, ["not found in Kerberos database", "check the user name"]),
        ("admin@NOWHERE.LAB", PASSWORD, &url, 3, ["NOWHERE.LAB", "check the spelling of the realm"]),
        ("admin", PASSWORD, &by_number, 3, ["not found in Kerberos database", "by the name under which"]),
        ("stranger", PASSWORD, &url, 3, ["does not allow this account", "HTTP 403"]),
    ] {
        let (found, text) = said(user, password, url, &[]);
        assert_eq!(found, Some(code), "{text}");
        assert!(parts.iter().all(|part| text.contains(part)), "{text}");
    }
    let (code, text) = {
        let mut command = domain.exo(&url, &KERBEROS);
        command.args(TWO);
        let done = Done::of(command.spawn().unwrap());
        (done.code, done.err)
    };
    assert_eq!(code, Some(3), "{text}");
    assert!(
        text.contains("there is no Kerberos credential") && text.contains("get one with kinit"),
        "{text}"
    );
    // Nobody listens where the realm's server was.
    let mut command = domain.exo(&url, &["--user", "admin", "--password-stdin"]);
    let config = tempfile::NamedTempFile::new().unwrap();
    let known = domain.realm.variables().into_iter().find(|(name, _)| *name == "KRB5_CONFIG").unwrap().1;
    let text = std::fs::read_to_string(known).unwrap();
    let port = text.split("kdc = 127.0.0.1:").nth(1).and_then(|rest| rest.lines().next()).unwrap();
    let text = text.replace(port, "1");
    std::fs::write(config.path(), text).unwrap();
    command.args(KERBEROS).args(TWO).env("KRB5_CONFIG", config.path());
    let done = run_with(command, PASSWORD.as_bytes());
    assert_eq!(done.code, Some(4), "{}", done.err);
    assert!(done.err.contains("Cannot contact any KDC") && done.err.contains("krb5.conf"), "{}", done.err);
    // A system without the library.
    let mut command = domain.exo(&url, &KERBEROS);
    command.args(TWO).env("EXO_GSSAPI_LIBRARY", "/nonexistent/libgssapi.so");
    let said = Done::of(command.spawn().unwrap()).complaint(3);
    assert!(said.contains("no Kerberos library") && said.contains("EXO_GSSAPI_LIBRARY"), "{said}");
    domain.tenant.assert_no_shell();
}

/// The clock of the client is half an hour off, which `faketime` sees to.
#[test]
fn clocks_too_far_apart_are_said() {
    let test = "kerberos::clocks_too_far_apart_are_said";
    let Some(library) = ["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu"]
        .map(|place| format!("{place}/faketime/libfaketime.so.1"))
        .into_iter()
        .find(|file| Path::new(file).exists())
    else {
        eprintln!("ignored: {test}: libfaketime is not here, install faketime");
        return;
    };
    let Some(domain) = Domain::start(test) else { return };
    domain.kinit("admin");
    let mut command = domain.exo(&domain.plain_url(), &KERBEROS);
    command
        .args(TWO)
        .env("LD_PRELOAD", library)
        .env("FAKETIME", "+30m")
        .env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
    let said = Done::of(command.spawn().unwrap()).complaint(3);
    assert!(said.contains("set this machine's clock"), "{said}");
}

#[test]
fn many_sealed_answers_come_through_whole() {
    let test = "kerberos::many_sealed_answers_come_through_whole";
    let Some(domain) = Domain::with(test, LabConfig { mailboxes: 1_500, ..LabConfig::default() }) else {
        return;
    };
    let more = ["--authentication", "kerberos", "--", "Get-Mailbox", "-ResultSize", "Unlimited"];
    let output = domain.with_password(&domain.plain_url(), PASSWORD, &more).output();
    let mut seen: Vec<&str> = output.lines().collect();
    assert_eq!(seen.len(), 1_500);
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), 1_500, "each mailbox once");
}

/// The wire, byte by byte: nothing of a command or of its answer can be read.
#[test]
fn nothing_goes_over_plain_http_unsealed() {
    let test = "kerberos::nothing_goes_over_plain_http_unsealed";
    let Some(domain) = Domain::start(test) else { return };
    for authentication in ["kerberos", "negotiate"] {
        let meddler = Meddler::start(domain.tenant.lab.plain_url().unwrap().as_str(), None);
        let more = ["--authentication", authentication, "--", "Get-Mailbox"];
        assert!(0 < lines(domain.with_password(&meddler.url(), PASSWORD, &more)));
        let seen = meddler.seen();
        assert!(has(&seen, b"multipart/encrypted") && has(&seen, b"session-encrypted"));
        for secret in
            [&b"Envelope"[..], b"Get-Mailbox", b"creationXml", b"ReceiveResponse", PASSWORD.as_bytes()]
        {
            assert!(!has(&seen, secret), "{}", String::from_utf8_lossy(secret));
        }
    }
}

/// Up to protocol 2.3 a password has a key of its own, so that it may go where the connection is sealed only; from 2.4 on it
/// has none, and stays here.
#[test]
fn a_password_goes_sealed_to_another_address_while_the_protocol_encrypts_it() {
    let test = "kerberos::a_password_goes_sealed_to_another_address_while_the_protocol_encrypts_it";
    let Some(ip) = address_in_the_network(test) else { return };
    let names = ["localhost", &ip.to_string()];
    let pwsh = Backend::Pwsh { configuration_file: None };
    for (backend, cmdlet, is_sent) in [(Backend::Builtin, "Set-Mailbox", true), (pwsh, "Get-Member", false)] {
        if !is_sent && Command::new("pwsh").arg("-Version").stdout(Stdio::null()).status().is_err() {
            eprintln!("ignored: {test}: pwsh is not here, which speaks protocol 2.4");
            return;
        }
        let Some(domain) = Domain::at(test, &names, LabConfig { backend, ..LabConfig::default() }) else {
            return;
        };
        let meddler = Meddler::start_at(ip, &domain.plain_url(), None);
        let mut command = domain.exo(&meddler.url(), &["--user", "admin", "--password-stdin"]);
        command.args(KERBEROS).args(["--", cmdlet, "-Identity", "user00002", "-Password", "@stdin"]);
        let done = run_with(command, format!("{PASSWORD}\n{SECRET}\n").as_bytes());
        domain.tenant.assert_no_shell();
        let seen = meddler.seen();
        assert!(has(&seen, b"session-encrypted") && !has(&seen, SECRET.as_bytes()), "{cmdlet}");
        if is_sent {
            // The server has read it: the account's name is in it.
            assert!(done.err.contains("minimum complexity requirements"), "{}", done.err);
        } else {
            assert!(done.code != Some(0) && done.err.contains("plain http"), "{}", done.err);
        }
    }
}

/// An address that is not one of this machine alone; `None`, with a line that says so, without a network.
#[expect(clippy::print_stderr, reason = "the test runner collects what was left out")]
fn address_in_the_network(test: &str) -> Option<IpAddr> {
    // Nothing is sent: the system chooses the address that it would be sent from.
    let socket = UdpSocket::bind("0.0.0.0:0").unwrap();
    let address = socket.connect("198.51.100.1:9").and_then(|()| socket.local_addr());
    let address = address.ok().map(|address| address.ip()).filter(|ip| !ip.is_loopback());
    if address.is_none() {
        eprintln!("ignored: {test}: this machine has no address but loopback");
    }
    address
}

#[test]
fn connections_with_tickets_go_through_the_proxy_that_is_named() {
    let test = "kerberos::connections_with_tickets_go_through_the_proxy_that_is_named";
    let Some(domain) = Domain::start(test) else { return };
    for url in domain.urls() {
        for credential in [None, Some("ana:p%3Ass")] {
            let tunnel = Tunnel::start(credential.map(|_| "ana:p:ss"));
            let proxy = tunnel.address(credential);
            let more = [&["--proxy", proxy.as_str()][..], &KERBEROS, &["--", "Get-Mailbox"]].concat();
            assert!(0 < lines(domain.with_password(&url, PASSWORD, &more)), "{url}");
            let place = url.split('/').nth(2).unwrap();
            let asked = tunnel.asked();
            assert!(!asked.is_empty() && asked.iter().all(|target| target == place), "{asked:?}");
        }
        let tunnel = Tunnel::start(Some("ana:p:ss"));
        let proxy = tunnel.address(Some("ana:wrong"));
        let more = [&["--proxy", proxy.as_str()][..], &KERBEROS, &["--", "Get-Mailbox"]].concat();
        let said = domain.with_password(&url, PASSWORD, &more).complaint(4);
        assert!(said.contains("gave no connection") && !said.contains("wrong"), "{said}");
        assert!(tunnel.asked().is_empty());
    }
}

#[test]
fn a_message_that_was_changed_on_its_way_is_refused() {
    let test = "kerberos::a_message_that_was_changed_on_its_way_is_refused";
    let Some(domain) = Domain::start(test) else { return };
    // The first request and the second answer are the same each time; later ones come side by side.
    for (name, place, parts) in [
        ("a byte of an answer", Place::SealedAnswer(1), &["is not safe", "could not be decrypted"][..]),
        ("an answer replaced by a readable one", Place::PlainAnswer(1), &["is not safe", "is not encrypted"]),
        ("a byte of a request", Place::SealedRequest(0), &["HTTP 400"]),
        ("the server's proof", Place::Proof, &["Kerberos sign-in failed"]),
        ("no proof at all", Place::NoProof, &["did not prove that it is the server meant"]),
    ] {
        let meddler = Meddler::start(&domain.plain_url(), Some(place));
        let mut command = domain.exo(&meddler.url(), &["--user", "admin", "--password-stdin"]);
        command.args(KERBEROS).args(["--", "Get-Mailbox"]);
        let done = run_with(command, PASSWORD.as_bytes());
        assert!(done.code != Some(0), "{name}: {}", done.out);
        assert!(parts.iter().all(|part| done.err.contains(part)), "{name}: {}", done.err);
        assert!(meddler.has_meddled(), "{name}");
    }
}

/// Connections come and go between two requests; each new one is signed in on by itself.
#[test]
fn a_connection_that_ended_is_replaced_by_one_with_a_sign_in_of_its_own() {
    let test = "kerberos::a_connection_that_ended_is_replaced_by_one_with_a_sign_in_of_its_own";
    let Some(domain) = Domain::start(test) else { return };
    let meddler = Meddler::start(&domain.plain_url(), Some(Place::CloseAfterEachSealedAnswer));
    let more = ["--authentication", "kerberos", "--", "Get-Mailbox"];
    assert!(0 < lines(domain.with_password(&meddler.url(), PASSWORD, &more)));
    assert!(3 < meddler.connections(), "{} connections", meddler.connections());
}

/// Heimdal cuts its messages otherwise; MIT on the other side must understand them.
#[test]
fn heimdal_as_the_client_is_understood() {
    let test = "kerberos::heimdal_as_the_client_is_understood";
    let places = ["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/usr/lib"];
    let files = places.map(|place| format!("{place}/libgssapi.so.3"));
    let Some(library) = files.into_iter().find(|file| Path::new(file).exists()) else {
        eprintln!("ignored: {test}: Heimdal's libgssapi.so.3 is not here, install libgssapi3-heimdal");
        return;
    };
    let Some(domain) = Domain::start(test) else { return };
    domain.kinit("admin");
    for authentication in ["kerberos", "negotiate"] {
        for url in domain.urls() {
            let more = ["--authentication", authentication, "--", "Get-Mailbox"];
            let mut command = domain.exo(&url, &more);
            command.env("EXO_GSSAPI_LIBRARY", &library);
            assert!(0 < lines(Done::of(command.spawn().unwrap())), "{url}");
        }
    }
}

fn has(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}
