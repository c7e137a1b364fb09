//! `cargo xtask test`: every test, counted together. Those of C, C#, Python and PowerShell are started by Rust tests.
//!
//! A test that lacks a tool prints one line `ignored: <test>: <reason>` and passes; here such lines
//! are collected, shown at the end and counted as skipped.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Read};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread::JoinHandle;

use xshell::Shell;

use crate::Result;

/// What the runners said, added up.
#[derive(Default)]
struct Counts {
    passed: usize,
    failed: usize,
    ignored: usize,
    /// Lines `ignored: <test>: <reason>`, without the first word.
    skips: BTreeSet<String>,
    /// Runners that ended with an error (a failing test, or code that does not compile).
    broken: Vec<String>,
}

pub(crate) fn run(shell: &Shell) -> Result {
    let mut counts = Counts::default();
    // One build of all binaries first: the tests of `exo` and of the bridge start them.
    run_counted("cargo build", cargo(shell, &["build", "--workspace", "--bins", "--locked"]), &mut counts)?;
    run_counted(
        "cargo test",
        cargo(shell, &["test", "--workspace", "--locked", "--no-fail-fast", "--", "--show-output"]),
        &mut counts,
    )?;
    // The codec's tests once more without vector instructions.
    run_counted(
        "cargo test --features portable",
        cargo(
            shell,
            &["test", "--package", "psrp", "--features", "portable", "--locked", "--", "--show-output"],
        ),
        &mut counts,
    )?;
    for skip in &counts.skips {
        println!("skipped: {skip}");
    }
    for runner in &counts.broken {
        println!("failed: {runner}");
    }
    let failed = counts.failed.max(counts.broken.len());
    let skipped = counts.skips.len() + counts.ignored;
    // A test that skipped itself was counted as passed by its runner.
    let passed = counts.passed.saturating_sub(counts.skips.len());
    println!("{passed} passed, {failed} failed, {skipped} skipped");
    if failed == 0 { Ok(()) } else { Err("tests failed".into()) }
}

fn cargo(shell: &Shell, arguments: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(shell.current_dir()).args(arguments);
    command
}

/// Runs one runner, passes its text through and adds up what it counts.
fn run_counted(name: &str, mut command: Command, counts: &mut Counts) -> Result {
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let (lines, received) = mpsc::channel();
    let readers = [
        child.stdout.take().map(|pipe| forward(pipe, lines.clone())),
        child.stderr.take().map(|pipe| forward(pipe, lines)),
    ];
    for line in received {
        counts.read(&line);
        if worth_showing(&line) {
            println!("{line}");
        }
    }
    for reader in readers.into_iter().flatten() {
        if reader.join().is_err() {
            return Err(format!("the reader of {name} ended early").into());
        }
    }
    if !child.wait()?.success() {
        counts.broken.push(name.to_owned());
    }
    Ok(())
}

/// Sends each line of a pipe on, from a thread of its own: two pipes must not wait for each other.
fn forward(pipe: impl Read + Send + 'static, lines: mpsc::Sender<String>) -> JoinHandle<()> {
    std::thread::spawn(move || {
        for line in BufReader::new(pipe).split(b'\n').map_while(std::result::Result::ok) {
            if lines.send(String::from_utf8_lossy(&line).into_owned()).is_err() {
                break;
            }
        }
    })
}

impl Counts {
    fn read(&mut self, line: &str) {
        let line = line.trim();
        if let Some(skip) = line.strip_prefix("ignored: ") {
            self.skips.insert(skip.to_owned());
        } else if let Some(totals) = line.strip_prefix("test result: ") {
            // cargo test: `ok. 3 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; …`
            self.passed += number_before(totals, "passed");
            self.failed += number_before(totals, "failed");
            self.ignored += number_before(totals, "ignored");
        }
    }
}

/// The output of tests that passed stays hidden, but for their names and results.
fn worth_showing(line: &str) -> bool {
    let noise = line.is_empty() || line.starts_with("ignored: ") || line.starts_with("successes:");
    !noise
}

fn number_before(text: &str, word: &str) -> usize {
    text.split([';', '.'])
        .filter_map(|part| part.trim().strip_suffix(word))
        .find_map(|number| number.trim().parse().ok())
        .unwrap_or(0)
}
