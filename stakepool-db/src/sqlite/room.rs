//! Whether the disk has room.

use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// Room that must be left on the disk. The log of writes has room of its own, so that a single write can succeed on a disk
/// that is full, and the next one fail.
const ROOM: usize = 256 * 1024;

/// Whether the disk on which a file lies has no room. Any other failure is not ours to tell: the database's own writes do.
pub(crate) fn is_full(beside: &Path) -> bool {
    let mut name = beside.as_os_str().to_owned();
    name.push(format!("-room-{}", std::process::id()));
    let path = Path::new(&name);
    // One that another process of this number left behind.
    let _ = fs::remove_file(path);
    let taken = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).and_then(fill);
    let _ = fs::remove_file(path);
    taken.is_err_and(|error| matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded))
}

fn fill(mut file: fs::File) -> io::Result<()> {
    file.write_all(&vec![1; ROOM])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_with_room_is_not_full() {
        let folder = tempfile::tempdir().unwrap();
        assert!(!is_full(&folder.path().join("pool.sqlite")));
        assert!(!is_full(Path::new("/nowhere/pool.sqlite")), "another failure is told by the writes themselves");
    }
}
