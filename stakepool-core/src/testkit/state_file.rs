//! A state file in memory.

use std::sync::Mutex;

use crate::ports::{StateFile, StateFileError};

/// A state file in memory, for tests and for engines whose state need not outlast the process.
#[derive(Debug, Default)]
pub struct MemoryFile {
    /// What was saved last.
    pub bytes: Mutex<Option<Vec<u8>>>,
    /// What was set aside last.
    pub aside: Mutex<Option<Vec<u8>>>,
    /// Why nothing can be saved.
    pub refuses: Mutex<Option<String>>,
}

impl StateFile for MemoryFile {
    fn load(&self) -> Result<Option<Vec<u8>>, StateFileError> {
        Ok(self.bytes.lock().unwrap().clone())
    }

    fn save(&self, bytes: &[u8]) -> Result<(), StateFileError> {
        if let Some(reason) = self.refuses.lock().unwrap().clone() {
            return Err(StateFileError { path: "memory".into(), what: "written", reason });
        }
        *self.bytes.lock().unwrap() = Some(bytes.to_vec());
        Ok(())
    }

    fn set_aside(&self) -> Result<String, StateFileError> {
        *self.aside.lock().unwrap() = self.bytes.lock().unwrap().take();
        Ok("aside".into())
    }
}
