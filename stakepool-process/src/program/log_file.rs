//! A log file a day.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::SystemTime;

use rustix::fs::OFlags;
use stakepool_core::time::{Day, UnixTime};

/// How many days of log files are kept.
const KEPT_DAYS: usize = 14;
/// Log files have addresses of clients in them: they are for the program's user and group.
const FILE_MODE: u32 = 0o640;
const FOLDER_MODE: u32 = 0o750;

/// Asks the writer of log files to open its file anew.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reopen(Arc<AtomicBool>);

impl Reopen {
    /// The next line goes to a file that is opened anew: the old one may have been moved away.
    pub(crate) fn ask(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Writes lines to `PROGRAM.YYYY-MM-DD.log` of a directory, and removes such files of long ago. The day is UTC's.
#[derive(Debug)]
pub(crate) struct DailyFile {
    directory: PathBuf,
    program: String,
    open: Option<(Day, File)>,
    reopen: Reopen,
}

impl DailyFile {
    /// Opens the file of today.
    pub(crate) fn open(directory: &Path, program: &str, reopen: Reopen) -> io::Result<Self> {
        DirBuilder::new().recursive(true).mode(FOLDER_MODE).create(directory)?;
        let (directory, program) = (directory.to_owned(), program.to_owned());
        let mut daily = Self { directory, program, open: None, reopen };
        daily.file(today())?;
        Ok(daily)
    }

    fn name(&self, day: Day) -> PathBuf {
        self.directory.join(format!("{}.{day}.log", self.program))
    }

    /// The file of a day.
    fn file(&mut self, day: Day) -> io::Result<&mut File> {
        if self.reopen.0.swap(false, Ordering::Relaxed) || self.open.as_ref().is_some_and(|(opened, _)| *opened != day)
        {
            self.open = None;
        }
        let opened = match self.open.take() {
            Some(opened) => opened,
            None => {
                self.remove_old(day);
                // A link would be followed to a file that is none of ours.
                let no_link = OFlags::NOFOLLOW.bits() as i32;
                let mut options = OpenOptions::new();
                options.append(true).create(true).mode(FILE_MODE).custom_flags(no_link);
                (day, options.open(self.name(day))?)
            }
        };
        Ok(&mut self.open.insert(opened).1)
    }

    /// Removes files of ours beyond the last days, and nothing else.
    fn remove_old(&self, today: Day) {
        let Ok(entries) = fs::read_dir(&self.directory) else { return };
        let oldest = self.name(today.back(KEPT_DAYS as i64 - 1));
        let ours = |path: &PathBuf| {
            let name = path.file_name().and_then(|name| name.to_str());
            let day = name.and_then(|name| name.strip_prefix(&self.program)?.strip_prefix('.')?.strip_suffix(".log"));
            day.is_some_and(is_date)
        };
        for old in entries.flatten().map(|entry| entry.path()).filter(|path| ours(path) && *path < oldest) {
            // One that cannot be removed now is tried again tomorrow.
            let _ = fs::remove_file(old);
        }
    }

    fn write_on(&mut self, day: Day, line: &[u8]) -> io::Result<usize> {
        self.file(day)?.write_all(line)?;
        Ok(line.len())
    }
}

/// Whether a text looks like `2026-11-22`.
fn is_date(text: &str) -> bool {
    let form = b"dddd-dd-dd";
    text.len() == form.len()
        && text.bytes().zip(form).all(|(byte, form)| if *form == b'd' { byte.is_ascii_digit() } else { byte == *form })
}

fn today() -> Day {
    Day::of(UnixTime::from(SystemTime::now()))
}

impl Write for DailyFile {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.write_on(today(), line)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.open.as_mut().map_or(Ok(()), |(_, file)| file.flush())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<_> =
            folder.read_dir().unwrap().map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn each_day_has_a_file_for_user_and_group_and_old_ones_go_but_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let logs = folder.path().join("simnet");
        let mut daily = DailyFile::open(&logs, "stakepoold", Reopen::default()).unwrap();
        fs::remove_file(daily.name(today())).unwrap();
        let others =
            ["stakepoold.before-upgrade.log", "stakepoold.log", "stakepool-web.2020-01-01.log", "notes.2020-01-01.log"];
        for name in others {
            fs::write(logs.join(name), "kept").unwrap();
        }
        for day in 20_000..20_020 {
            daily.write_on(Day(day), b"voted\n").unwrap();
        }
        let left = names(&logs);
        assert_eq!(left.len(), others.len() + KEPT_DAYS, "{left:?}");
        assert!(others.iter().all(|name| left.iter().any(|left| left == name)), "{left:?}");
        assert_eq!(fs::read_to_string(daily.name(Day(20_019))).unwrap(), "voted\n");
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        // The process's mask may take more away.
        assert_eq!((mode(&logs) & !0o750, mode(&daily.name(Day(20_019))) & !0o640), (0, 0));
    }

    #[test]
    fn a_file_that_was_moved_away_is_opened_anew_when_that_is_asked_for() {
        let folder = tempfile::tempdir().unwrap();
        let reopen = Reopen::default();
        let mut daily = DailyFile::open(folder.path(), "stakepoold", reopen.clone()).unwrap();
        daily.write_all(b"before\n").unwrap();
        let (name, moved) = (daily.name(daily.open.as_ref().unwrap().0), folder.path().join("moved"));
        fs::rename(&name, &moved).unwrap();
        reopen.ask();
        daily.write_all(b"after\n").unwrap();
        assert_eq!(
            (fs::read_to_string(moved).unwrap(), fs::read_to_string(name).unwrap()),
            ("before\n".into(), "after\n".into())
        );
    }

    #[test]
    fn a_link_in_the_place_of_a_log_file_is_not_written_through() {
        let folder = tempfile::tempdir().unwrap();
        let victim = folder.path().join("victim");
        fs::write(&victim, "precious").unwrap();
        let name = folder.path().join(format!("stakepoold.{}.log", today()));
        symlink(&victim, name).unwrap();
        assert!(DailyFile::open(folder.path(), "stakepoold", Reopen::default()).is_err());
        assert_eq!(fs::read_to_string(victim).unwrap(), "precious");
    }
}
