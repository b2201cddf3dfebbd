//! Where a database is, as an operator writes it.

use std::path::PathBuf;
use std::str::FromStr;

use crate::error::DbError;

/// Where a database is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Location {
    /// An SQLite file.
    Sqlite(PathBuf),
}

impl FromStr for Location {
    type Err = DbError;

    /// Reads `sqlite:PATH`; `sqlite://PATH` means the same, and nothing in the path is special. Errors never repeat
    /// what was given, since the URL of a server holds a password.
    fn from_str(text: &str) -> Result<Self, DbError> {
        let (scheme, rest) = text.trim().split_once(':').ok_or(DbError::NotALocation)?;
        match scheme.to_ascii_lowercase().as_str() {
            "sqlite" => {
                let path = rest.strip_prefix("//").unwrap_or(rest);
                if path.is_empty() { Err(DbError::NotALocation) } else { Ok(Self::Sqlite(path.into())) }
            }
            "mysql" | "mariadb" => Err(DbError::MySqlUnsupported),
            _ => Err(DbError::NotALocation),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_behind_sqlite_is_taken_as_it_is() {
        for (text, path) in [
            ("sqlite:pool.sqlite", "pool.sqlite"),
            ("sqlite:///var/lib/pool.sqlite", "/var/lib/pool.sqlite"),
            ("SQLite:/data/a b?mode=ro#1.sqlite", "/data/a b?mode=ro#1.sqlite"),
            (" sqlite:~/x ", "~/x"),
        ] {
            assert_eq!(text.parse::<Location>().unwrap(), Location::Sqlite(path.into()), "{text}");
        }
    }

    #[test]
    fn mysql_is_refused_by_name_without_repeating_its_password() {
        let error = "mysql://stakepool:hunter2@localhost/stakepool".parse::<Location>().unwrap_err().to_string();
        assert!(error.starts_with("MySQL is not supported yet"), "{error}");
        assert!(!error.contains("hunter2"), "{error}");
    }

    #[test]
    fn anything_else_is_refused_with_the_form_that_is_wanted_and_without_repeating_it() {
        for text in ["", "pool.sqlite", "sqlite:", "sqlite://", "postgres://a:hunter2@b/c", "hunter2"] {
            let error = text.parse::<Location>().unwrap_err().to_string();
            assert!(error.contains("sqlite:PATH") && !error.contains("hunter2"), "{text}: {error}");
        }
    }
}
