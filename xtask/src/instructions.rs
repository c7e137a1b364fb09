//! `cargo xtask bench --instructions`: how many instructions decoding and encoding take for a byte of CLIXML.
//!
//! Callgrind counts what one function executes, so the figures are the same on a busy machine and on an idle one. They
//! are the gate that keeps the codec fast.

use xshell::{Shell, cmd};

use crate::Result;

/// The most instructions a byte that a kind of payload may take to decode and to encode. The first two of decoding are
/// goals of the project; the others are what was reached, and some room.
const LIMITS: [(&str, f64, f64); 6] = [
    ("mailbox", 9.0, 8.0),
    ("process", 12.0, 11.0),
    ("strings", 6.0, 8.0),
    ("deep", 13.0, 11.0),
    ("error", 9.0, 8.0),
    ("bytes", 4.0, 2.5),
];

pub(crate) fn run(shell: &Shell) -> Result {
    if !crate::has_program("valgrind") {
        return Err("valgrind is not on PATH: install it to count instructions".into());
    }
    let target = crate::target_folder(shell)?;
    // Where cargo leaves the program it says itself: benchmarks have a hash in their names.
    let messages = cmd!(
        shell,
        "cargo build --locked --release --package psrp --bench instructions --message-format json-render-diagnostics"
    )
    .read()?;
    let program =
        crate::executable(&messages, "instructions").ok_or("cargo built no benchmark named instructions")?;
    let profile = target.join("instructions.callgrind");
    let mut over = Vec::new();
    println!("{:<18} {:>10} {:>14} {:>8} {:>8}", "", "bytes", "instructions", "a byte", "limit");
    for (kind, decode, encode) in LIMITS {
        for (work, limit) in [("decode", decode), ("encode", encode)] {
            let run = cmd!(
                shell,
                "valgrind --tool=callgrind --callgrind-out-file={profile} --toggle-collect=*measured_{work}* {program} {kind}"
            );
            let output = run.quiet().ignore_stderr().read()?;
            let bytes: f64 = output.trim().parse()?;
            let instructions = collected(&std::fs::read_to_string(&profile)?)
                .ok_or_else(|| format!("{} has no total", profile.display()))?;
            let ratio = instructions / bytes;
            let name = format!("{work} {kind}");
            println!("{name:<18} {bytes:>10} {instructions:>14} {ratio:>8.2} {limit:>8.1}");
            if instructions == 0.0 || limit < ratio {
                over.push(name);
            }
        }
    }
    match over.as_slice() {
        [] => Ok(()),
        kinds => Err(format!("outside the limits: {}", kinds.join(", ")).into()),
    }
}

/// The total that a callgrind profile ends with.
fn collected(profile: &str) -> Option<f64> {
    let line = profile
        .lines()
        .rev()
        .find_map(|line| line.strip_prefix("totals: ").or_else(|| line.strip_prefix("summary: ")))?;
    line.trim().parse().ok()
}
