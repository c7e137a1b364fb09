//! End-to-end tests.

mod peers;
mod pwsh;
