//! Why a lab could not be started.

use std::io;
use std::path::PathBuf;

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
    /// The folder for the authority's certificate cannot be written.
    Folder {
        /// The folder or file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
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
