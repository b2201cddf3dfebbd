//! The keys of each program as data, for references and editors.

use crate::table::{self, Default, Key, Kind, Since, Table};

/// A key of a configuration file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct KeyReference {
    /// Its name, which is that of the flag, too.
    pub name: &'static str,
    /// What it takes, such as `HOST,…`; nothing for a switch, which takes 0 or 1.
    pub takes: Option<&'static str>,
    /// What holds where it is not set; a value or an explanation.
    pub default: Option<&'static str>,
    /// Whether its value is never shown, and may be written `file:PATH` or `env:NAME`.
    pub is_secret: bool,
    /// Whether it has no meaning here, and is accepted for old files only.
    pub is_obsolete: bool,
    /// Whether the predecessor does not know it.
    pub is_new: bool,
    /// What it is for.
    pub help: &'static str,
}

impl From<&Key> for KeyReference {
    fn from(key: &Key) -> Self {
        let takes = match key.kind {
            Kind::Value(shown) | Kind::List(shown) => Some(shown),
            Kind::Switch | Kind::Action(_) => None,
        };
        let default = match key.default {
            Default::Nothing => None,
            Default::Is(value) | Default::Depends(value) => Some(value),
        };
        Self {
            name: key.name,
            takes,
            default,
            is_secret: key.secret,
            is_obsolete: key.since == Since::Obsolete,
            is_new: key.since == Since::New,
            help: key.help,
        }
    }
}

fn of(table: &'static Table) -> Vec<KeyReference> {
    table.settable().map(KeyReference::from).collect()
}

/// The keys of `stakepool-web`, in the order of its help.
///
/// ```
/// let keys = stakepool_config::web_keys();
/// let fee = keys.iter().find(|key| key.name == "poolfees").unwrap();
/// assert_eq!((fee.takes, fee.default, fee.is_secret), (Some("PERCENT"), Some("7.5"), false));
/// ```
pub fn web_keys() -> Vec<KeyReference> {
    of(&table::web::TABLE)
}

/// The keys of `stakepoold`, in the order of its help.
pub fn daemon_keys() -> Vec<KeyReference> {
    of(&table::daemon::TABLE)
}
