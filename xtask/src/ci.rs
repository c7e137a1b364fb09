//! `cargo xtask ci`: the checks of the CI, in the order in which they fail fastest.

use xshell::{Shell, cmd};

use crate::{Result, header, instructions, test};

type Check = fn(&Shell) -> Result;

/// Runs every check, also after one that failed: a log should say all that is wrong.
pub(crate) fn run(shell: &Shell) -> Result {
    let checks: [(&str, Check); 6] = [
        ("cargo fmt", |shell| Ok(cmd!(shell, "cargo fmt --all --check").run()?)),
        ("cargo clippy", |shell| {
            Ok(cmd!(shell, "cargo clippy --quiet --workspace --all-targets --locked -- -D warnings").run()?)
        }),
        ("cargo doc", |shell| {
            let _rustdoc = shell.push_env("RUSTDOCFLAGS", "-D warnings");
            Ok(cmd!(shell, "cargo doc --quiet --workspace --no-deps --locked").run()?)
        }),
        ("cargo xtask header --check", header::check),
        ("cargo deny", |shell| {
            if crate::has_program("cargo-deny") {
                cmd!(shell, "cargo deny --offline check bans licenses sources").run()?;
            }
            Ok(())
        }),
        ("cargo xtask bench --instructions", |shell| {
            if crate::has_program("valgrind") {
                return instructions::run(shell);
            }
            println!("instructions a byte: valgrind is not installed, not counted");
            Ok(())
        }),
    ];
    let mut failed = Vec::new();
    for (name, check) in checks {
        if let Err(error) = check(shell) {
            eprintln!("{name}: {error}");
            failed.push((name, error.to_string()));
        }
    }
    // Last, so that the closing line of the tests is the closing line of the CI.
    test::run_after(shell, failed)
}
