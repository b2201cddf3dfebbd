//! A small durable place for the daemon's state.

/// Why the state could not be read or written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the daemon's state file {path} cannot be {what}: {reason}")]
pub struct StateFileError {
    /// Which file.
    pub path: String,
    /// `read`, `written` or `set aside`.
    pub what: &'static str,
    /// What the system says.
    pub reason: String,
}

/// Keeps one blob of bytes. Small enough to be called from a blocking task.
pub trait StateFile: Send + Sync {
    /// What was written last, if anything.
    ///
    /// # Errors
    /// [`StateFileError`].
    fn load(&self) -> Result<Option<Vec<u8>>, StateFileError>;

    /// Replaces the contents; after a crash either the old or the new contents are there, whole.
    ///
    /// # Errors
    /// [`StateFileError`].
    fn save(&self, bytes: &[u8]) -> Result<(), StateFileError>;

    /// Keeps unreadable contents for a look by people, out of the way, and says where.
    ///
    /// # Errors
    /// [`StateFileError`].
    fn set_aside(&self) -> Result<String, StateFileError>;
}
