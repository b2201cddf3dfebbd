//! Finding the engine's state again when the daemon starts.

use zeroize::Zeroizing;

use super::lottery::Lottery;
use super::problems::Problems;
use super::snapshot::{self, Restored};
use crate::ports::StateFile;

/// Reads the state file, and says whether it may be written from now on.
pub(super) fn restore(lottery: &mut Lottery, file: &dyn StateFile, problems: &Problems) -> (Option<Restored>, bool) {
    let (reason, may_save) = match file.load() {
        Ok(None) => return (None, true),
        Ok(Some(bytes)) => match snapshot::restore(lottery, &Zeroizing::new(bytes)) {
            Ok(restored) => return (Some(restored), true),
            Err(error) => match file.set_aside() {
                Ok(kept) => (format!("the state file cannot be used: {error}; it is kept as {kept}"), true),
                Err(kept) => {
                    (format!("the state file cannot be used: {error}; it is not replaced, because {kept}"), false)
                }
            },
        },
        Err(error) => (format!("{error}; it is not replaced"), false),
    };
    let what = format!("{reason}. Until the web sends the users, the wallet's own tickets are voted with default bits");
    problems.problem("state", what);
    (None, may_save)
}
