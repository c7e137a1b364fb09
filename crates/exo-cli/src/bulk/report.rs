//! How a run over many rows stands, and how it ended.

use std::time::{Duration, Instant};

use super::rows::Place;

/// Counts what became of the rows, and keeps the failures for the end.
pub(crate) struct Report {
    /// What is run, for the progress line.
    command: String,
    /// Rows to be run this time.
    total: usize,
    pub(crate) done: usize,
    pub(crate) failed: usize,
    pub(crate) unknown: usize,
    pub(crate) not_sent: usize,
    /// Rows with what was said of them, in the order of the rows.
    troubles: Vec<String>,
    began: Instant,
}

impl Report {
    pub(crate) fn new(command: &str, total: usize) -> Self {
        Self {
            command: command.to_owned(),
            total,
            done: 0,
            failed: 0,
            unknown: 0,
            not_sent: 0,
            troubles: Vec::new(),
            began: Instant::now(),
        }
    }

    pub(crate) fn done(&mut self) {
        self.done += 1;
    }

    pub(crate) fn failed(&mut self, place: Place, why: &str) {
        self.failed += 1;
        self.trouble(format!("{place}: {why}"));
    }

    pub(crate) fn unknown(&mut self, place: Place, why: &str) {
        self.unknown += 1;
        self.trouble(format!("{place}: whether it was done is not known: {why}"));
    }

    pub(crate) fn not_sent(&mut self) {
        self.not_sent += 1;
    }

    /// Whether no row was run.
    pub(crate) fn is_idle(&self) -> bool {
        self.total == 0
    }

    /// The progress line.
    pub(crate) fn progress(&self) -> String {
        let ended = self.done + self.failed + self.unknown;
        let mut text = format!("{}: {ended} of {} rows", self.command, self.total);
        for (count, what) in [(self.failed, "failed"), (self.unknown, "unknown")] {
            if 0 < count {
                text.push_str(&format!(", {count} {what}"));
            }
        }
        if let Some(left) = self.left(ended) {
            text.push_str(&format!(", about {} left", in_words(left)));
        }
        text
    }

    /// How long the rest will take, once there is something to judge by.
    fn left(&self, ended: usize) -> Option<Duration> {
        let rest = u32::try_from(self.total.checked_sub(ended)?).ok()?;
        let ended = u32::try_from(ended).ok().filter(|&ended| ENOUGH_TO_JUDGE <= ended)?;
        self.began.elapsed().checked_mul(rest)?.checked_div(ended)
    }

    /// Everything that went wrong, a line each, and the counts.
    pub(crate) fn lines(&self) -> impl Iterator<Item = String> {
        let more = (self.failed + self.unknown).saturating_sub(self.troubles.len());
        let more = (0 < more).then(|| format!("and {more} more, which the journal lists"));
        self.troubles.iter().cloned().chain(more)
    }

    /// The counts, as one sentence.
    pub(crate) fn summary(&self, file: &str, before: usize) -> String {
        let mut text = format!("{file}: {} done", rows(self.done));
        for (count, what) in [
            (self.failed, "failed"),
            (self.unknown, "unknown"),
            (self.not_sent, "not run"),
            (before, "done before"),
        ] {
            if 0 < count {
                text.push_str(&format!(", {count} {what}"));
            }
        }
        text
    }

    fn trouble(&mut self, text: String) {
        if self.troubles.len() < MOST_KEPT {
            self.troubles.push(text);
        }
    }
}

fn rows(count: usize) -> String {
    if count == 1 { "1 row".to_owned() } else { format!("{count} rows") }
}

fn in_words(time: Duration) -> String {
    match time.as_secs() {
        seconds @ ..=90 => format!("{seconds} s"),
        seconds @ ..=5_400 => format!("{} min", seconds / 60),
        seconds => format!("{} h {} min", seconds / 3_600, seconds % 3_600 / 60),
    }
}

/// A person reads no more, and a million of them must not fill the memory.
const MOST_KEPT: usize = 1_000;
const ENOUGH_TO_JUDGE: u32 = 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_progress_line_counts_rows_and_says_when_it_will_be_over() {
        let mut report = Report::new("Set-Mailbox", 1_000);
        assert_eq!(report.progress(), "Set-Mailbox: 0 of 1000 rows");
        (0..17).for_each(|_| report.done());
        report.failed(Place { number: 18, line: 19 }, "no such mailbox");
        report.unknown(Place { number: 19, line: 20 }, "no answer");
        assert_eq!(report.progress(), "Set-Mailbox: 19 of 1000 rows, 1 failed, 1 unknown");
        report.done();
        report.began = Instant::now() - Duration::from_secs(20);
        let progress = report.progress();
        // 16 minutes, or a little more on a machine that stood still meanwhile.
        let counts = "Set-Mailbox: 20 of 1000 rows, 1 failed, 1 unknown, about 1";
        assert!(progress.starts_with(counts) && progress.ends_with(" min left"), "{progress}");
    }
}
