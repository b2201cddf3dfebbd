//! What can be wrong with a configuration. All of it is told at once.

use std::fmt;
use std::path::PathBuf;

use crate::origin::Origin;
use crate::place::Place;

/// One thing that is wrong. No message repeats a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// The configuration file that was named cannot be read.
    #[error("the configuration file {} cannot be read: {reason}; name another with -C FILE", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        reason: String,
    },
    /// A line of the configuration file cannot be understood.
    #[error("{}: {reason}", Origin::File { path: path.clone(), line: *line })]
    Line {
        /// The file.
        path: PathBuf,
        /// The number of the line, from 1.
        line: usize,
        /// What is wrong.
        reason: String,
    },
    /// An argument cannot be understood.
    #[error("{0}")]
    Argument(String),
    /// A key that does not exist.
    #[error("`{name}` ({origin}) is not a known key{}", suggestion(nearest))]
    UnknownKey {
        /// The key as it is written.
        name: String,
        /// Where.
        origin: Origin,
        /// The key that is probably meant.
        nearest: Option<String>,
    },
    /// A value that cannot be used.
    #[error("{key} ({origin}): {reason}")]
    Value {
        /// The key.
        key: &'static str,
        /// Where it was set.
        origin: Origin,
        /// What is wrong, and what would be right.
        reason: String,
    },
    /// A key that must be set.
    #[error("{key} is not set: {what}. {place}")]
    Missing {
        /// The key.
        key: &'static str,
        /// What it is for.
        what: String,
        /// Where to set it.
        place: String,
    },
    /// Two lists that go together differ in length.
    #[error(
        "{first} has {first_count} entries, but {second} has {second_count}: give as many of each, in the same order"
    )]
    Counts {
        /// The key with the hosts.
        first: &'static str,
        /// How many there are.
        first_count: usize,
        /// The key that does not fit.
        second: &'static str,
        /// How many there are.
        second_count: usize,
    },
    /// A list that is too short.
    #[error("{reason}")]
    TooFew {
        /// The key.
        key: &'static str,
        /// What is wrong, and what would be right.
        reason: String,
    },
    /// Keys that do not go together.
    #[error("{0}")]
    Conflict(String),
}

impl Place {
    /// That the machine does not have it.
    pub fn lacks(&self, reason: impl ToString) -> Problem {
        Problem::Value { key: self.key, origin: self.origin.clone(), reason: reason.to_string() }
    }
}

fn suggestion(nearest: &Option<String>) -> String {
    match nearest {
        Some(nearest) => format!("; did you mean `{nearest}`?"),
        None => "; --help lists them all".to_owned(),
    }
}

/// Everything that is wrong with a configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigErrors {
    /// The program that was to be configured.
    pub program: &'static str,
    /// What is wrong; never empty.
    pub problems: Vec<Problem>,
    /// What the start would need of the machine, as far as it is known: where `--check-config` was asked for.
    pub places: Option<Vec<Place>>,
}

impl fmt::Display for ConfigErrors {
    /// A line for each problem, with a line before them where there are several.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.problems[..] {
            [only] => write!(f, "{}: {only}", self.program),
            all => {
                write!(f, "{}: the configuration has {} errors:", self.program, all.len())?;
                all.iter().try_for_each(|problem| write!(f, "\n  - {problem}"))
            }
        }
    }
}

impl std::error::Error for ConfigErrors {}
