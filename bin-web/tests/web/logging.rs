//! What a test's thread logs, whatever other tests do at the same time.

use tracing::subscriber::{DefaultGuard, NoSubscriber, set_default};
use tracing::{Dispatch, Subscriber};

/// Gives what this thread logs to a subscriber, until the value is dropped.
#[must_use]
pub struct Logging {
    _ours: DefaultGuard,
    _second: Dispatch,
}

/// Gives what this thread logs to a subscriber.
pub fn log_to(subscriber: impl Subscriber + Send + Sync + 'static) -> Logging {
    let ours = set_default(subscriber);
    // As long as there is only one, a line that another thread writes first counts as wanted by nobody, for good: that
    // thread has no subscriber.
    Logging { _ours: ours, _second: Dispatch::new(NoSubscriber::default()) }
}
