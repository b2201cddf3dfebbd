//! Which value counts: the flag's, else the environment's, else the file's, else the default.

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

use crate::certificate::Certificate;
use crate::flags::Flags;
use crate::hint::nearest;
use crate::ini::{self, BadLine};
use crate::origin::Origin;
use crate::problem::Problem;
use crate::table::{Default, Key, Kind, Since, Table};

/// The longest word that is shown as a key that is not known.
const LONGEST_WORD: usize = 24;

/// The value of a key, and where it comes from.
#[derive(Clone, Debug)]
pub(crate) struct Setting {
    /// One value; of a list, one for each time that it was set in the place that counts.
    pub(crate) values: Vec<String>,
    /// The place of the last of them.
    pub(crate) origin: Origin,
}

/// The values of all keys that have one, and what was noticed on the way.
#[derive(Debug)]
pub(crate) struct Settings {
    by_key: HashMap<&'static str, Setting>,
    pub(crate) warnings: Vec<String>,
    pub(crate) problems: Vec<Problem>,
    /// Keys of which something was said that cannot be read: what follows from their missing is not told, too.
    pub(crate) unread: HashSet<&'static str>,
    /// The files that keys name, hashed, for a comparison with another reading.
    pub(crate) contents: HashMap<&'static str, Vec<u64>>,
    /// Files with secrets in them.
    pub(crate) private_files: Vec<PathBuf>,
    /// The certificates that keys name.
    pub(crate) certificates: Vec<Certificate>,
}

impl Settings {
    /// Starts with the defaults.
    pub(crate) fn defaults(table: &Table) -> Self {
        let mut settings = Self {
            by_key: HashMap::new(),
            warnings: Vec::new(),
            problems: Vec::new(),
            unread: HashSet::new(),
            contents: HashMap::new(),
            private_files: Vec::new(),
            certificates: Vec::new(),
        };
        for key in table.settable() {
            if let Default::Is(value) = key.default {
                settings.set(key, value.to_owned(), Origin::Default);
            }
        }
        settings
    }

    /// Lays the lines of a configuration file over what is there.
    pub(crate) fn add_file(&mut self, table: &Table, path: &Path, text: &str) {
        let (entries, bad) = ini::parse(text);
        let at = |line| Origin::File { path: path.to_owned(), line };
        for BadLine { line, name, reason } in bad {
            self.unread.extend(name.and_then(|name| table.in_file(&name)).map(|key| key.name));
            self.problems.push(Problem::Line { path: path.to_owned(), line, reason: reason.to_owned() });
        }
        for entry in entries {
            let value = entry.value.as_str();
            if value.len() > 1 && value.starts_with('\'') && value.ends_with('\'') {
                let (name, at) = (table.in_file(&entry.name).map_or("…", |key| key.name), at(entry.line));
                self.warnings.push(format!("{name} ({at}): the single quotes count as part of the value"));
            }
            match table.in_file(&entry.name) {
                Some(key) => self.set(key, entry.value, at(entry.line)),
                None => {
                    let nearest = nearest(&entry.name, table.settable().map(|key| key.name));
                    self.unread.extend(nearest);
                    // What is like no key may be a piece of a secret that was pasted in several lines.
                    let can_be_shown = nearest.is_some() || is_word(&entry.name, &entry.value);
                    let name = if can_be_shown { entry.name } else { "…".to_owned() };
                    let nearest = nearest.map(str::to_owned);
                    self.problems.push(Problem::UnknownKey { name, origin: at(entry.line), nearest });
                }
            }
        }
        if let Some(setting) = self.by_key.get("configfile") {
            self.warnings.push(format!("configfile ({}) has no effect in a file: use -C FILE", setting.origin));
        }
    }

    /// Lays the environment over what is there. An empty variable counts as not set.
    pub(crate) fn add_environment(&mut self, table: &Table, env: &dyn Fn(&str) -> Option<String>) {
        for key in table.settable() {
            let variable = table.variable(key.name);
            if let Some(value) = env(&variable).filter(|value| !value.is_empty()) {
                self.set(key, value, Origin::Environment(variable));
            }
        }
    }

    /// Lays the flags over what is there.
    pub(crate) fn add_flags(&mut self, flags: Flags) {
        self.problems.extend(flags.problems);
        for (key, value) in flags.values {
            self.set(key, value, Origin::Flag);
        }
    }

    fn set(&mut self, key: &'static Key, value: String, origin: Origin) {
        if let Some(known) = self.by_key.get_mut(key.name)
            && same_place(&known.origin, &origin)
        {
            if matches!(key.kind, Kind::List(_)) {
                known.values.push(value);
                known.origin = origin;
                return;
            }
            if matches!(origin, Origin::File { .. }) {
                let warning =
                    format!("{} is set twice: the value of {origin} counts, not that of {}", key.name, known.origin);
                self.warnings.push(warning);
            }
        }
        self.by_key.insert(key.name, Setting { values: vec![value], origin });
    }

    /// Leaves out what is only said because something else cannot be read.
    pub(crate) fn drop_false_problems(&mut self) {
        let no_file = self.problems.iter().any(|problem| matches!(problem, Problem::File { .. }));
        let is_unread = |key: &&'static str| no_file || self.unread.contains(key);
        self.problems.retain(|problem| match problem {
            Problem::Missing { key, .. } => !is_unread(key),
            Problem::Counts { first, second, .. } => !is_unread(first) && !is_unread(second),
            Problem::TooFew { key, .. } => !is_unread(key),
            _ => true,
        });
    }

    /// What a key has.
    pub(crate) fn get(&self, name: &str) -> Option<&Setting> {
        self.by_key.get(name)
    }

    /// Notes what is in a file that a key names.
    pub(crate) fn note_content(&mut self, key: &'static str, content: &[u8]) {
        let mut hasher = DefaultHasher::new();
        content.hash(&mut hasher);
        self.contents.entry(key).or_default().push(hasher.finish());
    }

    /// Whether a key was set by anybody, even to nothing.
    pub(crate) fn is_set(&self, name: &str) -> bool {
        self.by_key.get(name).is_some_and(|setting| setting.origin != Origin::Default)
    }

    /// Names once the keys that were set, but have no meaning here.
    pub(crate) fn warn_of_obsolete(&mut self, table: &Table) {
        let ignored: Vec<&str> = table
            .settable()
            .filter(|key| key.since == Since::Obsolete && self.is_set(key.name))
            .map(|key| key.name)
            .collect();
        if !ignored.is_empty() {
            self.warnings.push(format!("old keys without a meaning here are ignored: {}", ignored.join(", ")));
        }
    }
}

fn same_place(a: &Origin, b: &Origin) -> bool {
    match (a, b) {
        (Origin::File { path: a, .. }, Origin::File { path: b, .. }) => a == b,
        (Origin::Flag, Origin::Flag) => true,
        _ => false,
    }
}

/// Whether what stands before a `=` can only be a mistaken key: a word in small letters, as all keys are. Base64, which may
/// end with `=`, has nothing behind it.
fn is_word(name: &str, value: &str) -> bool {
    let is_small = |c: char| c.is_ascii_lowercase();
    name.len() <= LONGEST_WORD && name.chars().all(is_small) && !value.is_empty() && !value.starts_with('=')
}
