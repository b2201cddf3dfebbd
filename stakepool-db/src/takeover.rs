//! What the start would do to a database on a server.

use stakepool_core::accounts::UserId;

/// What was found in a database that was looked at and not changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Takeover {
    /// How many users it has, among them those of the predecessor.
    pub users: u64,
    /// How many steps are to be done before its tables are up to date.
    pub steps: usize,
    /// Users of the predecessor who have the e-mail address of an earlier user: that one, and the one who cannot sign in.
    pub doubles: Vec<(UserId, UserId)>,
    /// Rights that those steps need, and that were granted to the account neither on the server nor on the database.
    pub missing_rights: Vec<&'static str>,
}

impl Takeover {
    /// The same for people, a line each, without e-mail addresses.
    ///
    /// ```
    /// use stakepool_core::accounts::UserId;
    /// use stakepool_db::Takeover;
    ///
    /// let found = Takeover { users: 2, steps: 31, doubles: vec![(UserId(1), UserId(2))], missing_rights: vec!["CREATE"] };
    /// assert_eq!(found.lines()[0], "it has 2 users; the start makes or changes tables in 31 steps");
    /// assert!(found.lines()[1].starts_with("users 1 and 2 have the same e-mail address"));
    /// assert!(found.lines()[2].starts_with("dbuser seems to lack CREATE"));
    /// ```
    pub fn lines(&self) -> Vec<String> {
        let steps = match self.steps {
            0 => "its tables are up to date".to_owned(),
            steps => format!("the start makes or changes tables in {steps} steps"),
        };
        let mut lines = vec![format!("it has {} users; {steps}", self.users)];
        lines.extend(self.doubles.iter().map(|(first, other)| {
            format!("users {first} and {other} have the same e-mail address: user {first} signs in with it, user {other} cannot")
        }));
        if !self.missing_rights.is_empty() {
            lines.push(format!(
                "dbuser seems to lack {}: grant it on the database (what a role or single tables grant is not seen here)",
                self.missing_rights.join(", ")
            ));
        }
        lines
    }
}
