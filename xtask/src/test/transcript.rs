//! What the runners of tests say: read line by line, added up, and told again in short at the end.

use std::collections::BTreeSet;

/// Everything that was said so far.
#[derive(Default)]
pub(super) struct Transcript {
    passed: usize,
    ignored: usize,
    /// Lines `ignored: <test>: <reason>`, without the first word.
    skips: BTreeSet<String>,
    failures: Vec<Failure>,
    binary: Binary,
    /// Binaries that went without saying how it ended, the first first.
    cut: Vec<Binary>,
    /// What cargo said of programs that did not end as a test binary does, in the same order.
    crashes: Vec<Crash>,
}

/// Something that failed, and what there is to show of it.
#[derive(Debug)]
struct Failure {
    name: String,
    said: Vec<String>,
}

/// A test binary that is running.
#[derive(Default)]
struct Binary {
    is_running: bool,
    part: Part,
    /// The tests with a result.
    ended: BTreeSet<String>,
    /// The tests of which the harness said that they take long.
    slow: BTreeSet<String>,
}

/// Where the harness is in what it prints: results, then what the tests printed, and their names.
#[derive(Default)]
enum Part {
    #[default]
    Results,
    Successes,
    NamesOfSuccesses,
    Failures,
    NamesOfFailures,
}

struct Crash {
    program: String,
    how: String,
}

impl Transcript {
    /// Takes a line of a runner's output; gives whether it is worth showing: what tests that passed printed is not.
    pub(super) fn read_output(&mut self, line: &str) -> bool {
        let is_end = line.starts_with("test result: ");
        match (&self.binary.part, line) {
            (Part::Results, "successes:") => self.binary.part = Part::Successes,
            (Part::Successes, "successes:") => self.binary.part = Part::NamesOfSuccesses,
            (Part::Results | Part::Successes | Part::NamesOfSuccesses, "failures:") => {
                self.binary.part = Part::Failures;
            }
            (Part::Failures, "failures:") => self.binary.part = Part::NamesOfFailures,
            // What a test printed may look like anything.
            (Part::Successes, _) => return false,
            (Part::Failures, _) => self.read_failure(line),
            _ if is_end => self.binary = Binary::default(),
            (Part::NamesOfSuccesses, _) => return false,
            (Part::NamesOfFailures, _) => {}
            (Part::Results, _) => self.read_result(line),
        }
        !line.is_empty() && line != "successes:"
    }

    fn read_result(&mut self, line: &str) {
        let is_begin = line.ends_with(" tests") || line.ends_with(" test");
        if line.starts_with("running ") && is_begin {
            return self.begin();
        }
        let Some(rest) = line.strip_prefix("test ") else { return };
        if let Some((name, result)) = rest.rsplit_once(" ... ") {
            self.result(name, result);
        } else if let Some((name, _)) = rest.split_once(" has been running for ") {
            self.binary.slow.insert(name.to_owned());
        }
    }

    /// A line of what a test printed, or whose lines follow.
    fn read_failure(&mut self, line: &str) {
        if let Some((name, _)) = line.strip_prefix("---- ").and_then(|rest| rest.split_once(" std")) {
            self.said_of(name);
        } else if let Some(failure) = self.failures.last_mut().filter(|_| !line.is_empty()) {
            failure.said.push(line.to_owned());
        }
    }

    /// Takes a line of a runner's complaints; gives whether it is worth showing.
    pub(super) fn read_complaint(&mut self, line: &str) -> bool {
        if let Some(skip) = line.trim().strip_prefix("ignored: ") {
            self.skips.insert(skip.to_owned());
            return false;
        }
        if let Some((program, how)) = line
            .split_once("process didn't exit successfully: `")
            .and_then(|(_, rest)| rest.rsplit_once("` ("))
            && !how.starts_with("exit status: 101")
        {
            let program = program.split(' ').next().unwrap_or_default().to_owned();
            self.crashes.push(Crash { program, how: how.trim_end_matches(')').to_owned() });
        }
        !line.is_empty()
    }

    /// The next binary begins.
    fn begin(&mut self) {
        let before = std::mem::replace(&mut self.binary, Binary { is_running: true, ..Binary::default() });
        if before.is_running {
            self.cut.push(before);
        }
    }

    fn result(&mut self, name: &str, result: &str) {
        let name = name.strip_suffix(" - should panic").unwrap_or(name);
        self.binary.ended.insert(name.to_owned());
        self.binary.slow.remove(name);
        match result {
            "ok" => self.passed += 1,
            "FAILED" => self.failed(name, Vec::new()),
            _ => self.ignored += 1,
        }
    }

    /// What follows was printed by this test: it stands last, to be added to.
    fn said_of(&mut self, name: &str) {
        let known = self.failures.iter().rposition(|failure| failure.name == name && failure.said.is_empty());
        match known.map(|at| self.failures.remove(at)) {
            Some(failure) => self.failures.push(failure),
            None => self.failed(name, Vec::new()),
        }
    }

    pub(super) fn failures(&self) -> usize {
        self.failures.len()
    }

    pub(super) fn failed(&mut self, name: &str, said: Vec<String>) {
        self.failures.push(Failure { name: name.to_owned(), said });
    }

    /// A runner has ended. `tests_of` gives the tests of a program.
    pub(super) fn end_runner(&mut self, tests_of: impl Fn(&str) -> Vec<String>) {
        self.begin();
        self.binary.is_running = false;
        let mut cut = std::mem::take(&mut self.cut).into_iter();
        for Crash { program, how } in std::mem::take(&mut self.crashes) {
            let binary = cut.next().unwrap_or_default();
            let mut said = vec![format!("it ended with {how}")];
            if !binary.slow.is_empty() {
                said.push(format!("took long: {}", listed(&binary.slow)));
            }
            let open: BTreeSet<String> =
                tests_of(&program).into_iter().filter(|test| !binary.ended.contains(test)).collect();
            if !open.is_empty() {
                said.push(format!("without a result: {}", listed(&open)));
            }
            self.failed(&program, said);
        }
        for binary in cut {
            let said = vec![format!("without a result, took long: {}", listed(&binary.slow))];
            self.failed("a test binary that did not say how it ended", said);
        }
    }

    /// What failed in short, and the numbers: the last line is `N passed, N failed, N skipped`.
    pub(super) fn summary(&self) -> String {
        let mut text = String::new();
        for skip in &self.skips {
            text.push_str(&format!("skipped: {skip}\n"));
        }
        let each = (SUMMARY_LINES / self.failures.len().max(1)).max(2);
        for failure in &self.failures {
            text.push_str(&format!("failed: {}\n", failure.name));
            for line in shortened(&failure.said, each) {
                text.push_str(&format!("    {line}\n"));
            }
        }
        let (failed, skipped) = (self.failures.len(), self.skips.len() + self.ignored);
        // A test that skipped itself was counted as passed by its runner.
        let passed = self.passed.saturating_sub(self.skips.len());
        text.push_str(&format!("{passed} passed, {failed} failed, {skipped} skipped\n"));
        text
    }
}

/// At most so many lines of what a test printed: where it panicked and what for, and the end of that.
fn shortened(said: &[String], most: usize) -> Vec<&str> {
    let panicked = said.iter().position(|line| line.contains("panicked at")).unwrap_or(0);
    let told: Vec<&str> = said
        .iter()
        .skip(panicked)
        .map(String::as_str)
        .take_while(|line| *line != "stack backtrace:" && !line.starts_with("note: run with"))
        .filter(|line| !line.trim().is_empty())
        .collect();
    let (Some(begin), Some(left)) = (told.get(..2), told.len().checked_sub(most)) else { return told };
    [begin, told.get(left + 2..).unwrap_or_default()].concat()
}

fn listed(names: &BTreeSet<String>) -> String {
    let mut text = names.iter().take(MAX_NAMES).map(String::as_str).collect::<Vec<_>>().join(", ");
    if MAX_NAMES < names.len() {
        text.push_str(&format!(" and {} more", names.len() - MAX_NAMES));
    }
    text
}

/// Logs are cut to their end: all failures together have about so many lines.
const SUMMARY_LINES: usize = 44;
const MAX_NAMES: usize = 12;

#[cfg(test)]
mod tests;
