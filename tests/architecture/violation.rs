//! What is reported where a rule is broken: the place, the rule, and what to do.

use std::fmt;
use std::path::Path;

/// A place where a rule is broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// File and line.
    pub place: String,
    /// What was found there.
    pub found: String,
    /// The rule.
    pub rule: &'static str,
    /// What to do.
    pub remedy: String,
}

/// A place as editors take it.
pub fn place(file: &Path, line: usize) -> String {
    format!("{}:{line}", file.display())
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { place, found, rule, remedy } = self;
        write!(f, "{place}: {found}\n    rule:   {rule}\n    remedy: {remedy}")
    }
}

/// Fails where a rule is broken.
///
/// # Panics
/// With all that is broken.
pub fn hold(broken: &[Violation]) {
    let shown: Vec<String> = broken.iter().map(ToString::to_string).collect();
    assert!(broken.is_empty(), "{} places break the architecture:\n\n{}\n", broken.len(), shown.join("\n\n"));
}
