//! `cargo xtask bench --instructions`: how many instructions decoding and encoding take for a byte of CLIXML.
//!
//! Callgrind counts what one function executes, so the figures are the same on a busy machine and on an idle one. They
//! are the gate that keeps the codec fast.

use std::path::{Path, PathBuf};

use xshell::{Shell, cmd};

use crate::Result;

/// The most instructions a byte that a kind of payload may take to decode and to encode. The first two of decoding are
/// goals of the project; the others are what was reached, and some room.
const LIMITS: [(&str, f64, f64); 6] = [
    ("mailbox", 9.0, 4.5),
    ("process", 12.0, 6.0),
    ("strings", 4.0, 5.5),
    ("deep", 13.0, 6.0),
    ("error", 9.0, 5.0),
    ("bytes", 4.0, 2.5),
];

/// The most instructions that a byte of an attack may take, where the whole of it is read; one that is refused early
/// takes none for most of its bytes.
const ATTACKS: [(&str, f64); 13] = [
    ("nested-objects", 0.5),
    ("nested-unknown-elements", 0.5),
    ("billion-laughs", 0.5),
    ("entities", 12.0),
    ("doubled-references", 20.0),
    ("references-to-one-large-object", 20.0),
    ("references-to-one-long-type-name", 22.0),
    ("attributes", 32.0),
    ("announced-4-GB", 0.5),
    ("message-without-end", 0.5),
    ("open-objects", 8.0),
    ("small-fragments-in-one-read", 14.0),
    ("reads-of-one-byte", 350.0),
];

/// A page over REST takes at most so many times the instructions of its CLIXML alone.
const PAGE_LIMIT: f64 = 1.5;

pub(crate) fn run(shell: &Shell) -> Result {
    if !crate::has_program("valgrind") {
        return Err("valgrind is not on PATH: install it to count instructions".into());
    }
    let program = build(shell, "psrp", "instructions")?;
    let mut over = Vec::new();
    println!("{:<18} {:>10} {:>14} {:>8} {:>8}", "", "bytes", "instructions", "a byte", "limit");
    for (kind, decode, encode) in LIMITS {
        for (work, limit) in [("decode", decode), ("encode", encode)] {
            let (bytes, instructions) = count(shell, &program, kind, work)?;
            let ratio = instructions / bytes;
            let name = format!("{work} {kind}");
            println!("{name:<18} {bytes:>10} {instructions:>14} {ratio:>8.2} {limit:>8.1}");
            if instructions == 0.0 || limit < ratio {
                over.push(name);
            }
        }
    }
    for (attack, limit) in ATTACKS {
        let (bytes, instructions) = count(shell, &program, attack, "attack")?;
        let ratio = instructions / bytes;
        println!("{attack:<34} {bytes:>10} {instructions:>14} {ratio:>8.2} {limit:>8.1}");
        if instructions == 0.0 || limit < ratio {
            over.push(attack.to_owned());
        }
    }
    // A page over REST: what the client adds to the codec's own work.
    let program = build(shell, "exo-session", "answer")?;
    let (bytes, codec) = count(shell, &program, "codec", "decode")?;
    println!(
        "\n{:<18} {:>10} {:>14} {:>8} {:>8}",
        "page over REST", "bytes", "instructions", "times", "limit"
    );
    println!("{:<18} {bytes:>10} {codec:>14}", "codec");
    for kind in ["raw", "escaped"] {
        let (bytes, instructions) = count(shell, &program, kind, "decode")?;
        let ratio = instructions / codec;
        println!("{kind:<18} {bytes:>10} {instructions:>14} {ratio:>8.2} {PAGE_LIMIT:>8.1}");
        if instructions == 0.0 || PAGE_LIMIT < ratio {
            over.push(kind.to_owned());
        }
    }
    match over.as_slice() {
        [] => Ok(()),
        kinds => Err(format!("outside the limits: {}", kinds.join(", ")).into()),
    }
}

/// Builds a benchmark. Where cargo leaves the program it says itself: benchmarks have a hash in their names.
fn build(shell: &Shell, package: &str, bench: &str) -> Result<PathBuf> {
    let messages = cmd!(
        shell,
        "cargo build --locked --release --package {package} --bench {bench} --message-format json-render-diagnostics"
    )
    .read()?;
    crate::executable(&messages, bench)
        .ok_or_else(|| format!("cargo built no benchmark named {bench}").into())
}

/// The bytes that a program says it went through, and the instructions that took.
fn count(shell: &Shell, program: &Path, kind: &str, work: &str) -> Result<(f64, f64)> {
    let profile = crate::target_folder(shell)?.join("instructions.callgrind");
    let run = cmd!(
        shell,
        "valgrind --tool=callgrind --callgrind-out-file={profile} --toggle-collect=*measured_{work}* {program} {kind}"
    );
    let bytes = run.quiet().ignore_stderr().read()?.trim().parse()?;
    let instructions = collected(&std::fs::read_to_string(&profile)?)
        .ok_or_else(|| format!("{} has no total", profile.display()))?;
    Ok((bytes, instructions))
}

/// The total that a callgrind profile ends with.
fn collected(profile: &str) -> Option<f64> {
    let line = profile
        .lines()
        .rev()
        .find_map(|line| line.strip_prefix("totals: ").or_else(|| line.strip_prefix("summary: ")))?;
    line.trim().parse().ok()
}
