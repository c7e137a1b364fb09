//! A throw-away Kerberos realm on loopback: MIT's own servers and commands over a folder that goes away with it.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::{Ipv4Addr, TcpListener, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::JoinHandle;

use uuid::Uuid;

/// A running realm. It ends, and forgets everything, with this value.
///
/// Needs the packages `krb5-kdc` and `krb5-admin-server` of Debian, or what others call them. The system's own configuration
/// is neither read nor changed: whoever is to belong to the realm runs with [`Realm::variables`].
#[derive(Debug)]
pub struct Realm {
    folder: PathBuf,
    kdc: Child,
    /// Reads what the server says, so that it never waits for a reader.
    log: Option<JoinHandle<()>>,
}

/// A realm could not be made, or changed.
#[derive(Debug)]
#[non_exhaustive]
pub enum RealmError {
    /// A command of the Kerberos packages is not here.
    Missing {
        /// The command.
        command: &'static str,
    },
    /// A command failed.
    Failed {
        /// The command.
        command: &'static str,
        /// What it said.
        reason: String,
    },
    /// A file could not be written, or no port was free.
    Io(std::io::Error),
}

impl Realm {
    /// Makes a realm with nobody in it.
    ///
    /// # Errors
    /// [`RealmError`]; [`RealmError::Missing`] where the packages are not installed.
    pub fn start() -> Result<Self, RealmError> {
        for command in [KDB5_UTIL, KADMIN, KRB5KDC] {
            find(command)?;
        }
        let folder = std::env::temp_dir().join(format!("exo-realm-{}", Uuid::new_v4()));
        fs::create_dir(&folder)?;
        match Self::start_in(&folder) {
            Ok(realm) => Ok(realm),
            Err(error) => {
                drop(fs::remove_dir_all(&folder));
                Err(error)
            }
        }
    }

    fn start_in(folder: &Path) -> Result<Self, RealmError> {
        let mut last = RealmError::Io(std::io::ErrorKind::AddrInUse.into());
        for attempt in 0..START_ATTEMPTS {
            let port = free_port()?;
            fs::write(folder.join(CLIENT_FILE), client_file(port))?;
            fs::write(folder.join(SERVER_FILE), server_file(folder, port))?;
            if attempt == 0 {
                let arguments = ["create", "-s", "-r", REALM, "-P", "of-no-use-to-anybody"];
                run(command(KDB5_UTIL, folder)?.args(arguments), KDB5_UTIL)?;
            }
            match serve(folder) {
                Ok((kdc, log)) => return Ok(Self { folder: folder.to_owned(), kdc, log: Some(log) }),
                // Another program may have taken the port since it was found free.
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        REALM
    }

    /// Adds somebody with a password.
    ///
    /// # Errors
    /// [`RealmError::Failed`].
    pub fn add_user(&self, user: &str, password: &str) -> Result<(), RealmError> {
        self.administer(&["addprinc", "-pw", password, user])
    }

    /// Adds a service with a random key, for example `HTTP/localhost`, and puts the key into [`Realm::keytab`].
    ///
    /// # Errors
    /// [`RealmError::Failed`].
    pub fn add_service(&self, principal: &str) -> Result<(), RealmError> {
        self.administer(&["addprinc", "-randkey", principal])?;
        let keytab = self.keytab();
        self.administer(&["ktadd", "-k", &keytab.to_string_lossy(), principal])
    }

    /// What an administrator of the realm types; [`Realm::add_user`] and [`Realm::add_service`] do the usual.
    ///
    /// # Errors
    /// [`RealmError::Failed`].
    pub fn administer(&self, words: &[&str]) -> Result<(), RealmError> {
        run(command(KADMIN, &self.folder)?.args(["-r", REALM]).args(words), KADMIN)
    }

    /// The keys of the realm's services.
    #[must_use]
    pub fn keytab(&self) -> PathBuf {
        self.folder.join("services.keytab")
    }

    /// The environment of those who belong to the realm: its configuration, and where their tickets are.
    #[must_use]
    pub fn variables(&self) -> Vec<(&'static str, String)> {
        let file = |name: &str| self.folder.join(name).display().to_string();
        vec![
            ("KRB5_CONFIG", file(CLIENT_FILE)),
            ("KRB5CCNAME", format!("FILE:{}", file("tickets"))),
            ("KRB5_KTNAME", format!("FILE:{}", file("services.keytab"))),
            ("KRB5_CLIENT_KTNAME", format!("FILE:{}", file("clients.keytab"))),
        ]
    }
}

impl Drop for Realm {
    fn drop(&mut self) {
        // A server that has ended by itself cannot be ended, and a folder that cannot be removed stays with the system's
        // temporary files.
        drop(self.kdc.kill());
        drop(self.kdc.wait());
        if let Some(log) = self.log.take() {
            drop(log.join());
        }
        drop(fs::remove_dir_all(&self.folder));
    }
}

/// Starts the server, and waits until it says that it serves.
fn serve(folder: &Path) -> Result<(Child, JoinHandle<()>), RealmError> {
    let mut kdc = command(KRB5KDC, folder)?
        .args(["-n", "-r", REALM])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()?;
    let Some(said) = kdc.stderr.take() else {
        return Err(RealmError::Failed { command: KRB5KDC, reason: "says nothing".to_owned() });
    };
    let mut lines = BufReader::new(said).lines().map_while(Result::ok);
    let mut reason = String::from("ended at once");
    for line in lines.by_ref() {
        if line.contains("commencing operation") {
            // Ends when the server does.
            return Ok((kdc, std::thread::spawn(move || lines.for_each(drop))));
        }
        reason = line;
    }
    drop(kdc.wait());
    Err(RealmError::Failed { command: KRB5KDC, reason })
}

fn command(name: &'static str, folder: &Path) -> Result<Command, RealmError> {
    let mut command = Command::new(find(name)?);
    command.env("KRB5_CONFIG", folder.join(CLIENT_FILE));
    command.env("KRB5_KDC_PROFILE", folder.join(SERVER_FILE));
    Ok(command)
}

/// Debian has them in `/usr/sbin`, which is not on everybody's path.
fn find(name: &'static str) -> Result<PathBuf, RealmError> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let usual = ["/usr/sbin", "/usr/local/sbin", "/usr/lib/mit/sbin"].map(PathBuf::from);
    let places = std::env::split_paths(&path).chain(usual);
    let found = places.map(|place| place.join(name)).find(|file| file.is_file());
    found.ok_or(RealmError::Missing { command: name })
}

fn run(command: &mut Command, name: &'static str) -> Result<(), RealmError> {
    let output = command.stdin(Stdio::null()).output()?;
    let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    // kadmin.local says what went wrong, and ends as if nothing had.
    let failed = !output.status.success() || (name == KADMIN && said.contains("while "));
    if failed { Err(RealmError::Failed { command: name, reason: said }) } else { Ok(()) }
}

/// A port that nobody has for either protocol at this moment.
fn free_port() -> Result<u16, RealmError> {
    let mut last = std::io::Error::from(std::io::ErrorKind::AddrInUse);
    for _ in 0..START_ATTEMPTS {
        let tcp = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let port = tcp.local_addr()?.port();
        match UdpSocket::bind((Ipv4Addr::LOCALHOST, port)) {
            Ok(_) => return Ok(port),
            Err(error) => last = error,
        }
    }
    Err(last.into())
}

/// What clients and services read. Names are taken as they are written: loopback has no name service of its own.
fn client_file(port: u16) -> String {
    format!(
        "[libdefaults]\n default_realm = {REALM}\n dns_lookup_realm = false\n dns_lookup_kdc = false\n rdns = false\n \
         dns_canonicalize_hostname = false\n udp_preference_limit = 1\n\
         [realms]\n {REALM} = {{\n  kdc = 127.0.0.1:{port}\n }}\n\
         [domain_realm]\n localhost = {REALM}\n"
    )
}

/// What the server and its tools read.
fn server_file(folder: &Path, port: u16) -> String {
    let folder = folder.display();
    format!(
        "[kdcdefaults]\n kdc_listen = 127.0.0.1:{port}\n kdc_tcp_listen = 127.0.0.1:{port}\n\
         [realms]\n {REALM} = {{\n  database_name = {folder}/principal\n  key_stash_file = {folder}/stash\n  \
         max_life = 10h\n  default_principal_flags = +preauth\n }}\n\
         [logging]\n kdc = STDERR\n"
    )
}

impl From<std::io::Error> for RealmError {
    fn from(error: std::io::Error) -> Self {
        Self::Io(error)
    }
}

impl std::fmt::Display for RealmError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Missing { command } => {
                write!(f, "the command {command} is not here, install krb5-kdc and krb5-admin-server")
            }
            Self::Failed { command, reason } => write!(f, "{command} failed: {reason}"),
            Self::Io(error) => write!(f, "the realm's files or ports cannot be had: {error}"),
        }
    }
}

impl std::error::Error for RealmError {}

const REALM: &str = "EXO.LAB";
const KDB5_UTIL: &str = "kdb5_util";
const KADMIN: &str = "kadmin.local";
const KRB5KDC: &str = "krb5kdc";
const CLIENT_FILE: &str = "krb5.conf";
const SERVER_FILE: &str = "kdc.conf";
const START_ATTEMPTS: u32 = 8;
