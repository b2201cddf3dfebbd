//! What `--check-config` shows.

use std::fmt;

use crate::origin::Origin;
use crate::place::Place;
use crate::resolve::Settings;
use crate::secret::SecretText;
use crate::sources::Sources;
use crate::table::{Kind, Table};

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
            _ => setting.values.join(","),
        };
        Some(CheckedKey { key: key.name, value, origin: setting.origin.clone() })
    });
    keys.collect()
}

/// The keys as lines of a configuration file, each after a comment that says where it was set.
pub(crate) fn lines(keys: &[CheckedKey]) -> String {
    keys.iter().map(|CheckedKey { key, value, origin }| format!("; {origin}\n{key}={value}\n")).collect()
}

fn redacted(value: &str) -> String {
    let entries = value.split(',').map(|entry| match SecretText::parse(entry.trim()) {
        SecretText::Literal(_) => "(set)",
        SecretText::File(_) | SecretText::Environment(_) => entry.trim(),
    });
    entries.collect::<Vec<_>>().join(",")
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
