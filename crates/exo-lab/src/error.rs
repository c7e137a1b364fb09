//! Why a lab could not be started.

use std::io;
use std::path::{Path, PathBuf};

/// A lab could not be started.
#[derive(Debug)]
#[non_exhaustive]
pub enum StartError {
    /// The port cannot be listened on.
    Bind {
        /// The port asked for; 0 = any free one.
        port: u16,
        /// What the system said.
        source: io::Error,
    },
    /// A certificate could not be made.
    Certificate(Box<dyn std::error::Error + Send + Sync>),
    /// The folder of recorded documents cannot be read.
    Data {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file or folder for certificates or secrets cannot be written.
    Folder {
        /// The folder or file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The keys for callers with Kerberos tickets cannot be used.
    Keytab {
        /// The file.
        path: PathBuf,
        /// What the Kerberos library said.
        source: exo_gss::Error,
    },
    /// OpenSSL, which makes the files of `certificates`, failed or is not there.
    OpenSsl {
        /// What it said.
        reason: String,
    },
}

impl StartError {
    pub(crate) fn folder(path: &Path, source: io::Error) -> Self {
        Self::Folder { path: path.to_owned(), source }
    }

    /// A key could not be made; why is not told.
    pub(crate) fn key(_: aws_lc_rs::error::Unspecified) -> Self {
        Self::Certificate("no key could be made".into())
    }
}

impl std::fmt::Display for StartError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Bind { port: 0, .. } => f.write_str("no free loopback port can be listened on"),
            Self::Bind { port, .. } => {
                write!(f, "loopback port {port} cannot be listened on, choose another with --port")
            }
            Self::Certificate(_) => f.write_str("the throw-away certificate could not be made"),
            Self::Data { path, .. } => {
                write!(f, "the recorded documents in {} cannot be read", path.display())
            }
            Self::Keytab { path, .. } => write!(f, "the keys in {} cannot be used", path.display()),
            Self::OpenSsl { reason } => {
                write!(f, "the certificates need the openssl command, which said: {reason}")
            }
            Self::Folder { path, .. } => write!(f, "{} cannot be written", path.display()),
        }
    }
}

impl std::error::Error for StartError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Bind { source, .. } | Self::Data { source, .. } | Self::Folder { source, .. } => {
                Some(source)
            }
            Self::Certificate(source) => Some(source.as_ref()),
            Self::Keytab { source, .. } => Some(source),
            Self::OpenSsl { .. } => None,
        }
    }
}

impl From<rcgen::Error> for StartError {
    fn from(error: rcgen::Error) -> Self {
        Self::Certificate(Box::new(error))
    }
}

impl From<rustls::Error> for StartError {
    fn from(error: rustls::Error) -> Self {
        Self::Certificate(Box::new(error))
    }
}
