//! A unix socket at a path: who may connect to it, and whose it is.

use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};

use stakepool_config::SocketAccess;
use tokio::net::{UnixListener, UnixStream};

/// Where the system's groups stand.
const GROUPS: &str = "/etc/group";

/// A socket that is listened at. Its file is removed when it is dropped, unless another program's stands there by then.
#[derive(Debug)]
pub struct UnixSocket {
    /// The listener.
    pub listener: UnixListener,
    path: PathBuf,
    /// Device and number of the file.
    file: (u64, u64),
}

impl UnixSocket {
    /// Begins to listen. A socket at which nobody listens any more is replaced; anything else at the path stays.
    ///
    /// # Errors
    /// What the system says; of a group that is not known, its name.
    pub async fn bind(path: &Path, access: &SocketAccess) -> io::Result<Self> {
        let group = access.group.as_deref().map(known_group).transpose()?;
        remove_stale(path).await?;
        let listener = UnixListener::bind(path)?;
        // From here on the file is removed where something fails.
        let metadata = std::fs::symlink_metadata(path)?;
        let socket = Self { listener, path: path.to_owned(), file: (metadata.dev(), metadata.ino()) };
        if let Some(group) = group {
            let why = |error: io::Error| {
                io::Error::new(error.kind(), format!("its group cannot be set (listengroup): {error}"))
            };
            chown(path, None, Some(group)).map_err(why)?;
        }
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(access.mode))?;
        Ok(socket)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for UnixSocket {
    fn drop(&mut self) {
        let is_ours = |metadata: std::fs::Metadata| (metadata.dev(), metadata.ino()) == self.file;
        if std::fs::symlink_metadata(&self.path).is_ok_and(is_ours) {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// Whether there is a socket at a path at which a program listens.
pub async fn is_live(path: &Path) -> bool {
    let is_socket = std::fs::symlink_metadata(path).is_ok_and(|metadata| metadata.file_type().is_socket());
    // Whoever refuses a connection is not there; one who may not connect, or has no room, cannot know.
    is_socket
        && UnixStream::connect(path).await.err().is_none_or(|error| error.kind() != io::ErrorKind::ConnectionRefused)
}

async fn remove_stale(path: &Path) -> io::Result<()> {
    let is_socket = std::fs::symlink_metadata(path).is_ok_and(|metadata| metadata.file_type().is_socket());
    if is_socket && !is_live(path).await {
        std::fs::remove_file(path)?;
    }
    Ok(())
}

fn group_id(name: &str, groups: &str) -> io::Result<u32> {
    if let Ok(number) = name.parse() {
        return Ok(number);
    }
    let number = |line: &str| {
        let mut fields = line.split(':');
        (fields.next() == Some(name)).then(|| fields.nth(1)?.parse().ok())?
    };
    groups.lines().find_map(number).ok_or_else(|| {
        let message =
            format!("there is no group `{name}` in {GROUPS} (listengroup): name one that there is, or its number");
        io::Error::new(io::ErrorKind::NotFound, message)
    })
}

/// The number of a group of this system.
///
/// # Errors
/// [`io::ErrorKind::NotFound`] where there is none of this name; what the system says where it cannot be looked up.
pub fn known_group(name: &str) -> io::Result<u32> {
    group_id(name, &std::fs::read_to_string(GROUPS)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        std::fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn a_group_is_known_by_name_and_number() {
        let groups = "root:x:0:\nwww-data:x:33:pool\nbroken\n";
        assert_eq!((group_id("www-data", groups).unwrap(), group_id("1234", groups).unwrap()), (33, 1234));
        assert!(group_id("nobody-here", groups).unwrap_err().to_string().contains("listengroup"));
    }

    #[tokio::test]
    async fn a_socket_has_the_mode_and_group_that_it_is_given_and_goes_at_the_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("web.sock");
        for (access, expected) in [
            (SocketAccess::default(), 0o666),
            (SocketAccess { mode: 0o660, group: Some(std::fs::metadata(&folder).unwrap().gid().to_string()) }, 0o660),
        ] {
            let socket = UnixSocket::bind(&path, &access).await.unwrap();
            assert_eq!((mode(socket.path()), mode(&path)), (expected, expected));
            drop(socket);
            assert!(!path.exists());
        }
        let unknown = SocketAccess { group: Some("no-such-group-here".to_owned()), ..SocketAccess::default() };
        assert!(UnixSocket::bind(&path, &unknown).await.is_err() && !path.exists());
    }

    #[tokio::test]
    async fn a_stale_socket_is_replaced_and_a_live_one_or_another_file_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("web.sock");
        let access = SocketAccess::default();
        drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
        assert!(!is_live(&path).await);
        let socket = UnixSocket::bind(&path, &access).await.unwrap();
        assert!(is_live(&path).await);
        let error = UnixSocket::bind(&path, &access).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AddrInUse);
        // Whoever has taken the path over meanwhile keeps it.
        std::fs::remove_file(&path).unwrap();
        let other = UnixSocket::bind(&path, &access).await.unwrap();
        drop(socket);
        assert!(is_live(&path).await);
        drop(other);
        std::fs::write(&path, "precious").unwrap();
        assert!(UnixSocket::bind(&path, &access).await.is_err());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "precious");
    }
}
