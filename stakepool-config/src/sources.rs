//! Where a configuration came from, beside its file: for what is compared, watched and warned of while a program runs.

use std::collections::BTreeMap;
use std::collections::hash_map::DefaultHasher;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::path::PathBuf;

use crate::certificate::Certificate;
use crate::hint::nearest;
use crate::origin::Origin;
use crate::resolve::Settings;
use crate::secret::SecretText;
use crate::table::Table;

/// The values of all keys, only to be compared with those of another reading. They themselves are not kept: some are
/// secrets.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct KeyValues(BTreeMap<&'static str, u64>);

impl KeyValues {
    /// The keys that have another value than in `before`, or files of another content, in the order of the alphabet.
    pub fn changed(&self, before: &Self) -> Vec<&'static str> {
        let all: std::collections::BTreeSet<_> = self.0.keys().chain(before.0.keys()).copied().collect();
        all.into_iter().filter(|key| self.0.get(key) != before.0.get(key)).collect()
    }
}

impl fmt::Debug for KeyValues {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyValues(…)")
    }
}

/// Where a configuration came from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Sources {
    /// The values of all keys, to be compared with those of another reading.
    pub values: KeyValues,
    /// Files with secrets in them, which others of the machine should not read.
    pub private_files: Vec<PathBuf>,
    /// The certificates that the configuration names, each once.
    pub certificates: Vec<Certificate>,
    /// Environment variables that belong to the program: those of keys, and those that values name as `env:NAME`.
    variables: Vec<String>,
    /// With what the names of the program's variables begin.
    prefix: &'static str,
}

impl Sources {
    pub(crate) fn of(table: &'static Table, settings: &Settings, config_file: &std::path::Path) -> Self {
        let mut found = Self { prefix: table.env_prefix, ..Self::default() };
        let mut is_private = false;
        for key in table.settable() {
            found.variables.push(table.variable(key.name));
            let Some(setting) = settings.get(key.name) else { continue };
            let mut hasher = DefaultHasher::new();
            (&setting.values, settings.contents.get(key.name)).hash(&mut hasher);
            found.values.0.insert(key.name, hasher.finish());
            let entries = setting.values.iter().flat_map(|value| value.split(',')).map(str::trim);
            for entry in entries.filter(|entry| key.secret && !entry.is_empty()) {
                match SecretText::parse(entry) {
                    SecretText::Environment(name) => found.variables.push(name.to_owned()),
                    SecretText::Literal(_) => is_private |= matches!(setting.origin, Origin::File { .. }),
                    // Noted where it is read.
                    SecretText::File(_) => {}
                }
            }
        }
        found.private_files = settings.private_files.clone();
        for certificate in &settings.certificates {
            if found.certificates.iter().all(|known| known.path != certificate.path) {
                found.certificates.push(certificate.clone());
            }
        }
        if is_private {
            found.private_files.insert(0, config_file.to_owned());
        }
        found
    }

    /// What is to be said of environment variables that look like the program's, and are not: a name that is mistyped has
    /// no effect.
    pub fn unknown_variables(&self, names: impl IntoIterator<Item = String>) -> Vec<String> {
        let begins = |name: &str, prefix: &str| name.to_ascii_uppercase().starts_with(prefix);
        let is_unknown = |name: &String| begins(name, self.prefix) && !self.variables.contains(name);
        let mut unknown: Vec<String> = names.into_iter().filter(is_unknown).collect();
        unknown.sort();
        let keys = || self.variables.iter().filter_map(|variable| variable.strip_prefix(self.prefix));
        let lower: Vec<String> = keys().map(str::to_ascii_lowercase).collect();
        let warning = |name: String| {
            let meant = nearest(name.get(self.prefix.len()..).unwrap_or(""), lower.iter().map(String::as_str));
            let hint = meant
                .map_or_else(String::new, |key| format!("; did you mean {}{}?", self.prefix, key.to_ascii_uppercase()));
            format!("the environment variable {} belongs to no key and has no effect{hint}", name.escape_default())
        };
        unknown.into_iter().map(warning).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sources(variables: &[&str]) -> Sources {
        let variables = variables.iter().map(|&name| name.to_owned()).collect();
        Sources { variables, prefix: "STAKEPOOLD_", ..Sources::default() }
    }

    #[test]
    fn a_mistyped_variable_is_named_and_others_are_not() {
        let sources = sources(&["STAKEPOOLD_POOLFEES", "STAKEPOOLD_RPCTOKEN", "STAKEPOOLD_MY_SECRET"]);
        let set = ["STAKEPOOLD_POOLFEE", "STAKEPOOLD_POOLFEES", "STAKEPOOLD_MY_SECRET", "STAKEPOOL_WEB_LISTEN", "HOME"];
        assert_eq!(
            sources.unknown_variables(set.map(str::to_owned)),
            ["the environment variable STAKEPOOLD_POOLFEE belongs to no key and has no effect; did you mean \
              STAKEPOOLD_POOLFEES?"]
        );
        let set = ["stakepoold_rpctoken", "STAKEPOOLD_CHEESE"].map(str::to_owned);
        let said = sources.unknown_variables(set);
        assert!(said[0].contains("CHEESE") && !said[0].contains("did you mean"), "{said:?}");
        assert!(said[1].contains("did you mean STAKEPOOLD_RPCTOKEN?"), "{said:?}");
    }

    #[test]
    fn changed_keys_are_named_and_values_never_shown() {
        let values = |pairs: &[(&'static str, u64)]| KeyValues(pairs.iter().copied().collect());
        let (before, after) = (values(&[("a", 1), ("b", 2), ("c", 3)]), values(&[("a", 1), ("b", 9), ("d", 4)]));
        assert_eq!(after.changed(&before), ["b", "c", "d"]);
        assert_eq!(format!("{before:?}"), "KeyValues(…)");
    }
}
