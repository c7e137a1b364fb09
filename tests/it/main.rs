//! End-to-end tests.

mod attacks;
mod fuzz_regression;
mod peers;
mod pwsh;
