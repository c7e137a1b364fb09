//! `cargo xtask test`: every test, counted together. Those of C, C#, Python and PowerShell are started by Rust tests.
//!
//! A test that lacks a tool prints one line `ignored: <test>: <reason>` and passes; here such lines
//! are collected, shown at the end and counted as skipped. What failed is told once more at the end, where the numbers are,
//! also when a test binary was killed or hung.

use std::collections::VecDeque;
use std::io::{BufRead as _, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use xshell::Shell;

use self::transcript::Transcript;
use crate::{Result, Told};

mod transcript;

pub(crate) fn run(shell: &Shell) -> Result {
    run_after(shell, Vec::new())
}

/// The same after checks of which these failed.
pub(crate) fn run_after(shell: &Shell, failed: Vec<(&str, String)>) -> Result {
    let mut transcript = Transcript::default();
    for (name, said) in failed {
        transcript.failed(name, said.lines().map(str::to_owned).collect());
    }
    // One build of all binaries first: the tests of `exo` and of the bridge start them.
    let runners: [(&str, &[&str]); 3] = [
        ("cargo build", &["build", "--workspace", "--bins", "--locked"]),
        ("cargo test", &["test", "--workspace", "--locked", "--no-fail-fast", "--", "--show-output"]),
        // The codec's tests once more without vector instructions.
        (
            "cargo test --features portable",
            &[
                "test",
                "--package",
                "psrp",
                "--features",
                "portable",
                "--locked",
                "--no-fail-fast",
                "--",
                "--show-output",
            ],
        ),
    ];
    for (name, arguments) in runners {
        if let Err(error) = follow(name, cargo(shell, arguments), &mut transcript) {
            transcript.failed(name, vec![error.to_string()]);
        }
    }
    print!("{}", transcript.summary());
    if transcript.failures() == 0 { Ok(()) } else { Err(Told.into()) }
}

fn cargo(shell: &Shell, arguments: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(shell.current_dir()).args(arguments);
    command
}

/// A line, and whether it is a complaint (of stderr) or output.
type Line = (bool, String);

/// Runs one runner to its end, passes its text through and reads it into the transcript.
fn follow(name: &str, mut command: Command, transcript: &mut Transcript) -> Result {
    let failures = transcript.failures();
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let (lines, received) = mpsc::channel();
    let (Some(output), Some(complaint)) = (child.stdout.take(), child.stderr.take()) else {
        return Err("its output cannot be read".into());
    };
    forward(output, false, lines.clone());
    forward(complaint, true, lines);
    let mut complaints = VecDeque::new();
    let mut silences = 0;
    loop {
        match received.recv_timeout(SILENCE) {
            Ok((is_complaint, line)) => {
                let line = line.trim_end();
                let is_shown =
                    if is_complaint { transcript.read_complaint(line) } else { transcript.read_output(line) };
                if is_shown {
                    println!("{line}");
                }
                if is_shown && is_complaint {
                    complaints.truncate(MAX_COMPLAINTS - 1);
                    complaints.push_front(line.to_owned());
                }
            }
            Err(RecvTimeoutError::Disconnected) => break,
            Err(RecvTimeoutError::Timeout) => {
                println!("{name} has said nothing for {SILENCE:?}: what it runs is killed");
                silences += 1;
                if silences == 1 {
                    kill_children(&child);
                } else {
                    // Nor may what was started hold up the end of the output.
                    child.kill()?;
                    break;
                }
            }
        }
    }
    let status = child.wait()?;
    transcript.end_runner(tests_of);
    if !status.success() && transcript.failures() == failures {
        // Code that does not compile, for example.
        complaints.push_front(format!("it ended with {status}"));
        transcript.failed(name, complaints.into_iter().rev().collect());
    }
    Ok(())
}

/// Sends each line of a pipe on, from a thread of its own: two pipes must not wait for each other.
fn forward(pipe: impl Read + Send + 'static, is_complaint: bool, lines: mpsc::Sender<Line>) {
    std::thread::spawn(move || {
        for line in BufReader::new(pipe).split(b'\n').map_while(std::result::Result::ok) {
            if lines.send((is_complaint, String::from_utf8_lossy(&line).into_owned())).is_err() {
                break;
            }
        }
    });
}

/// Kills the test binary that cargo runs; cargo goes on with the next one.
fn kill_children(child: &Child) {
    let killed = Command::new("pkill").args(["-KILL", "-P", &child.id().to_string()]).status();
    if let Err(error) = killed {
        println!("pkill: {error}");
    }
}

/// The tests in a binary, should it still say that.
fn tests_of(program: &str) -> Vec<String> {
    let listed = Command::new(program).args(["--list", "--format", "terse"]).stdin(Stdio::null()).output();
    let listed =
        listed.map(|listed| String::from_utf8_lossy(&listed.stdout).into_owned()).unwrap_or_default();
    listed.lines().filter_map(|line| line.strip_suffix(": test")).map(str::to_owned).collect()
}

/// Longer than any test takes, those included that end what they started after a quarter of an hour: the harness tells each
/// that has ended.
const SILENCE: Duration = Duration::from_secs(1200);
/// How much is kept of what a runner complained of, should that be all there is.
const MAX_COMPLAINTS: usize = 40;
