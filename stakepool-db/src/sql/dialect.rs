//! Where the engines' languages differ.

use std::borrow::Cow;

/// The language of an engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// SQLite.
    Sqlite,
    /// MySQL and MariaDB.
    Mysql,
}

/// How statements name the collation under which texts are equal only where all their characters are. Our own columns have
/// it; whatever compares a column of the predecessor names it, for MySQL finds `SCa` and `ScA` equal there.
const EXACT: &str = "COLLATE exact";
/// How they have rows locked that they read in order to change them.
const LOCKED: &str = "FOR UPDATE";

impl Dialect {
    /// The text of a statement in this language.
    pub(super) fn text(self, text: Cow<'static, str>) -> Cow<'static, str> {
        match self {
            // A transaction that may write has the whole file to itself.
            Self::Sqlite if text.contains(EXACT) || text.contains(LOCKED) => {
                text.replace(EXACT, "COLLATE BINARY").replace(LOCKED, "").into()
            }
            Self::Mysql if text.contains(EXACT) => text.replace(EXACT, "COLLATE utf8mb4_bin").into(),
            Self::Sqlite | Self::Mysql => text,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_engine_gets_its_own_words() {
        let text = Cow::Borrowed("SELECT a FROM b WHERE a COLLATE exact = ? FOR UPDATE");
        assert_eq!(Dialect::Sqlite.text(text.clone()).trim_end(), "SELECT a FROM b WHERE a COLLATE BINARY = ?");
        assert_eq!(Dialect::Mysql.text(text), "SELECT a FROM b WHERE a COLLATE utf8mb4_bin = ? FOR UPDATE");
    }
}
