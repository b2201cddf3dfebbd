//! What others of this machine may see of a program.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};

/// Keeps the program's memory, which has passwords and keys in it, out of core files, and away from other processes of its
/// user.
pub(crate) fn keep_memory_private() {
    let limited = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
    let private = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    if let Err(error) = limited.and(private) {
        tracing::warn!(%error, "a crash may write the program's memory, with its secrets, to the disk");
    }
}

/// What is wrong with the permissions of files that have secrets in them.
pub(crate) fn warnings(private: &[PathBuf]) -> Vec<String> {
    let readable = |path: &PathBuf| {
        // One that is gone by now was read already.
        let mode = fs::metadata(path).ok()?.permissions().mode() & 0o777;
        (mode & 0o004 != 0).then(|| {
            format!(
                "every user of this machine may read {}, which has secrets in it (its permissions are {mode:04o}); \
                 `chmod 600` it",
                path.display()
            )
        })
    };
    private.iter().filter_map(readable).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_with_secrets_that_others_may_read_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, mode: u32| {
            let path = folder.path().join(name);
            fs::write(&path, "secret").unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            path
        };
        let private = [file("open.conf", 0o644), file("group.conf", 0o640), file("own.conf", 0o600), "/nowhere".into()];
        let warnings = warnings(&private);
        assert_eq!(warnings.len(), 1, "{warnings:?}");
        assert!(warnings[0].contains("open.conf") && warnings[0].contains("0644"), "{warnings:?}");
    }
}
