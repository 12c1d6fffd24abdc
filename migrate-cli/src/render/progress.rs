//! How far reading has come: on standard error, only on a terminal.

use std::io::{IsTerminal as _, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::table::thousands;
use crate::read::Input;

/// How often it is shown.
const EVERY: Duration = Duration::from_millis(200);

/// A line that is written over again and again.
pub(crate) struct Progress {
    is_on: bool,
    shown: Option<Instant>,
    started: Instant,
    bytes: Arc<AtomicU64>,
    /// What is counted.
    unit: &'static str,
    /// Of all files; `None` when one has no size, as standard input.
    total: Option<u64>,
}

impl Progress {
    /// For these inputs; `bytes` is how much of them was read, `unit` what is counted in them.
    pub(crate) fn new(inputs: &[Input], bytes: Arc<AtomicU64>, unit: &'static str) -> Self {
        let sizes = inputs.iter().map(|input| {
            let found = std::fs::metadata(&input.path).ok()?;
            found.is_file().then_some(found.len())
        });
        Self {
            is_on: std::io::stderr().is_terminal(),
            shown: None,
            started: Instant::now(),
            bytes,
            unit,
            total: sizes.sum(),
        }
    }

    /// Shows it, unless that was just done.
    pub(crate) fn show(&mut self, count: u64) {
        let due = match self.shown {
            // Short work needs none.
            None => self.started.elapsed() > EVERY * 2,
            Some(shown) => shown.elapsed() > EVERY,
        };
        if !self.is_on || !due {
            return;
        }
        self.shown = Some(Instant::now());
        let bytes = self.bytes.load(Ordering::Relaxed);
        let share = match self.total {
            Some(total) if total > 0 => format!(" ({} %)", bytes * 100 / total),
            _ => String::new(),
        };
        // Nobody misses it when standard error is gone.
        let _ = write!(
            std::io::stderr(),
            "\r\x1b[Kread {} MB{share}, {} {}",
            thousands(bytes / 1_000_000),
            thousands(count),
            self.unit
        );
    }

    /// Takes it away.
    pub(crate) fn end(&self) {
        if self.shown.is_some() {
            let _ = write!(std::io::stderr(), "\r\x1b[K");
        }
    }
}
