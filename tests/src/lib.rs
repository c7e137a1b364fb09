//! Oracles that tests and fuzz targets share.
