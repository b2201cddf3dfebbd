//! What tables are like.

use std::collections::{BTreeMap, BTreeSet};

use super::defect::{Defect, Severity};
use crate::layout::{Kind, Layout};

/// A column that is there.
#[derive(Clone, Debug, Default)]
pub(crate) struct FoundColumn {
    pub(crate) name: String,
    /// Empty where it holds no text.
    pub(crate) charset: String,
    pub(crate) collation: String,
    pub(crate) is_key: bool,
}

/// A table that is there. What an engine does not have is empty.
#[derive(Clone, Debug, Default)]
pub(crate) struct FoundTable {
    pub(crate) name: String,
    pub(crate) engine: String,
    pub(crate) row_format: String,
    pub(crate) columns: Vec<FoundColumn>,
}

/// What is there, and what should be.
#[derive(Clone, Debug)]
pub(crate) struct TableFacts {
    pub(crate) found: Vec<FoundTable>,
    pub(crate) expected: Vec<Layout>,
    /// Tables that are this program's own record of others.
    pub(crate) internal: &'static [&'static str],
    /// What was made at an earlier start, `table NAME` or `column TABLE.NAME`.
    pub(crate) made: BTreeSet<String>,
    /// Columns of the predecessor that the start adds, `TABLE.NAME`.
    pub(crate) additions: BTreeSet<String>,
    /// Whether it is on a server, where tables have engines and texts have collations.
    pub(crate) is_server: bool,
    /// Whether names of tables are told apart by their cases.
    pub(crate) has_cases: bool,
}

impl TableFacts {
    /// Whether a table is there, with these columns.
    pub(super) fn has(&self, table: &str, columns: &[&str]) -> bool {
        self.found.iter().any(|found| {
            let has = |name: &&str| found.columns.iter().any(|column| column.name.eq_ignore_ascii_case(name));
            found.name.eq_ignore_ascii_case(table) && columns.iter().all(has)
        })
    }
}

/// What should be known of tables.
pub(crate) fn judge(facts: &TableFacts) -> Vec<Defect> {
    let mut defects = Vec::new();
    let mut to_make = Vec::new();
    for layout in &facts.expected {
        let found = facts.found.iter().find(|table| table.name.eq_ignore_ascii_case(layout.name));
        let Some(found) = found else {
            if facts.made.contains(&format!("table {}", layout.name)) {
                let text = "it was made at an earlier start and is gone";
                defects.push(
                    about(Severity::Error, "missing_table", layout.name, text)
                        .remedy("stop the pool, and restore the table or the whole database from a backup"),
                );
            } else {
                to_make.push(layout.name);
            }
            continue;
        };
        if facts.has_cases && found.name != layout.name {
            let text = format!("it is called `{}`, and this server tells the cases apart", found.name);
            let remedy = format!("RENAME TABLE `{}` TO `{}`", found.name, layout.name);
            defects.push(about(Severity::Error, "missing_table", layout.name, text).remedy(remedy));
        }
        defects.extend(columns(facts, layout, found));
        if facts.is_server {
            defects.extend(kind(layout, found));
            defects.extend(texts(layout, found));
        }
    }
    if !to_make.is_empty() {
        let text = format!("the start of stakepool-web makes these tables: {}", to_make.join(", "));
        defects.push(Defect::new(Severity::Note, "missing_table", "database", text));
    }
    defects.extend(others(facts));
    defects
}

fn about(severity: Severity, kind: &'static str, table: &str, text: impl Into<String>) -> Defect {
    Defect::new(severity, kind, format!("table {table}"), text)
}

fn columns(facts: &TableFacts, layout: &Layout, found: &FoundTable) -> Vec<Defect> {
    let has = |name: &str| found.columns.iter().any(|column| column.name.eq_ignore_ascii_case(name));
    let missing: Vec<&str> = layout.columns.iter().map(|column| column.name).filter(|name| !has(name)).collect();
    let named = |name: &&str| format!("{}.{name}", layout.name);
    let (added, lost): (Vec<&str>, Vec<&str>) = missing.into_iter().partition(|name| {
        let is_made = facts.made.contains(&format!("column {}", named(name)));
        let is_later =
            layout.is_ours && !facts.made.is_empty() && facts.made.contains(&format!("table {}", layout.name));
        !is_made && (facts.additions.contains(&named(name)) || is_later)
    });
    let mut defects = Vec::new();
    if !lost.is_empty() {
        let text = format!("it lacks {}", lost.join(", "));
        let remedy = if layout.is_ours {
            "restore the database from a backup"
        } else {
            "it is older than what can be taken over: start the last version of the predecessor's web on it first"
        };
        defects.push(about(Severity::Error, "missing_column", layout.name, text).remedy(remedy));
    }
    if !added.is_empty() {
        let text = format!("the start of stakepool-web adds {}", added.join(", "));
        defects.push(about(Severity::Note, "missing_column", layout.name, text));
    }
    let known = |column: &str| layout.columns.iter().any(|known| known.name.eq_ignore_ascii_case(column));
    let extra: Vec<&str> =
        found.columns.iter().map(|column| column.name.as_str()).filter(|column| !known(column)).collect();
    if !extra.is_empty() {
        let text = format!("it has columns that are not its own: {}", extra.join(", "));
        let defect = about(Severity::Warning, "extra_column", layout.name, text);
        defects.push(match layout.is_ours {
            true => defect.remedy("remove them, or leave them: they are not read"),
            false => defect.remedy("the predecessor's programs fail on them: remove them before you go back"),
        });
    }
    defects
}

/// The engine, the format and the key of a table.
fn kind(layout: &Layout, found: &FoundTable) -> Vec<Defect> {
    let name = found.name.as_str();
    let mut defects = Vec::new();
    if !found.engine.eq_ignore_ascii_case("InnoDB") {
        let text = format!("its engine {} has no transactions", found.engine);
        let remedy = format!("ALTER TABLE `{name}` ENGINE=InnoDB");
        defects.push(about(Severity::Error, "engine", name, text).remedy(remedy));
    }
    let is_old = ["compact", "redundant"].iter().any(|old| found.row_format.eq_ignore_ascii_case(old));
    if is_old {
        let text = format!(
            "its row format is {}; long keys do not fit there, and none of this program's do",
            found.row_format
        );
        let severity = if layout.is_ours { Severity::Warning } else { Severity::Note };
        let remedy = format!("where you like: ALTER TABLE `{name}` ROW_FORMAT=DYNAMIC");
        defects.push(about(severity, "row_format", name, text).remedy(remedy));
    }
    if !found.columns.iter().any(|column| column.is_key) {
        let text = "it has no primary key, without which rows cannot be told apart, and a cluster does not copy them";
        let remedy = format!("ALTER TABLE `{name}` ADD PRIMARY KEY ({})", layout.key.join(", "));
        defects.push(about(Severity::Error, "primary_key", name, text).remedy(remedy));
    }
    defects
}

/// The character sets and collations of a table's texts.
fn texts(layout: &Layout, found: &FoundTable) -> Vec<Defect> {
    let name = found.name.as_str();
    let is_text = |column: &&FoundColumn| {
        layout.columns.iter().any(|known| known.kind == Kind::Text && known.name.eq_ignore_ascii_case(&column.name))
    };
    let mut by_collation: BTreeMap<(&str, &str), Vec<&str>> = BTreeMap::new();
    for column in found.columns.iter().filter(is_text) {
        by_collation.entry((&column.charset, &column.collation)).or_default().push(&column.name);
    }
    let mut defects = Vec::new();
    for ((charset, collation), columns) in by_collation {
        let columns = columns.join(", ");
        if charset != "utf8mb4" {
            let text = format!("{columns}: the character set is {charset} ({collation}), in which not every text fits");
            let remedy = format!("back it up, then ALTER TABLE `{name}` CONVERT TO CHARACTER SET utf8mb4");
            defects.push(about(Severity::Error, "charset", name, text).remedy(remedy));
        } else if layout.is_ours && collation != "utf8mb4_bin" {
            let text = format!("{columns}: compared by {collation}, which takes different texts for the same");
            let remedy = format!("ALTER TABLE `{name}` CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_bin");
            defects.push(about(Severity::Error, "collation", name, text).remedy(remedy));
        } else if !layout.is_ours && !collation.ends_with("_bin") {
            let text = format!(
                "{columns}: the predecessor compares by {collation}, without regard to cases; this program by all characters"
            );
            defects.push(about(Severity::Note, "collation", name, text));
        }
    }
    defects
}

/// Tables that are none of the pool's.
fn others(facts: &TableFacts) -> Option<Defect> {
    let is_known = |name: &str| {
        facts.expected.iter().any(|layout| layout.name.eq_ignore_ascii_case(name))
            || facts.internal.iter().any(|internal| internal.eq_ignore_ascii_case(name))
    };
    let others: Vec<&str> =
        facts.found.iter().map(|table| table.name.as_str()).filter(|name| !is_known(name)).collect();
    let text = format!("tables that are no pool's lie beside it: {}", others.join(", "));
    (!others.is_empty()).then(|| {
        Defect::new(Severity::Note, "extra_table", "database", text)
            .remedy("leave them, or give the pool a database of its own")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn users(change: impl FnOnce(&mut FoundTable)) -> FoundTable {
        let text = |name: &str| FoundColumn {
            name: name.into(),
            charset: "utf8mb4".into(),
            collation: "utf8mb4_general_ci".into(),
            is_key: false,
        };
        let id = FoundColumn { name: "UserId".into(), is_key: true, ..FoundColumn::default() };
        let mut table = FoundTable {
            name: "Users".into(),
            engine: "InnoDB".into(),
            row_format: "Dynamic".into(),
            columns: vec![id, text("Email"), text("EmailToken")],
        };
        change(&mut table);
        table
    }

    fn found(tables: Vec<FoundTable>) -> Vec<(Severity, &'static str)> {
        let facts = TableFacts {
            found: tables,
            expected: vec![
                Layout::read(
                    "Users",
                    false,
                    "UserId bigint(20), Email varchar(255), EmailToken varchar(255), PRIMARY KEY (UserId)",
                ),
                Layout::read("notes", true, "name VARCHAR(9) PRIMARY KEY"),
            ],
            internal: &["schema_steps"],
            made: BTreeSet::from(["table Users".to_owned()]),
            additions: BTreeSet::from(["Users.EmailToken".to_owned()]),
            is_server: true,
            has_cases: true,
        };
        let kinds = judge(&facts).into_iter().map(|defect| (defect.severity, defect.kind));
        // What every one of these has.
        let common = [(Severity::Note, "collation"), (Severity::Note, "missing_table")];
        kinds.filter(|kind| !common.contains(kind)).collect()
    }

    #[test]
    fn what_is_wrong_with_a_table_is_named() {
        type Change = fn(&mut FoundTable);
        let cases: [(Change, &[(Severity, &str)]); 9] = [
            (|_| {}, &[]),
            (|table| drop(table.columns.remove(2)), &[(Severity::Note, "missing_column")]),
            (|table| drop(table.columns.remove(1)), &[(Severity::Error, "missing_column")]),
            (
                |table| table.columns.push(FoundColumn { name: "New".into(), ..FoundColumn::default() }),
                &[(Severity::Warning, "extra_column")],
            ),
            (|table| table.engine = "MyISAM".into(), &[(Severity::Error, "engine")]),
            (|table| table.row_format = "Compact".into(), &[(Severity::Note, "row_format")]),
            (|table| table.columns[0].is_key = false, &[(Severity::Error, "primary_key")]),
            (|table| table.columns[1].charset = "latin1".into(), &[(Severity::Error, "charset")]),
            (|table| table.name = "users".into(), &[(Severity::Error, "missing_table")]),
        ];
        for (number, (change, expected)) in cases.into_iter().enumerate() {
            assert_eq!(found(vec![users(change)]), expected, "{number}");
        }
        assert_eq!(found(Vec::new()), [(Severity::Error, "missing_table")], "it was there once");
        let other = |name: &str| FoundTable { name: name.into(), ..FoundTable::default() };
        let tables = vec![users(|_| {}), other("schema_steps"), other("wp_posts")];
        assert_eq!(found(tables), [(Severity::Note, "extra_table")]);
    }

    #[test]
    fn a_text_of_ours_that_is_compared_by_another_collation_is_an_error() {
        let layout = Layout::read("notes", true, "name VARCHAR(9) PRIMARY KEY");
        let column = FoundColumn {
            name: "name".into(),
            charset: "utf8mb4".into(),
            collation: "utf8mb4_general_ci".into(),
            is_key: true,
        };
        let table = FoundTable { name: "notes".into(), columns: vec![column], ..FoundTable::default() };
        assert_eq!(texts(&layout, &table)[0].severity, Severity::Error);
    }
}
