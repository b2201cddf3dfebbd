//! What `--check-config` shows.

use std::fmt;

use crate::origin::Origin;
use crate::place::Place;
use crate::resolve::Settings;
use crate::secret::SecretText;
use crate::sources::Sources;
use crate::table::{Default, Key, Kind, Table};

/// A key as `--check-config` shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckedKey {
    /// The key.
    pub key: &'static str,
    /// Its value; of a secret only whether it is set, or the reference to it.
    pub value: String,
    /// Where it was set.
    pub origin: Origin,
}

/// A configuration without errors, for people to look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckReport {
    /// The program.
    pub program: &'static str,
    /// The keys that have a value.
    pub keys: Vec<CheckedKey>,
    /// What is not wrong, but should be known.
    pub warnings: Vec<String>,
    /// Where the configuration came from.
    pub sources: Sources,
    /// What the start will need of the machine.
    pub places: Vec<Place>,
}

impl CheckReport {
    pub(crate) fn new(table: &Table, settings: &Settings, sources: Sources, places: Vec<Place>) -> Self {
        let warnings = settings.warnings.clone();
        Self { program: table.program, keys: keys(table, settings), warnings, sources, places }
    }
}

/// The keys that have a value.
pub(crate) fn keys(table: &Table, settings: &Settings) -> Vec<CheckedKey> {
    let keys = table.settable().filter_map(|key| {
        let setting = settings.get(key.name)?;
        let value = match key.kind {
            _ if key.secret => setting.values.iter().map(|value| redacted(value)).collect::<Vec<_>>().join(","),
            Kind::Switch => {
                setting.values.last().map_or("1", |value| if value.is_empty() { "1" } else { value }).to_owned()
            }
            _ => without_password(&setting.values.join(",")),
        };
        Some(CheckedKey { key: key.name, value, origin: setting.origin.clone() })
    });
    keys.collect()
}

/// What counts as lines of a configuration file, each after a comment that says where it was set. Of a key that is not set, and
/// in whose place something else counts, the comment says what.
pub(crate) fn lines(table: &Table, settings: &Settings) -> String {
    let set = keys(table, settings);
    let line = |key: &Key| match set.iter().find(|set| set.key == key.name) {
        Some(CheckedKey { key, value, origin }) => format!("; {origin}\n{key}={value}\n"),
        None => match key.default {
            Default::Depends(instead) => format!("; not set: {instead}\n;{}=\n", key.name),
            Default::Nothing | Default::Is(_) => String::new(),
        },
    };
    table.settable().map(line).collect()
}

fn redacted(value: &str) -> String {
    let entries = value.split(',').map(|entry| match SecretText::parse(entry.trim()) {
        SecretText::Literal(_) => "(set)",
        SecretText::File(_) | SecretText::Environment(_) => entry.trim(),
    });
    entries.collect::<Vec<_>>().join(",")
}

/// A value without a password that stands before a host, where none belongs: whoever wrote it there is told so elsewhere.
fn without_password(value: &str) -> String {
    let Some((account, host)) = value.rsplit_once('@') else { return value.to_owned() };
    let begin = account.rfind("//").map_or(0, |slashes| slashes + 2);
    match account[begin..].split_once(':') {
        Some((user, _)) if user != "mailto" => format!("{}{user}:(hidden)@{host}", &account[..begin]),
        _ => value.to_owned(),
    }
}

impl fmt::Display for CheckReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "The configuration of {} has no errors.", self.program)?;
        for CheckedKey { key, value, origin } in &self.keys {
            writeln!(f, "  {key}={value}  ({origin})")?;
        }
        self.warnings.iter().try_for_each(|warning| writeln!(f, "Warning: {warning}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_before_a_host_is_not_shown() {
        for (value, shown) in [
            ("mysql://pool:a:b@c@db.example/pool", "mysql://pool:(hidden)@db.example/pool"),
            ("pool:hunter2@mail.example:25", "pool:(hidden)@mail.example:25"),
            ("https://u:p@pool.example", "https://u:(hidden)@pool.example"),
            ("mysql://pool@db.example:3306/pool", "mysql://pool@db.example:3306/pool"),
            ("Pool <pool@x.example>", "Pool <pool@x.example>"),
            ("mailto:pool@x.example", "mailto:pool@x.example"),
            ("[::1]:9110,10.0.0.1:1", "[::1]:9110,10.0.0.1:1"),
        ] {
            assert_eq!(without_password(value), shown);
        }
    }
}
