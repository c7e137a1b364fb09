//! `cargo xtask bench`: the benchmarks of the codec, shown as one table.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;
use xshell::{Shell, cmd};

use crate::Result;

pub(crate) fn run(shell: &Shell) -> Result {
    // Short rounds, so that the whole is run often; small differences mean nothing at this pace.
    let pace = ["--noplot", "--warm-up-time", "0.5", "--measurement-time", "1", "--sample-size", "30"];
    cmd!(shell, "cargo bench --locked --package psrp --bench clixml --bench fragment -- {pace...}").run()?;
    cmd!(shell, "cargo bench --locked --package exo-session --bench catalog -- {pace...}").run()?;
    let folder = crate::target_folder(shell)?.join("criterion");
    let mut rows = BTreeMap::new();
    collect(&folder, &mut rows)?;
    if rows.is_empty() {
        return Err(format!("no measurements below {}", folder.display()).into());
    }
    let allocations =
        cmd!(shell, "cargo bench --quiet --locked --package psrp --bench allocations").read()?;
    print_kinds(&rows, &allocations);
    println!("\n{:<34} {:>12} {:>14} {:>12}", "benchmark", "MB/s", "messages/s", "µs/message");
    for (name, row) in rows {
        println!(
            "{name:<34} {:>12.0} {:>14.0} {:>12.2}",
            row.rate(),
            row.messages / row.seconds,
            row.seconds * 1e6 / row.messages
        );
    }
    Ok(())
}

/// One row a kind: this decoder beside what others do with the same bytes, and what it allocates and keeps.
fn print_kinds(rows: &BTreeMap<String, Row>, allocations: &str) {
    let headings = ["exo", "quick-xml", "roxmltree", "exo:q-xml", "exo:rox", "encode"];
    print!("{:<10}", "kind, MB/s");
    headings.iter().for_each(|heading| print!(" {heading:>10}"));
    println!(" {:>12} {:>13}", "allocations", "kept/payload");
    let rate = |group: &str, kind: &str| rows.get(&format!("{group}/{kind}")).map_or(f64::NAN, Row::rate);
    for line in allocations.lines().skip(1) {
        let columns: Vec<&str> = line.split_whitespace().collect();
        let [kind, _, calls, kept, ..] = columns.as_slice() else { continue };
        let (own, events, document) = (rate("decode", kind), rate("events", kind), rate("roxmltree", kind));
        print!("{kind:<10} {own:>10.0} {events:>10.0} {document:>10.0}");
        print!(" {:>10.1} {:>10.1} {:>10.0}", own / events, own / document, rate("encode", kind));
        println!(" {calls:>12} {kept:>13}");
    }
}

/// One benchmark: the median time of one pass over a payload, and what that payload holds.
struct Row {
    seconds: f64,
    bytes: f64,
    messages: f64,
}

impl Row {
    /// MB/s, of 10⁶ bytes.
    fn rate(&self) -> f64 {
        self.bytes / self.seconds / 1e6
    }
}

/// Finds criterion's `new/{benchmark,estimates}.json` pairs, at any depth.
fn collect(folder: &Path, rows: &mut BTreeMap<String, Row>) -> Result {
    let newest = folder.join("new");
    if newest.join("benchmark.json").is_file() {
        let benchmark = read_json(&newest.join("benchmark.json"))?;
        let estimates = read_json(&newest.join("estimates.json"))?;
        let throughput = &benchmark["throughput"]["ElementsAndBytes"];
        if let (Some(name), Some(nanoseconds), Some(bytes), Some(messages)) = (
            benchmark["full_id"].as_str(),
            estimates["median"]["point_estimate"].as_f64(),
            throughput["bytes"].as_f64(),
            throughput["elements"].as_f64(),
        ) {
            rows.insert(name.to_owned(), Row { seconds: nanoseconds / 1e9, bytes, messages });
        }
        return Ok(());
    }
    let Ok(entries) = std::fs::read_dir(folder) else { return Ok(()) };
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, rows)?;
        }
    }
    Ok(())
}

fn read_json(path: &Path) -> Result<Value> {
    Ok(serde_json::from_slice(&std::fs::read(path)?)?)
}

/// Builds the crate in `benches/peers` and runs it over the payloads of the shared generator.
pub(crate) fn run_peers(shell: &Shell) -> Result {
    let program = build_peers(shell)?.join("exo-bench-peers");
    let files = payloads(shell, "20")?;
    cmd!(shell, "{program} --stages clixml,e2e,soap-e2e,encode --rounds 7 {files...}").run()?;
    // Until a second processor has woken up, one thread is through with 20 MB.
    let files = payloads(shell, "100")?;
    cmd!(shell, "{program} --stages threads --no-mem --rounds 15 {files...}").run()?;
    Ok(())
}

/// The texts of each kind, so many MB of them, made at the first time.
fn payloads(shell: &Shell, megabytes: &str) -> Result<Vec<PathBuf>> {
    let generator = shared_bench()?.join("gen_payload.py");
    let folder = crate::target_folder(shell)?.join("peers/payloads");
    let ending = format!("-{megabytes}.docs");
    // The last kind that it makes.
    if !folder.join(format!("error{ending}")).is_file() {
        cmd!(shell, "python3 {generator} --out {folder} --sizes {megabytes}").run()?;
    }
    let mut files: Vec<PathBuf> = std::fs::read_dir(&folder)?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.to_string_lossy().ends_with(&ending))
        .collect();
    files.sort();
    Ok(files)
}

/// The benchmark folder beside the checkout, which the rivals need.
pub(crate) fn shared_bench() -> Result<PathBuf> {
    let shared =
        std::env::var_os("EXO_SHARED").map_or_else(|| crate::root().join("../shared"), PathBuf::from);
    let folder = shared.join("bench");
    if !folder.is_dir() {
        return Err(format!("{} is not there: the rivals need it", folder.display()).into());
    }
    Ok(folder)
}

/// Builds the crate in `benches/peers`; gives the folder with its programs.
pub(crate) fn build_peers(shell: &Shell) -> Result<PathBuf> {
    let target = crate::target_folder(shell)?.join("peers");
    let _target = shell.push_env("CARGO_TARGET_DIR", &target);
    let manifest = "benches/peers/Cargo.toml";
    // psrp-rs declares a newer compiler than it needs.
    cmd!(shell, "cargo build --release --ignore-rust-version --manifest-path {manifest}").run()?;
    Ok(target.join("release"))
}
