//! What tables consist of, read from the texts that make them on a server.
//!
//! SQLite has the same tables with the same columns, so that one list does for whatever goes through all of them.

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Number,
    Text,
    Bytes,
}

/// A column of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Column {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
}

/// An index that keeps nothing unique.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Index {
    pub(crate) name: &'static str,
    /// What makes it, as part of the table.
    pub(crate) definition: &'static str,
}

/// A table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Layout {
    pub(crate) name: &'static str,
    /// Whether this program made it up, and not the predecessor.
    pub(crate) is_ours: bool,
    pub(crate) columns: Vec<Column>,
    /// The columns of its primary key.
    pub(crate) key: Vec<&'static str>,
    pub(crate) indexes: Vec<Index>,
}

impl Layout {
    /// The table that is made with these columns and keys.
    pub(crate) fn read(name: &'static str, is_ours: bool, definitions: &'static str) -> Self {
        let mut layout = Self { name, is_ours, columns: Vec::new(), key: Vec::new(), indexes: Vec::new() };
        for definition in at_commas(definitions) {
            let definition = definition.trim();
            let (first, rest) = definition.split_once(' ').unwrap_or((definition, ""));
            match first {
                "PRIMARY" => layout.key = in_brackets(definition),
                "KEY" => {
                    let name = rest.split_once(' ').map_or(rest, |(name, _)| name);
                    layout.indexes.push(Index { name, definition });
                }
                "UNIQUE" => {}
                column => layout.add(column.trim_matches('`'), rest),
            }
        }
        layout
    }

    /// Adds a column, whose definition begins with its type.
    pub(crate) fn add(&mut self, name: &'static str, definition: &str) {
        let kind = definition.split([' ', '(']).next().unwrap_or_default().to_ascii_lowercase();
        let kind = if kind.ends_with("blob") || kind.ends_with("binary") {
            Kind::Bytes
        } else if kind.ends_with("char") || kind.ends_with("text") {
            Kind::Text
        } else {
            Kind::Number
        };
        if definition.contains("PRIMARY KEY") {
            self.key = vec![name];
        }
        self.columns.push(Column { name, kind });
    }
}

/// The parts between the commas that stand in no brackets.
fn at_commas(text: &'static str) -> Vec<&'static str> {
    let (mut depth, mut begin, mut parts) = (0_i32, 0, Vec::new());
    for (at, letter) in text.char_indices() {
        match letter {
            '(' => depth += 1,
            ')' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&text[begin..at]);
                begin = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[begin..]);
    parts
}

fn in_brackets(definition: &'static str) -> Vec<&'static str> {
    let inner = definition.split_once('(').and_then(|(_, rest)| rest.rsplit_once(')')).map_or("", |(inner, _)| inner);
    inner.split(',').map(|column| column.trim().trim_matches('`')).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_have_kinds_and_keys_are_no_columns() {
        let text = "`key` VARBINARY(64) NOT NULL, kind VARCHAR(64) NOT NULL UNIQUE, at BIGINT NOT NULL DEFAULT 0, \
                    Password mediumblob, KEY by_time (at, kind), PRIMARY KEY (`key`, kind)";
        let layout = Layout::read("things", true, text);
        let columns: Vec<_> = layout.columns.iter().map(|column| (column.name, column.kind)).collect();
        assert_eq!(
            columns,
            [("key", Kind::Bytes), ("kind", Kind::Text), ("at", Kind::Number), ("Password", Kind::Bytes)]
        );
        assert_eq!(layout.key, ["key", "kind"]);
        assert_eq!(layout.indexes, [Index { name: "by_time", definition: "KEY by_time (at, kind)" }]);
        assert_eq!(Layout::read("one", true, "text BIGINT NOT NULL PRIMARY KEY, b LONGTEXT").key, ["text"]);
    }
}
