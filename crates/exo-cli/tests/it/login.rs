//! Each way of signing in, from outside: through `exo run` on both carriers, and kept for later runs.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use exo_lab::{DeviceApproval, LabConfig};

use crate::command::{Done, exo, run_with};
use crate::tenant::Tenant;

/// One way of signing in: options, environment, what comes on standard input.
#[derive(Default)]
struct Way {
    name: &'static str,
    options: Vec<String>,
    environment: Vec<(&'static str, String)>,
    stdin: String,
}

impl Way {
    fn new(name: &'static str, options: &[&str], stdin: &str) -> Self {
        let options = options.iter().map(ToString::to_string).collect();
        Self { name, options, environment: Vec::new(), stdin: stdin.to_owned() }
    }

    fn with(mut self, environment: &[(&'static str, String)]) -> Self {
        self.environment = environment.to_vec();
        self
    }

    fn run(&self, tenant: &Tenant, carrier: &str) -> Done {
        let mut command = tenant.unsigned("run", &["--carrier", carrier]);
        command.args(&self.options).args(["--output", "jsonl", "--", "Get-AcceptedDomain"]);
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        let done = run_with(command, self.stdin.as_bytes());
        tenant.assert_no_shell();
        done
    }
}

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// A lab that approves device codes by itself.
fn approving() -> LabConfig {
    LabConfig {
        device_approval: DeviceApproval::AfterPolls(0),
        device_interval: Duration::from_secs(1),
        ..LabConfig::default()
    }
}

#[test]
fn every_way_of_signing_in_runs_a_cmdlet_on_both_carriers() {
    let test = "every_way_of_signing_in_runs_a_cmdlet_on_both_carriers";
    let Some((tenant, folder)) = Tenant::with_certificates(test, approving()) else { return };
    let lab = &tenant.lab;
    let (files, id) = (lab.certificates().unwrap(), lab.application_id().unwrap());
    let (user, password) = (lab.user(), lab.password().to_owned());
    let (organization, identity) = (lab.organization().to_owned(), lab.identity_client_id());
    let certificate = |name, file: &Path, needs_password: bool| {
        let mut options = vec!["--certificate", path(file), "--app-id", &id, "--organization", &organization];
        if needs_password {
            options.push("--certificate-password-stdin");
        }
        Way::new(name, &options, if needs_password { &password } else { "" })
    };
    let machine = [("AZURE_POD_IDENTITY_AUTHORITY_HOST", lab.identity_url().to_owned())];
    let app = [
        ("IDENTITY_ENDPOINT", format!("{}/msi/token", lab.identity_url())),
        ("IDENTITY_HEADER", lab.identity_header().to_owned()),
    ];
    let managed = ["--managed-identity", "--organization", &organization];
    let assigned = ["--managed-identity", &identity, "--organization", &organization];
    // A token that somebody else fetched.
    let token = {
        let kept = folder.path().join("tokens");
        let mut login = tenant.unsigned("login", &["--device", "--token-cache", path(&kept)]);
        assert_eq!(Done::of(login.spawn().unwrap()).code, Some(0));
        kept
    };
    let ways = [
        Way::new("password", &["--user", &user, "--password-stdin"], &password),
        Way::new("device code", &["--device"], ""),
        Way::new("kept sign-in", &["--token-cache", path(&token)], ""),
        certificate("PFX with AES", &files.pfx(), true),
        certificate("PFX with 3DES and RC2", &files.legacy_pfx(), true),
        certificate("PEM", &files.pem(), false),
        certificate("encrypted PEM", &files.encrypted_pem(), true),
        Way::new("machine", &managed, "").with(&machine),
        Way::new("user-assigned identity of a machine", &assigned, "").with(&machine),
        Way::new("app", &managed, "").with(&app),
        Way::new("user-assigned identity of an app", &assigned, "").with(&app),
    ];
    for way in &ways {
        for carrier in ["rest", "psrp"] {
            let done = way.run(&tenant, carrier);
            assert_eq!(done.code, Some(0), "{} over {carrier}: {}", way.name, done.err);
            assert!(done.out.contains("DomainName"), "{} over {carrier}: {}", way.name, done.out);
            assert!(!done.err.contains(&password), "{}", way.name);
        }
    }
    let grants: Vec<String> = lab.token_requests().into_iter().map(|request| request.grant).collect();
    assert_eq!(grants.iter().filter(|grant| *grant == "client_credentials").count(), 8, "{grants:?}");
}

#[test]
fn an_authority_without_ps256_gets_rs256() {
    let Some((tenant, _folder)) =
        Tenant::with_certificates("an_authority_without_ps256_gets_rs256", LabConfig::default())
    else {
        return;
    };
    tenant.lab.add_fault("refuse-ps256".parse().unwrap());
    let way = by_certificate(&tenant, &tenant.lab.certificates().unwrap().pem(), None);
    assert_eq!(way.run(&tenant, "rest").code, Some(0));
    let seen: Vec<_> = tenant.lab.token_requests().into_iter().map(|seen| seen.assertion_algorithm).collect();
    assert_eq!(seen, [Some("PS256".to_owned()), Some("RS256".to_owned())]);
}

fn by_certificate(tenant: &Tenant, file: &Path, password: Option<&str>) -> Way {
    let (id, organization) = (tenant.lab.application_id().unwrap(), tenant.lab.organization());
    let mut options = vec!["--certificate", path(file), "--app-id", &id, "--organization", organization];
    if password.is_some() {
        options.push("--certificate-password-stdin");
    }
    Way::new("certificate", &options, password.unwrap_or_default())
}

#[test]
fn each_wrong_certificate_has_its_sentence() {
    let test = "each_wrong_certificate_has_its_sentence";
    let Some((tenant, folder)) = Tenant::with_certificates(test, LabConfig::default()) else { return };
    let files = tenant.lab.certificates().unwrap();
    let password = tenant.lab.password().to_owned();
    let garbage = folder.path().join("garbage.pfx");
    std::fs::write(&garbage, b"no certificate").unwrap();
    let cases: [(&Path, Option<&str>, &str); 7] = [
        (&files.pfx(), Some("wrong"), "password"),
        (&files.pfx(), None, "password"),
        (&files.keyless_pfx(), Some(&password), "key"),
        (&files.expired_pem(), None, "2020"),
        (&files.stranger_pem(), None, "AADSTS700027"),
        (&garbage, None, "neither"),
        (&folder.path().join("nothing.pfx"), None, "nothing.pfx"),
    ];
    for (file, given, part) in cases {
        let done = by_certificate(&tenant, file, given).run(&tenant, "rest");
        assert!(matches!(done.code, Some(2 | 3)), "{}: {:?}", file.display(), done.code);
        assert!(done.err.contains(part), "{}: {}", file.display(), done.err);
        assert_eq!(done.err.lines().count(), 1, "{}", done.err);
        assert!(!done.err.contains(&password), "{}", done.err);
    }
    // Only the stranger's went over the wire.
    assert_eq!(tenant.lab.token_requests().len(), 1, "{:?}", tenant.lab.token_requests());
}

#[test]
fn what_does_not_go_together_is_told_in_one_sentence() {
    for (options, part) in [
        (&["--password-stdin"][..], "needs --user"),
        (&["--certificate", "a.pfx", "--organization", "x.y"], "needs --app-id"),
        (&["--certificate", "a.pfx", "--app-id", "1"], "needs --organization"),
        (&["--certificate-password-stdin", "--device"], "needs --certificate"),
        (&["--managed-identity", "--user", "a@b.c"], "does not go with --managed-identity"),
        (&["--managed-identity", "--app-id", "1"], "write --managed-identity ID"),
        (&[], "`exo login`"),
    ] {
        let mut command = exo(["run"]);
        command.args(options).args(["--", "Get-Mailbox"]);
        let said = run_with(command, b"").complaint(2);
        assert!(said.contains(part) && said.lines().count() == 1, "{options:?}: {said}");
    }
}

/// A tenant and a folder for what is kept.
struct Kept {
    tenant: Tenant,
    folder: tempfile::TempDir,
}

impl Kept {
    /// Signed in as the administrator.
    fn start(config: LabConfig) -> Self {
        let kept = Self { tenant: Tenant::with(config), folder: tempfile::tempdir().unwrap() };
        let done = Done::of(kept.connecting("login", &["--device"]).spawn().unwrap());
        assert_eq!(done.code, Some(0), "{}", done.err);
        assert!(done.out.contains(&format!("signed in as {}", kept.tenant.lab.user())), "{}", done.out);
        kept
    }

    fn state(&self) -> &Path {
        self.folder.path()
    }

    fn connecting(&self, verb: &str, more: &[&str]) -> Command {
        let mut command = self.tenant.unsigned(verb, more);
        command.env("XDG_STATE_HOME", self.state());
        command
    }

    fn run(&self) -> Command {
        self.connecting("run", &["--carrier", "rest", "--output", "jsonl", "--", "Get-AcceptedDomain"])
    }

    fn plain(&self, arguments: &[&str]) -> Done {
        let mut command = exo(arguments);
        command.env("XDG_STATE_HOME", self.state());
        Done::of(command.spawn().unwrap())
    }

    fn file(&self) -> std::path::PathBuf {
        self.state().join("exo").join("tokens")
    }
}

#[test]
fn a_login_is_kept_shown_used_and_forgotten() {
    let kept = Kept::start(approving());
    let user = kept.tenant.lab.user();
    let status = kept.plain(&["status"]).output();
    for part in [&*user, &kept.tenant.lab.tenant_id(), "renewed without you", path(&kept.file())] {
        assert!(status.contains(part), "{part}: {status}");
    }
    let json = kept.plain(&["status", "--output", "json"]).output();
    assert!(json.starts_with('[') && json.contains("\"renewable\":true"), "{json}");
    // Every token of the lab is a JWT or begins with `0.`; none of them is anywhere but in the sealed file.
    for text in [&status, &json] {
        assert!(!text.contains("eyJ") && !text.contains("\"0."), "{text}");
    }
    let sealed = std::fs::read(kept.file()).unwrap();
    assert!(
        !sealed.windows(3).any(|window| window == b"eyJ")
            && !sealed.windows(5).any(|window| window == b"admin")
    );

    for _ in 0..2 {
        assert!(Done::of(kept.run().spawn().unwrap()).output().contains("DomainName"));
    }
    assert_eq!(kept.tenant.lab.token_requests().len(), 1, "the kept token is good enough");
    let again = Done::of(kept.connecting("login", &[]).spawn().unwrap()).output();
    assert!(again.starts_with(&format!("already signed in as {user}")), "{again}");

    let out = kept.plain(&["logout"]).output();
    assert!(out.starts_with("forgot everything"), "{out}");
    let left: Vec<_> = std::fs::read_dir(kept.state().join("exo"))
        .map(|entries| entries.map(|entry| entry.unwrap().file_name()).collect())
        .unwrap_or_default();
    assert!(left.is_empty(), "{left:?}");
    assert!(kept.plain(&["status"]).complaint(3).contains("exo login"));
    assert_eq!(kept.plain(&["logout"]).output(), "nothing was kept\n");
    assert!(Done::of(kept.run().spawn().unwrap()).complaint(2).contains("exo login"));
}

#[test]
fn one_of_several_accounts_can_be_forgotten() {
    let kept = Kept::start(approving());
    let out = kept.plain(&["logout", "--user", "nobody@example.com"]).output();
    assert_eq!(out, "nothing was kept\n");
    let out = kept.plain(&["logout", "--user", &kept.tenant.lab.user()]).output();
    assert!(out.starts_with("forgot admin@"), "{out}");
    assert_eq!(kept.plain(&["status"]).code, Some(3));
}

#[test]
fn a_damaged_cache_is_told_and_logout_clears_it() {
    let kept = Kept::start(approving());
    let whole = std::fs::read(kept.file()).unwrap();
    let last = whole.len() - 1;
    let mut altered = whole.clone();
    altered[last] ^= 1;
    for damaged in [&altered[..], &whole[..last / 2], b"", b"tokens"] {
        std::fs::write(kept.file(), damaged).unwrap();
        for done in [kept.plain(&["status"]), Done::of(kept.run().spawn().unwrap())] {
            assert!(!matches!(done.code, Some(0)) && done.out.is_empty(), "{}", done.out);
            assert!(done.err.contains("exo logout"), "{} bytes: {}", damaged.len(), done.err);
        }
    }
    assert!(kept.plain(&["logout"]).output().starts_with("forgot everything"));
    assert!(!kept.file().exists());
}

#[test]
fn processes_that_renew_at_once_do_not_spoil_each_others_token() {
    let lifetime = Duration::from_secs(4);
    let kept = Kept::start(LabConfig { token_lifetime: lifetime, ..approving() });
    // Until the kept token is at its end, by the clock that all these processes share.
    std::thread::sleep(lifetime);
    let children: Vec<Child> = (0..4).map(|_| kept.run().spawn().unwrap()).collect();
    for child in children {
        let done = Done::of(child);
        assert_eq!(done.code, Some(0), "{}", done.err);
    }
    let requests = kept.tenant.lab.token_requests();
    assert!(requests.iter().any(|request| request.grant == "refresh_token"), "{requests:?}");
    assert!(requests.iter().all(|request| request.refused.is_none()), "{requests:?}");
}

#[test]
fn a_revoked_sign_in_asks_for_another_login() {
    // The kept token is still good by its time: the service refuses it, and its renewal says why.
    let kept = Kept::start(approving());
    kept.tenant.lab.revoke_sign_ins(&kept.tenant.lab.user());
    let done = Done::of(kept.run().spawn().unwrap());
    assert_eq!(done.code, Some(3), "{}", done.err);
    assert!(done.err.contains("AADSTS50173") && done.err.contains("sign in again"), "{}", done.err);
}

#[test]
fn a_sign_in_page_elsewhere_is_not_gone_to() {
    let tenant = Tenant::start();
    tenant.lab.add_fault("discovery-elsewhere".parse().unwrap());
    let command = tenant.signed("run", &["--carrier", "rest", "--", "Get-AcceptedDomain"]);
    let done = run_with(command, tenant.lab.password().as_bytes());
    assert!(matches!(done.code, Some(3 | 4)), "{:?}", done.code);
    assert!(done.err.contains("attacker.invalid"), "{}", done.err);
    assert!(tenant.lab.token_requests().is_empty());
}

#[test]
fn trouble_at_the_token_endpoint_is_told_or_outlived() {
    let tenant = Tenant::start();
    for (fault, outcome) in [
        ("token-huge=500000", Some("")),
        ("token-slow=1", None),
        ("token-drop-mid=9", Some("")),
        ("token-html=9", Some("")),
        ("token-400=9", Some("")),
        ("html-description", Some("")),
    ] {
        tenant.lab.clear_faults();
        tenant.lab.add_fault(fault.parse().unwrap());
        let password = if fault == "html-description" { "wrong" } else { tenant.lab.password() };
        let command = tenant.signed("run", &["--carrier", "rest", "--", "Get-AcceptedDomain"]);
        let done = run_with(command, password.as_bytes());
        match outcome {
            None => assert_eq!(done.code, Some(0), "{fault}: {}", done.err),
            Some(_) => assert!(matches!(done.code, Some(3 | 4)), "{fault}: {:?} {}", done.code, done.err),
        }
        // Nothing of what the service sent steers the terminal.
        assert!(!done.err.contains('\u{1b}') && !done.err.contains('\u{7}'), "{fault}: {}", done.err);
        assert!(!done.err.contains("eyJ"), "{fault}");
    }
}

#[test]
fn a_clock_an_hour_off_is_named() {
    let Some((tenant, _folder)) =
        Tenant::with_certificates("a_clock_an_hour_off_is_named", LabConfig::default())
    else {
        return;
    };
    let way = by_certificate(&tenant, &tenant.lab.certificates().unwrap().pem(), None);
    for offset in ["3600", "-3600"] {
        tenant.lab.clear_faults();
        tenant.lab.add_fault(format!("clock={offset}").parse().unwrap());
        let said = way.run(&tenant, "rest").complaint(3);
        assert!(said.contains("clock") && said.contains("AADSTS700024"), "{said}");
    }
}

/// A program that waits for the browser, and the address that it wants shown.
pub(crate) struct Waiting {
    pub(crate) child: Child,
    pub(crate) uri: String,
    stderr: BufReader<std::process::ChildStderr>,
    seen: String,
}

impl Waiting {
    /// Starts a command that signs in in the browser. `true` is a browser that shows nothing.
    pub(crate) fn start(mut command: Command) -> Self {
        let mut child = command.env("BROWSER", "true").stderr(Stdio::piped()).spawn().unwrap();
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        let mut seen = String::new();
        let uri = loop {
            let mut line = String::new();
            assert_ne!(stderr.read_line(&mut line).unwrap(), 0, "no address came: {seen}");
            seen.push_str(&line);
            if line.starts_with("https://") {
                break line.trim().to_owned();
            }
        };
        Self { child, uri, stderr, seen }
    }

    /// A parameter of the address.
    fn parameter(&self, name: &str) -> String {
        let (_, query) = self.uri.split_once('?').unwrap();
        let value = query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('=')).unwrap();
        value.replace("%3A", ":").replace("%2F", "/")
    }

    /// What the browser would fetch from the program.
    fn get(&self, path: &str) -> String {
        let redirect = self.parameter("redirect_uri");
        let authority = redirect.strip_prefix("http://").unwrap();
        let mut stream = TcpStream::connect(authority).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: {authority}\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    pub(crate) fn end(mut self) -> Done {
        self.stderr.read_to_string(&mut self.seen).unwrap();
        let mut out = String::new();
        self.child.stdout.take().unwrap().read_to_string(&mut out).unwrap();
        let code = self.child.wait().unwrap().code();
        Done { code, out, err: self.seen, warned: false }
    }
}

#[test]
fn the_way_back_from_the_browser_is_guarded() {
    let tenant = Tenant::start();
    let waiting = || Waiting::start(tenant.unsigned("run", &["--browser", "--", "Get-AcceptedDomain"]));

    // Another path is nobody's answer: the program waits on, and a browser's favicon does no harm.
    let first = waiting();
    assert_eq!(first.parameter("code_challenge_method"), "S256");
    for path in ["/other?code=x&state=y", "/favicon.ico"] {
        let answer = first.get(path);
        assert!(answer.starts_with("HTTP/1.1 404"), "{answer}");
    }
    let state = first.parameter("state");
    let answer = first.get(&format!(
        "/?error=access_denied&error_description=%3Cscript%3Ealert(1)%3C/script%3E%1b%5B31m&state={state}"
    ));
    assert!(!answer.contains("<script>") && !answer.contains('\u{1b}'), "{answer}");
    let done = first.end();
    assert_eq!(done.code, Some(3), "{}", done.err);
    assert!(!done.err.contains('\u{1b}'), "{}", done.err);

    // An answer to another question is not believed.
    let second = waiting();
    let answer = second.get("/?code=stolen&state=another");
    assert!(answer.starts_with("HTTP/1.1 4") || answer.contains("state"), "{answer}");
    let state = second.parameter("state");
    second.get(&format!("/?code=made-up&state={state}"));
    let done = second.end();
    assert_eq!(done.code, Some(3), "{}", done.err);
    let refused: Vec<_> = tenant.lab.token_requests().into_iter().map(|request| request.refused).collect();
    assert!(refused.len() <= 1 && refused.iter().all(Option::is_some), "{refused:?}");
}
