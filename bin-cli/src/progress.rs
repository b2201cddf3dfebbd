//! How far a copy is, for people.

use std::time::{Duration, Instant};

use stakepool_db::Progress;

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
        let Progress { table, rows, of, is_compared } = progress;
        console.note(&if is_compared {
            format!("{table}: {of} rows are compared")
        } else {
            format!("{table}: {rows} of {of} rows")
        });
    }
}
