//! `--check-config`: whether the machine has what the start will need.

use std::fs;
use std::io::{self, ErrorKind};
use std::net::TcpListener;
use std::os::unix::fs::FileTypeExt;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use rustix::fs::{Access, access};
use stakepool_config::{ConfigErrors, Invocation, ListenAddress, Need, Place, Problem};
use stakepool_core::time::UnixTime;
use tokio::net::lookup_host;
use tokio::time::timeout;

use super::listen::{host_and_port, usable_addresses};
use super::run::{BAD_CONFIGURATION, found_around};

/// How long the name of a server may take to be found.
const LOOKUP: Duration = Duration::from_secs(5);

/// What was found.
#[derive(Debug, Default)]
pub struct Found {
    /// What would stop the start.
    pub problems: Vec<Problem>,
    /// What would not, but should be known. Shown where nothing would stop the start.
    pub warnings: Vec<String>,
}

impl From<Vec<Problem>> for Found {
    fn from(problems: Vec<Problem>) -> Self {
        Self { problems, warnings: Vec::new() }
    }
}

/// Where `--check-config` was asked for, looks at the machine, too, writes what is wrong there and in the configuration, and
/// gives the exit code; else does nothing. `more` is what only this program can look at.
pub async fn check_config<C, F: Into<Found>>(
    asked: Result<Invocation<C>, ConfigErrors>,
    more: impl AsyncFnOnce(&[Place]) -> F,
) -> Option<ExitCode> {
    let (program, places) = match &asked {
        Ok(Invocation::CheckConfig(report)) => (report.program, report.places.clone()),
        Err(ConfigErrors { program, places: Some(places), .. }) => (*program, places.clone()),
        _ => return None,
    };
    let mut found = look_at(&places).await;
    let more: Found = more(&places).await.into();
    found.problems.extend(more.problems);
    found.warnings.extend(more.warnings);
    let outcome = match asked {
        Ok(Invocation::CheckConfig(mut report)) if found.problems.is_empty() => {
            report.warnings.extend(found.warnings);
            report.warnings.extend(found_around(&report.sources));
            Ok(report)
        }
        Ok(_) => Err(found.problems),
        Err(errors) => Err(errors.problems.into_iter().chain(found.problems).collect()),
    };
    Some(match outcome {
        Ok(report) => {
            use io::Write;
            let written = write!(io::stdout(), "{report}").and_then(|()| io::stdout().flush());
            written.map_or(ExitCode::FAILURE, |()| ExitCode::SUCCESS)
        }
        Err(problems) => {
            eprintln!("{}", ConfigErrors { program, problems, places: None });
            ExitCode::from(BAD_CONFIGURATION)
        }
    })
}

async fn look_at(places: &[Place]) -> Found {
    let mut found = Found::default();
    for place in places {
        let said = match &place.need {
            Need::Folder(path) => writable_folder(path),
            Need::LogFolder(path) => {
                let warn = |reason| format!("{}: {reason}; no log files are written", place.key);
                found.warnings.extend(writable_folder(path).err().map(warn));
                Ok(())
            }
            Need::Extras(path) => {
                let warn = |error| {
                    format!("{}: {} cannot be read ({error}); what is built in is used", place.key, path.display())
                };
                found.warnings.extend(fs::read_dir(path).err().map(warn));
                Ok(())
            }
            Need::Database(path) => writable_file(path),
            Need::Pair { certificate, key } => pair(certificate, key),
            Need::Listen(address) => match listen(address).await {
                Ok(warning) => {
                    found.warnings.extend(warning.map(|warning| format!("{}: {warning}", place.key)));
                    Ok(())
                }
                Err(reason) => Err(reason),
            },
            Need::Peer(host) => {
                found.warnings.extend(peer(host).await.map(|warning| format!("{}: {warning}", place.key)));
                Ok(())
            }
            Need::Time { file, begin, end } => {
                let warning = time(file, *begin, *end, SystemTime::now());
                found.warnings.extend(warning.map(|warning| format!("{}: {warning}", place.key)));
                Ok(())
            }
            _ => Ok(()),
        };
        found.problems.extend(said.err().map(|reason| place.lacks(reason)));
    }
    found
}

/// Whether a folder can be written to, or be made.
fn writable_folder(path: &Path) -> Result<(), String> {
    let Some(there) = path.ancestors().map(or_here).find(|folder| fs::symlink_metadata(folder).is_ok()) else {
        return Err(format!("{} has no folder above it", path.display()));
    };
    if !there.is_dir() {
        return Err(format!("{} is no folder", there.display()));
    }
    let cannot = |error| format!("{} cannot be written to ({error}): give this program the right to", there.display());
    access(there, Access::WRITE_OK | Access::EXEC_OK).map_err(cannot)
}

/// The last folder above a relative path is empty, and stands for the one in which the program runs.
fn or_here(folder: &Path) -> &Path {
    if folder.as_os_str().is_empty() { Path::new(".") } else { folder }
}

/// Whether a file and those beside it can be written to, or be made.
fn writable_file(path: &Path) -> Result<(), String> {
    writable_folder(path.parent().unwrap_or(Path::new(".")))?;
    if path.is_dir() {
        return Err(format!("{} is a folder, where a file is needed", path.display()));
    }
    match access(path, Access::WRITE_OK | Access::READ_OK) {
        Err(rustix::io::Errno::NOENT) | Ok(()) => Ok(()),
        Err(error) => Err(format!("{} cannot be written to ({error}): give this program the right to", path.display())),
    }
}

/// Whether a certificate and its key can be made where neither is there; whether they can be used is the daemon's to say.
fn pair(certificate: &Path, key: &Path) -> Result<(), String> {
    for path in [certificate, key] {
        if !path.exists() {
            writable_folder(path.parent().unwrap_or(Path::new(".")))?;
        }
    }
    Ok(())
}

/// Whether a place can be listened at; a warning where somebody does already, who may be this program as it runs.
async fn listen(address: &ListenAddress) -> Result<Option<String>, String> {
    if let ListenAddress::Unix(path) = address {
        let is_socket = |metadata: fs::Metadata| metadata.file_type().is_socket();
        return match fs::symlink_metadata(path).map(is_socket) {
            Ok(false) => Err(format!("{} is there and no socket: remove it, or name another path", path.display())),
            Ok(true) if UnixStream::connect(path).is_ok() => Ok(Some(taken(address))),
            Ok(true) | Err(_) => {
                let folder = path.parent().map_or(Path::new("."), or_here);
                if !folder.is_dir() {
                    return Err(format!("there is no folder {}: make it", folder.display()));
                }
                writable_folder(folder).map(|()| None)
            }
        };
    }
    let addresses = usable_addresses(address).await.map_err(|error| error.to_string())?;
    for usable in addresses {
        match TcpListener::bind(usable) {
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::AddrInUse => return Ok(Some(taken(address))),
            Err(error) => return Err(format!("{usable} cannot be listened at: {error}")),
        }
    }
    Ok(None)
}

fn taken(address: &ListenAddress) -> String {
    format!("somebody listens at {address} already: where that is not this program as it runs, it will not start")
}

async fn peer(host: &str) -> Option<String> {
    let found = timeout(LOOKUP, lookup_host(host_and_port(host)?)).await;
    let reason = match found {
        Ok(Ok(mut addresses)) => match addresses.next() {
            Some(_) => return None,
            None => "it has no address".to_owned(),
        },
        Ok(Err(error)) => error.to_string(),
        Err(_) => "nobody answers".to_owned(),
    };
    Some(format!("{host} cannot be found now ({reason})"))
}

fn time(file: &Path, begin: SystemTime, end: SystemTime, now: SystemTime) -> Option<String> {
    let (file, date) = (file.display(), |time: SystemTime| UnixTime::from(time).readable());
    if now < begin {
        return Some(format!(
            "the certificate {file} begins only {}: set this machine's clock, or that of the server",
            date(begin)
        ));
    }
    (now > end).then(|| {
        let ended = date(end);
        format!("the certificate {file} has ended {ended}: these programs take it still, the predecessor's do not; make a new one")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use stakepool_config::Origin;

    async fn problems_and_warnings(need: Need) -> (Vec<String>, Vec<String>) {
        let found = look_at(&[Place { key: "somekey", origin: Origin::Flag, need }]).await;
        (found.problems.iter().map(ToString::to_string).collect(), found.warnings)
    }

    #[tokio::test]
    async fn what_is_there_or_can_be_made_is_nothing_to_speak_of_and_nothing_is_made() {
        let folder = tempfile::tempdir().unwrap();
        let within = |name: &str| folder.path().join(name);
        for need in [
            Need::Folder(within("a/b/c")),
            Need::LogFolder(within("logs/simnet")),
            Need::Extras(folder.path().to_owned()),
            Need::Database(within("data/pool.sqlite")),
            Need::Pair { certificate: within("x/rpc.cert"), key: within("x/rpc.key") },
            Need::Listen("127.0.0.1:0".parse().unwrap()),
            Need::Listen(ListenAddress::Unix(within("web.sock"))),
            Need::Peer("127.0.0.1:9110".into()),
            Need::Time { file: within("a"), begin: SystemTime::UNIX_EPOCH, end: SystemTime::now() + LOOKUP },
        ] {
            let said = problems_and_warnings(need.clone()).await;
            assert_eq!(said, (Vec::new(), Vec::new()), "{need:?}");
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[tokio::test]
    async fn relative_paths_begin_in_the_folder_where_the_program_runs() {
        let name = format!("not-made-by-check-config-{}", std::process::id());
        let data = Path::new(&name);
        for need in [
            Need::Folder(data.join("simnet")),
            Need::Folder(data.to_owned()),
            Need::LogFolder(data.join("simnet")),
            Need::Database(data.join("simnet/pool.sqlite")),
            Need::Database(data.to_owned()),
            Need::Pair { certificate: data.join("rpc.cert"), key: data.join("rpc.key") },
            Need::Listen(ListenAddress::Unix(data.to_owned())),
        ] {
            let said = problems_and_warnings(need.clone()).await;
            assert_eq!(said, (Vec::new(), Vec::new()), "{need:?}");
            assert!(!data.exists(), "{need:?}");
        }
    }

    #[tokio::test]
    async fn what_would_stop_the_start_is_a_problem_of_its_key() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "").unwrap();
        for (need, reason) in [
            (Need::Folder(file.join("data")), "is no folder"),
            (Need::Database(file.join("pool.sqlite")), "is no folder"),
            (Need::Database(folder.path().to_owned()), "is a folder"),
            (Need::Pair { certificate: file.join("c"), key: file.join("k") }, "is no folder"),
            (Need::Listen("192.0.2.1:8000".parse().unwrap()), "no address on this machine"),
            (Need::Listen(ListenAddress::Unix(file.clone())), "no socket"),
            (Need::Listen(ListenAddress::Unix(folder.path().join("no/web.sock"))), "there is no folder"),
        ] {
            let (problems, warnings) = problems_and_warnings(need.clone()).await;
            let [problem] = &problems[..] else { panic!("{need:?}: {problems:?}") };
            assert!(problem.starts_with("somekey (flag): ") && problem.contains(reason), "{problem}");
            assert_eq!(warnings, [""; 0]);
        }
    }

    #[tokio::test]
    async fn what_the_program_starts_without_is_a_warning() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "").unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let taken = ListenAddress::from(listener.local_addr().unwrap());
        let (past, future) = (SystemTime::UNIX_EPOCH, SystemTime::now() + LOOKUP * 1000);
        let socket = folder.path().join("web.sock");
        let _live = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        for (need, warning) in [
            (Need::LogFolder(file.join("logs")), "no log files"),
            (Need::Extras(file.clone()), "what is built in is used"),
            (Need::Listen(taken), "somebody listens at"),
            (Need::Listen(ListenAddress::Unix(socket)), "somebody listens at"),
            (Need::Peer("no-such-host.invalid:1".into()), "cannot be found now"),
            (Need::Time { file: file.clone(), begin: past, end: past }, "has ended 1970-01-01"),
            (Need::Time { file: file.clone(), begin: future, end: future }, "begins only"),
        ] {
            let (problems, warnings) = problems_and_warnings(need.clone()).await;
            assert_eq!(problems, [""; 0]);
            let [only] = &warnings[..] else { panic!("{need:?}: {warnings:?}") };
            assert!(only.starts_with("somekey: ") && only.contains(warning), "{only}");
        }
    }
}
