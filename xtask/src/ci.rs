//! `cargo xtask ci`: the checks of the CI, in the order in which they fail fastest.

use xshell::{Shell, cmd};

use crate::{Result, header, instructions, test};

pub(crate) fn run(shell: &Shell) -> Result {
    cmd!(shell, "cargo fmt --all --check").run()?;
    cmd!(shell, "cargo clippy --quiet --workspace --all-targets --locked -- -D warnings").run()?;
    {
        let _rustdoc = shell.push_env("RUSTDOCFLAGS", "-D warnings");
        cmd!(shell, "cargo doc --quiet --workspace --no-deps --locked").run()?;
    }
    header::check(shell)?;
    if crate::has_program("cargo-deny") {
        cmd!(shell, "cargo deny --offline check bans licenses sources").run()?;
    }
    if crate::has_program("valgrind") {
        instructions::run(shell)?;
    } else {
        println!("instructions a byte: valgrind is not installed, not counted");
    }
    // Last, so that the closing line of the tests is the closing line of the CI.
    test::run(shell)
}
