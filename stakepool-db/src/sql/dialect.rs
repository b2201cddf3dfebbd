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

impl Dialect {
    /// The text of a statement in this language.
    pub(super) fn text(self, text: Cow<'static, str>) -> Cow<'static, str> {
        match self {
            Self::Sqlite if text.contains(EXACT) => text.replace(EXACT, "COLLATE BINARY").into(),
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
        let text = Cow::Borrowed("SELECT a FROM b WHERE a COLLATE exact = ?");
        assert_eq!(Dialect::Sqlite.text(text.clone()), "SELECT a FROM b WHERE a COLLATE BINARY = ?");
        assert_eq!(Dialect::Mysql.text(text), "SELECT a FROM b WHERE a COLLATE utf8mb4_bin = ?");
    }
}
