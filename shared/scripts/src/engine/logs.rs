//! The log lines of scripts, kept up to a limit of bytes.

use super::{LogLevel, LogLine};

/// The log lines of a run.
#[derive(Default)]
pub(super) struct Logs {
    lines: Vec<LogLine>,
    left: usize,
    full: bool,
}

/// Bytes counted for every line beside its text, so that empty lines are not free.
const LINE: usize = 16;

impl Logs {
    pub(super) fn new(most: usize) -> Self {
        Self {
            left: most,
            ..Self::default()
        }
    }

    pub(super) fn take(&mut self) -> Vec<LogLine> {
        std::mem::take(&mut self.lines)
    }

    /// True if there is no room for another line.
    pub(super) fn is_full(&self) -> bool {
        self.full
    }

    /// Keeps a line, or the part of it that there is room for.
    pub(super) fn add(&mut self, level: LogLevel, script: &str, mut text: String) {
        if self.full {
            return;
        }
        if text.len() + LINE > self.left {
            text.truncate(text.floor_char_boundary(self.left.saturating_sub(LINE)));
            text.push_str(" [the rest is cut off]");
            self.full = true;
        }
        self.left = self.left.saturating_sub(text.len() + LINE);
        self.lines.push(LogLine {
            level,
            script: script.to_owned(),
            text,
        });
    }
}
