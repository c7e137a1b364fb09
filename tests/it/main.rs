//! End-to-end tests.

mod attacks;
mod bounded;
mod fuzz_regression;
mod peers;
mod pwsh;
