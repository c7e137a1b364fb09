//! The project's commands: `cargo xtask <command>`.
//!
//! Everything that a person or the CI does with this repository is one of these commands, so that
//! "it passes here" and "it passes there" mean the same thing.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command-line tool speaks through these")]

use std::process::ExitCode;

use xshell::Shell;

mod bench;
mod ci;
mod client;
mod demo;
mod header;
mod instructions;
mod memory;
mod module;
mod tenant;
mod test;
mod usage;

/// Any failure ends the command; its text is what the person reads.
type Result<T = ()> = std::result::Result<T, Box<dyn std::error::Error>>;

/// A failure of which the person has read already.
#[derive(Debug)]
struct Told;

impl std::fmt::Display for Told {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("something failed")
    }
}

impl std::error::Error for Told {}

const USAGE: &str = "\
usage: cargo xtask <command>

  demo             build everything, start the stand-in tenant, connect, run cmdlets, disconnect
  test             every test; what needs a tool that is missing is listed as skipped, with the reason
  bench            the codec beside quick-xml and roxmltree, with allocations and memory, as one table
  bench --instructions
                   instructions a byte under valgrind; fails above the limits
  bench --peers    the same payloads through psrp-rs, quick-xml and roxmltree, side by side
  bench --memory [MAILBOXES]
                   peak memory and CPU of exo run over both carriers (needs GNU time); fails above the limit
  bench --client   CPU of the whole client over PSRP against that of the codec alone (needs GNU time)
  module [SYSTEM=LIBRARY]...
                   lay out the PowerShell module in pwsh-bridge/output, and a zip of it; with libraries that were built
                   for other systems, for example linux-arm64=target/aarch64-unknown-linux-gnu/release/libexo.so
  header           write crates/exo-ffi/include/exo.h (needs cbindgen)
  header --check   fail when the committed header is not what the source gives
  ci               format, lint, documentation, header, tests: what the CI runs
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match run(&words) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            if !error.is::<Told>() {
                eprintln!("xtask: {error}");
            }
            ExitCode::FAILURE
        }
    }
}

fn run(words: &[&str]) -> Result {
    let shell = Shell::new()?;
    shell.change_dir(root());
    match words {
        ["demo"] => demo::run(&shell),
        ["test"] => test::run(&shell),
        ["bench"] => bench::run(&shell),
        ["bench", "--instructions"] => instructions::run(&shell),
        ["bench", "--peers"] => bench::run_peers(&shell),
        ["bench", "--memory"] => memory::run(&shell, &memory::SIZES),
        ["bench", "--memory", mailboxes] => memory::run(&shell, &[1, mailboxes.parse()?]),
        ["bench", "--client"] => client::run(&shell),
        ["module", others @ ..] => module::pack(&shell, others),
        ["header"] => header::write(&shell),
        ["header", "--check"] => header::check(&shell),
        ["ci"] => ci::run(&shell),
        [] | ["help" | "--help" | "-h"] => {
            print!("{USAGE}");
            Ok(())
        }
        other => Err(format!("unknown command `{}`\n\n{USAGE}", other.join(" ")).into()),
    }
}

/// The workspace root: the folder above this package.
fn root() -> std::path::PathBuf {
    let mut path = std::path::PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    path.pop();
    path
}

/// Where cargo puts what it builds.
fn target_folder(shell: &Shell) -> Result<std::path::PathBuf> {
    let metadata = xshell::cmd!(shell, "cargo metadata --format-version 1 --no-deps").quiet().read()?;
    let metadata: serde_json::Value = serde_json::from_str(&metadata)?;
    let folder = metadata["target_directory"].as_str().ok_or("cargo metadata names no target directory")?;
    Ok(folder.into())
}

/// The program of this name among what cargo's messages say it built.
fn executable(messages: &str, name: &str) -> Option<std::path::PathBuf> {
    messages.lines().find_map(|line| {
        let message: serde_json::Value = serde_json::from_str(line).ok()?;
        let is_meant = message["target"]["name"] == name;
        message["executable"].as_str().filter(|_| is_meant).map(Into::into)
    })
}

/// Is there a program of this name on PATH?
fn has_program(name: &str) -> bool {
    std::env::var_os("PATH")
        .is_some_and(|path| std::env::split_paths(&path).any(|folder| folder.join(name).is_file()))
}
