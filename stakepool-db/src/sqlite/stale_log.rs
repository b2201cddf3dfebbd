//! Whether the log of writes beside a database (`-wal`) is that database's.
//!
//! Where a backup is copied over the file of a pool that was killed, the log of the old file stays beside it. SQLite then
//! lays its pages over the backup: at best the result is damaged, at worst it looks well. Nothing in a log says to which
//! file it belongs, so every transaction of ours counts up a number in the first page of the file ([`count`]): a log whose
//! numbers do not begin right behind the file's belongs to another state of it.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Connection};

use super::connect::check;
use super::holder::{HEADER, Holder};
use super::side_file;
use crate::error::DbError;

/// With what it begins.
const MAGIC: &[u8] = b"SQLite format 3\0";
/// Where the header says how the file is written: 1 with a rollback journal, 2 with a log.
const WRITE_VERSION: usize = 18;
/// Where it has the number of transactions (`user_version`).
const COUNT: usize = 60;
/// The header of a log, and that of each page in it (<https://www.sqlite.org/fileformat2.html#walformat>).
const LOG_HEADER: usize = 32;
const FRAME_HEADER: usize = 24;

/// Counts a transaction. One that is rolled back was not counted.
pub(crate) async fn count(transaction: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    let number: i32 = sqlx::query_scalar("PRAGMA user_version").fetch_one(&mut *transaction).await?;
    // A pragma takes no bound values; a number needs no care.
    let next = sqlx::AssertSqlSafe(format!("PRAGMA user_version = {}", number.wrapping_add(1)));
    // Not kept as a prepared statement: there is another one each time.
    sqlx::query(next).persistent(false).execute(transaction).await.map(drop)
}

/// Refuses a database whose log is of another file. Nothing is changed, neither in the file nor in the log: SQLite must
/// not have opened them yet.
pub(crate) async fn refuse(path: &Path) -> Result<(), DbError> {
    let log = side_file(path, "-wal");
    // While somebody else has it open, the log is in use and so the file's own.
    if !fs::metadata(&log).is_ok_and(|found| found.len() > 0) || !matches!(Holder::of(path), Ok(None)) {
        return Ok(());
    }
    let stale = || DbError::StaleLog { path: path.to_owned(), log: log.clone(), index: side_file(path, "-shm") };
    // What cannot be read is for the opening to report.
    match (header(path), counts(&log)) {
        (Ok(file), Ok(counts)) if !fits(&file, counts) => return Err(stale()),
        _ => {}
    }
    // A connection that only reads never writes the log's pages into the file, not even when it is closed.
    let with_log = SqliteConnectOptions::new().filename(path).read_only(true);
    let alone = with_log.clone().immutable(true);
    match (is_whole(path, &with_log).await, is_whole(path, &alone).await) {
        (Err(DbError::Damaged { .. }), Ok(())) => Err(stale()),
        (Err(damaged @ DbError::Damaged { .. }), _) => Err(damaged),
        _ => Ok(()),
    }
}

async fn is_whole(path: &Path, options: &SqliteConnectOptions) -> Result<(), DbError> {
    let mut connection = options.connect().await.map_err(|error| super::failure::open_error(path, &error))?;
    let checked = check(path, &mut connection).await;
    // It has only read.
    let _ = connection.close().await;
    checked
}

/// Whether a file is a copy of a pool's database that was never opened as a database itself.
pub(crate) fn is_unused_backup(path: &Path) -> bool {
    header(path)
        .is_ok_and(|header| header.starts_with(MAGIC) && header[WRITE_VERSION] == 1 && number_at(&header, COUNT) != 0)
}

/// The number of transactions in the header of a database with a log; `None` where it is none.
pub(super) fn number_in_use(header: &[u8; HEADER]) -> Option<i32> {
    (header.starts_with(MAGIC) && header[WRITE_VERSION] == 2).then(|| number_at(header, COUNT))
}

fn header(path: &Path) -> io::Result<[u8; HEADER]> {
    let mut bytes = [0; HEADER];
    File::open(path)?.read_exact(&mut bytes)?;
    Ok(bytes)
}

/// Whether a log can follow a file: it begins with the transaction after one that is in the file, or with an earlier one
/// where part of the log was written into the file already.
fn fits(file: &[u8; HEADER], counts: Option<(i32, i32)>) -> bool {
    if file[WRITE_VERSION] == 1 {
        // A fresh backup. A file with a log says 2 before there is a log.
        return false;
    }
    let Some((first, last)) = counts else { return true };
    let number = number_at(file, COUNT);
    number.wrapping_sub(first) >= -1 && number.wrapping_sub(last) <= 0
}

fn number_at(bytes: &[u8], place: usize) -> i32 {
    let mut number = [0; 4];
    number.copy_from_slice(&bytes[place..place + 4]);
    i32::from_be_bytes(number)
}

/// The numbers of the first and the last transaction in a log that counted itself; `None` where none did.
fn counts(log: &Path) -> io::Result<Option<(i32, i32)>> {
    let mut file = io::BufReader::new(File::open(log)?);
    let mut header = [0; LOG_HEADER];
    file.read_exact(&mut header)?;
    let page = i64::from(number_at(&header, 8));
    if !(512..=65_536).contains(&page) {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut found = None;
    let mut frame = [0; FRAME_HEADER + HEADER];
    while file.read_exact(&mut frame).is_ok() {
        if frame[8..16] != header[16..24] {
            // Left over from before the log began anew.
            break;
        }
        if number_at(&frame, 0) == 1 {
            let number = number_at(&frame, FRAME_HEADER + COUNT);
            // One that a power cut tore: SQLite reads none from there on.
            if found.is_some_and(|(_, last): (i32, i32)| !(0..=1).contains(&number.wrapping_sub(last))) {
                break;
            }
            found = Some((found.map_or(number, |(first, _)| first), number));
        }
        file.seek(SeekFrom::Current(page - HEADER as i64))?;
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: usize = 512;
    const SALTS: [u8; 8] = [7; 8];

    /// A log with frames of the first page that have these numbers.
    fn log(numbers: &[i32]) -> Vec<u8> {
        let mut bytes = vec![0; LOG_HEADER];
        bytes[8..12].copy_from_slice(&u32::try_from(PAGE).unwrap().to_be_bytes());
        bytes[16..24].copy_from_slice(&SALTS);
        for number in numbers {
            let mut frame = vec![0; FRAME_HEADER + PAGE];
            frame[..4].copy_from_slice(&1_u32.to_be_bytes());
            frame[8..16].copy_from_slice(&SALTS);
            frame[FRAME_HEADER + COUNT..][..4].copy_from_slice(&number.to_be_bytes());
            bytes.extend(frame);
        }
        bytes
    }

    #[test]
    fn a_frame_that_a_power_cut_tore_says_nothing_of_the_log() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        for (numbers, counted) in [
            (&[5, 6, 6, 7][..], Some((5, 7))),
            (&[5, 6, 0], Some((5, 6))),
            (&[5, 6, 3, 7], Some((5, 6))),
            (&[i32::MAX, i32::MIN], Some((i32::MAX, i32::MIN))),
            (&[], None),
        ] {
            fs::write(&path, log(numbers)).unwrap();
            assert_eq!(counts(&path).unwrap(), counted, "{numbers:?}");
        }
    }
}
