//! Oracles that tests and fuzz targets share, and the attacks.

pub mod attack;
pub mod oracle;
