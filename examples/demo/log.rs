//! What of the log comes onto the demo's screen.

use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::{Event, Metadata, Subscriber};
use tracing_subscriber::filter::{EnvFilter, FilterExt};
use tracing_subscriber::layer::{Context, Filter};
use tracing_subscriber::registry::LookupSpan;

/// Errors, without those that the demo makes on purpose; all that `RUST_LOG` asks for where it is set.
pub fn filter<S>() -> Box<dyn Filter<S> + Send + Sync>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    match EnvFilter::try_from_default_env() {
        Ok(asked) => Box::new(asked),
        Err(_) => Box::new(LevelFilter::ERROR.and(Unforeseen)),
    }
}

/// Leaves out the tickets that are missed because their fee is too low: the demo buys such tickets, and `/status` shows them.
struct Unforeseen;

impl<S> Filter<S> for Unforeseen {
    fn enabled(&self, _: &Metadata<'_>, _: &Context<'_, S>) -> bool {
        true
    }

    fn event_enabled(&self, event: &Event<'_>, _: &Context<'_, S>) -> bool {
        let mut about = IsUnvoted(false);
        event.record(&mut about);
        !about.0
    }
}

/// Whether a line is about tickets that were not to be voted.
struct IsUnvoted(bool);

impl Visit for IsUnvoted {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0 |= field.name() == "about" && value == "unvoted";
    }

    fn record_debug(&mut self, _: &Field, _: &dyn std::fmt::Debug) {}
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::{Arc, Mutex};

    use tracing_subscriber::Layer;
    use tracing_subscriber::layer::SubscriberExt;

    use super::*;

    #[derive(Clone, Default)]
    struct Screen(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Screen {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn errors_are_shown_but_not_those_made_on_purpose() {
        let screen = Screen::default();
        let writer = screen.clone();
        let lines = tracing_subscriber::fmt::layer().with_writer(move || writer.clone());
        let subscriber = tracing_subscriber::registry().with(lines.with_filter(LevelFilter::ERROR.and(Unforeseen)));
        tracing::subscriber::with_default(subscriber, || {
            tracing::error!(about = "unvoted", "a ticket with too low a fee");
            tracing::error!(about = "missed", "a ticket that was to be voted");
            tracing::error!("something else");
            tracing::warn!("a trifle");
        });
        let shown = String::from_utf8(screen.0.lock().unwrap().clone()).unwrap();
        assert_eq!(shown.lines().count(), 2, "{shown}");
        assert!(shown.contains("to be voted") && shown.contains("something else"), "{shown}");
    }
}
