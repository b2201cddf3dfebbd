//! The configuration of the pool's programs.
//!
//! A key has, from the weakest to the strongest: its default, its line in the ini file, its environment variable
//! (`STAKEPOOL_WEB_<KEY>` or `STAKEPOOLD_<KEY>`), its flag (`--key=VALUE`). Files and flags are the predecessor's, so that an
//! operator's old files and units start these programs; keys that are new here are marked so in the tables, from which
//! the help text is printed, too. A key that nobody knows is refused in files and flags; among the variables of the
//! environment, which cannot be listed, it goes unnoticed.
//!
//! A secret may be written as itself, as `file:PATH` or as `env:NAME`; one that begins like these is written `plain:…`.
//!
//! Nothing here reads the process's state: arguments, environment and files come in as parameters. All that is wrong is
//! reported at once:
//!
//! ```
//! use std::{io, path::Path};
//! use stakepool_config::load_daemon;
//!
//! let arguments = ["--poolfees=many", "--testnt"].map(Into::into);
//! let environment = |name: &str| (name == "HOME").then(|| "/home/pool".to_owned());
//! let no_file = |_: &Path| Err(io::ErrorKind::NotFound.into());
//! let errors = load_daemon(arguments.into_iter(), &environment, &no_file).unwrap_err().to_string();
//! assert!(errors.contains("did you mean `--testnet`?"));
//! assert!(errors.contains("poolfees (flag)"));
//! assert!(errors.contains("coldwalletextpub is not set"));
//! ```

/// The README's example is compiled with the tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

mod certificate;
mod check;
mod client_certificate;
mod daemon;
mod endpoint;
mod flags;
mod help;
mod hint;
mod ini;
mod invocation;
mod ip_range;
mod listen;
mod logging;
mod problem;
mod reader;
mod resolve;
mod rpc_token;
mod secret;
mod table;
mod unquote;
mod value;
mod web;

pub use certificate::Certificate;
pub use check::{CheckReport, CheckedKey};
pub use client_certificate::ClientIdentity;
pub use daemon::DaemonConfig;
pub use endpoint::{DaemonEndpoint, RpcEndpoint};
pub use invocation::{Invocation, load_daemon, load_web};
pub use ip_range::{IpRange, IpRangeError};
pub use listen::{ListenAddress, ListenError};
pub use problem::{ConfigErrors, Origin, Problem};
pub use web::{Captcha, Database, Mail, MailLogin, MailTls, PeerError, RealIp, WebConfig};
