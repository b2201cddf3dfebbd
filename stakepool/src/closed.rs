//! Whether the pool takes new users and addresses.

use std::sync::Arc;

use stakepool_core::reloadable::Reloadable;

/// What users read where the pool takes no new users and addresses; `None` while it is open. Clones share it.
///
/// ```
/// use stakepool::Closed;
///
/// let closed = Closed::from(Some("The pool is full.".to_owned()));
/// closed.set_for_good(Some("The pool has closed.".to_owned()));
/// closed.set_configured(None);
/// assert_eq!(closed.get().as_deref(), Some("The pool has closed."), "whatever the configuration says");
/// ```
#[derive(Clone, Debug, Default)]
pub struct Closed {
    configured: Reloadable<Option<String>>,
    by_command: Reloadable<Option<String>>,
    for_good: Reloadable<Option<String>>,
}

impl Closed {
    /// The message, where the pool is closed.
    pub fn get(&self) -> Arc<Option<String>> {
        let said = [&self.for_good, &self.by_command].map(Reloadable::get);
        said.into_iter().find(|message| message.is_some()).unwrap_or_else(|| self.configured.get())
    }

    /// Takes over what the configuration says: closed with this message, or open.
    pub fn set_configured(&self, message: Option<String>) {
        self.configured.set(message);
    }

    /// Closes with this message because the operator has said so while the pool runs; `None` takes that back.
    pub fn set_by_command(&self, message: Option<String>) {
        self.by_command.set(message);
    }

    /// Closes the pool with this message because its closing day has come; `None` takes that back.
    pub fn set_for_good(&self, message: Option<String>) {
        self.for_good.set(message);
    }

    /// Whether the closing day has come.
    pub fn is_for_good(&self) -> bool {
        self.for_good.get().is_some()
    }
}

impl From<Option<String>> for Closed {
    fn from(message: Option<String>) -> Self {
        Self { configured: message.into(), ..Self::default() }
    }
}
