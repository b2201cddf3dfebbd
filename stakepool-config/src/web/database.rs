//! Where the web stores its data.

use std::path::{Path, PathBuf};

use crate::reader::Reader;

/// A database.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Database {
    /// A file of SQLite.
    Sqlite(PathBuf),
}

/// The file where nothing else is said.
const DEFAULT_FILE: &str = "pool.sqlite";
/// What becomes of users in a MySQL that is not used.
const STAY: &str = "; users who are only in that database are not this pool's, and lose votes";
/// What to do instead of MySQL. The value itself is not repeated, for it may hold a password.
const NO_MYSQL: &str = "MySQL is not supported yet, and the users in that database would stay behind: their tickets would be \
                        left to daemons that do not know how they vote. Go on with the old web until its users were brought \
                        over. Only for a new pool, or with the users in a file of SQLite: remove the db… keys and set \
                        database=sqlite:PATH, or leave database out for `pool.sqlite` in datadir";

pub(super) fn read(reader: &mut Reader<'_>, data_dir: &Path) -> Option<Database> {
    let old: Vec<&'static str> = ["dbhost", "dbport", "dbname", "dbuser", "dbpassword"]
        .into_iter()
        .filter(|key| reader.text(key).is_some())
        .collect();
    if let Some(text) = reader.text("database") {
        let location = location(&text, data_dir);
        if !old.is_empty() {
            reader.warn(format!("database is set, so the keys for MySQL are ignored: {}{STAY}", old.join(", ")));
        }
        return reader.accept("database", location);
    }
    let decisive: Vec<&'static str> =
        old.iter().copied().filter(|key| matches!(*key, "dbhost" | "dbpassword")).collect();
    if decisive.is_empty() && !old.is_empty() {
        reader.warn(format!("data is stored in SQLite, so the keys for MySQL are ignored: {}{STAY}", old.join(", ")));
    }
    for key in &decisive {
        reader.refuse(key, NO_MYSQL);
    }
    decisive.is_empty().then(|| Database::Sqlite(data_dir.join(DEFAULT_FILE)))
}

fn location(text: &str, data_dir: &Path) -> Result<Database, &'static str> {
    if text.starts_with("mysql:") {
        return Err(NO_MYSQL);
    }
    let path = text.strip_prefix("sqlite:").ok_or("write it as sqlite:PATH")?;
    let path = path.strip_prefix("//").unwrap_or(path);
    if path.is_empty() || path.starts_with(':') {
        return Err("name a file: sqlite:PATH, relative to datadir or absolute");
    }
    Ok(Database::Sqlite(data_dir.join(path)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_relative_file_lies_in_the_data_directory() {
        for (text, path) in
            [("sqlite:a.db", "/data/a.db"), ("sqlite:/srv/a.db", "/srv/a.db"), ("sqlite:///srv/a.db", "/srv/a.db")]
        {
            assert_eq!(location(text, Path::new("/data")), Ok(Database::Sqlite(path.into())));
        }
        for text in ["mysql://user:hunter2@host/db", "pool.sqlite", "sqlite:", "sqlite::memory:"] {
            assert!(!location(text, Path::new("/data")).unwrap_err().contains("hunter2"), "{text}");
        }
    }
}
