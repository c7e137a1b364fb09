//! A line on the terminal that says what is going on. In a pipe there is none.

use std::io::{self, IsTerminal};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::print::text::printable;

/// A spinner on stderr, drawn only when that is a terminal.
pub(crate) struct Progress {
    bar: ProgressBar,
    /// Objects go to the same terminal, so the line must give way to them.
    shares_terminal: bool,
}

impl Progress {
    pub(crate) fn start(text: &'static str) -> Self {
        let bar = ProgressBar::new_spinner();
        if io::stderr().is_terminal() {
            bar.set_draw_target(ProgressDrawTarget::stderr());
            if let Ok(style) = ProgressStyle::with_template("{spinner} {wide_msg} {elapsed}") {
                bar.set_style(style);
            }
            bar.enable_steady_tick(Duration::from_millis(120));
        } else {
            bar.set_draw_target(ProgressDrawTarget::hidden());
        }
        bar.set_message(text);
        Self { bar, shares_terminal: io::stdout().is_terminal() }
    }

    /// Changes the text.
    pub(crate) fn say(&self, text: &str) {
        if !self.bar.is_hidden() {
            self.bar.set_message(printable(text));
        }
    }

    /// The line itself, for whoever needs the terminal on a thread of its own.
    pub(crate) fn bar(&self) -> ProgressBar {
        self.bar.clone()
    }

    /// Takes the line away while something is written to stderr.
    pub(crate) fn aside<T>(&self, write: impl FnOnce() -> T) -> T {
        self.bar.suspend(write)
    }

    /// Objects are about to be printed.
    pub(crate) fn before_output(&self) {
        if self.shares_terminal && !self.bar.is_finished() {
            self.bar.finish_and_clear();
        }
    }

    /// Takes the line away for good.
    pub(crate) fn end(&self) {
        self.bar.finish_and_clear();
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.end();
    }
}
