//! How far a copy is, for people.

use std::time::{Duration, Instant};

use stakepool_db::{CopyStep, Progress};

use crate::answer::Style;
use crate::console::Console;

/// How often it is said.
const EVERY: Duration = Duration::from_secs(2);

/// Says how far a copy is, now and then, on standard error.
pub(crate) fn show<'c, 's>(console: &'c mut Console<'s>) -> impl FnMut(Progress) + use<'c, 's> {
    let mut last = Instant::now();
    move |progress: Progress| {
        if console.style == Style::Json || last.elapsed() < EVERY {
            return;
        }
        last = Instant::now();
        let Progress { table, rows, of, step } = progress;
        console.note(&match step {
            CopyStep::Copied => format!("{table}: {rows} of {of} rows"),
            CopyStep::Indexed => format!("{table}: the indexes of {rows} rows are made"),
            CopyStep::Compared => format!("{table}: {of} rows are compared"),
        });
    }
}
