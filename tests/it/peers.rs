//! Independent peers: pypsrp as the client of the lab, psrpcore as the server of our client, and msal, Microsoft's own
//! sign-in library, as the client of the lab's Entra ID. With Kerberos tickets, pypsrp and pyspnego are either side.
//!
//! They come from PyPI into a virtual environment of their own below the target folder. Where Python or the
//! registry cannot be had, the tests say so and pass.

mod kerberos;
mod msal;
mod ours;
mod psrpcore;
mod pypsrp;
mod python;
mod report;

/// Says that a test did not run, past the harness's capture, so that the line is seen although it passes.
fn ignored(test: &str, reason: &str) {
    use std::io::Write as _;
    let line = format!("ignored: {test}: {reason}\n");
    std::io::stderr().write_all(line.as_bytes()).expect("stderr");
}
