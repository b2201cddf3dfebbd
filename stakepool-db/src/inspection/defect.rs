//! What is found.

use std::fmt::{self, Write as _};

use stakepool_core::accounts::UserId;

/// How bad something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Worth knowing; nothing has to be done.
    Note,
    /// Should be mended; the pool works without.
    Warning,
    /// The pool does not start with it, or users lose by it.
    Error,
}

impl Severity {
    /// Its name for people and programs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// Something that an operator should know of a database. No text of it has an e-mail address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Defect {
    /// How bad it is.
    pub severity: Severity,
    /// What kind of thing it is, a fixed word.
    pub kind: &'static str,
    /// What it is about: the server, a table, or users.
    pub about: String,
    /// What was found.
    pub text: String,
    /// What to do; empty where nothing has to be done.
    pub remedy: String,
    /// The users whom it is about, all of them.
    pub users: Vec<UserId>,
}

impl Defect {
    pub(crate) fn new(
        severity: Severity,
        kind: &'static str,
        about: impl Into<String>,
        text: impl Into<String>,
    ) -> Self {
        Self { severity, kind, about: about.into(), text: text.into(), remedy: String::new(), users: Vec::new() }
    }

    /// One about users; none where there are none.
    pub(super) fn of_users(severity: Severity, kind: &'static str, users: Vec<UserId>, text: &str) -> Option<Self> {
        let named = named(&users);
        (!users.is_empty()).then(|| Self { users, ..Self::new(severity, kind, named, text) })
    }

    pub(crate) fn remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = remedy.into();
        self
    }
}

/// What was found in a database that was looked at and not changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inspection {
    /// What it is called for people.
    pub place: String,
    /// How many users it has, among them those of the predecessor.
    pub users: u64,
    /// What should be known, the worst first.
    pub defects: Vec<Defect>,
}

impl Inspection {
    pub(crate) fn new(place: String, users: u64, mut defects: Vec<Defect>) -> Self {
        // Stable: what belongs together stays so.
        defects.sort_by_key(|defect| std::cmp::Reverse(defect.severity));
        Self { place, users, defects }
    }

    /// How many there are of a severity.
    pub fn count(&self, severity: Severity) -> usize {
        self.defects.iter().filter(|defect| defect.severity == severity).count()
    }
}

/// How many users or pairs of them a text names.
pub(super) const MOST_NAMED: usize = 10;

/// Users for people: `user 5`, or `users 5, 6 and 7 others`.
fn named(users: &[UserId]) -> String {
    let mut text = if users.len() == 1 { "user ".to_owned() } else { "users ".to_owned() };
    for (number, user) in users.iter().take(MOST_NAMED).enumerate() {
        // Writing to a string cannot fail.
        let _ = if number == 0 { write!(text, "{user}") } else { write!(text, ", {user}") };
    }
    match users.len().saturating_sub(MOST_NAMED) {
        0 => {}
        others => drop(write!(text, " and {others} others")),
    }
    text
}

impl fmt::Display for Defect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: {}", self.severity.name(), self.about, self.text)?;
        if self.remedy.is_empty() { Ok(()) } else { write!(f, "; {}", self.remedy) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_comes_first_and_long_lists_of_users_are_cut() {
        let users = (1..=12).map(UserId).collect();
        let many = Defect::of_users(Severity::Note, "a", users, "are many").unwrap().remedy("nothing");
        assert_eq!(many.to_string(), "note: users 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 and 2 others: are many; nothing");
        assert_eq!(many.users.len(), 12);
        let error = Defect::new(Severity::Error, "b", "table Users", "is bad");
        let found = Inspection::new("here".into(), 12, vec![many, error.clone()]);
        assert_eq!((found.defects[0].clone(), found.count(Severity::Note)), (error, 1));
        assert_eq!(Defect::of_users(Severity::Note, "a", Vec::new(), ""), None);
    }
}
