#![doc = include_str!("../README.md")]

mod certificate;
mod check;
mod client_certificate;
mod daemon;
mod endpoint;
mod flags;
mod help;
mod hint;
mod host;
mod ini;
mod invocation;
mod ip_range;
mod listen;
mod logging;
mod pool_fee;
mod problem;
mod reader;
mod resolve;
mod rpc_token;
mod secret;
mod table;
mod text;
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
pub use listen::{ListenAddress, ListenError, SocketAccess};
pub use problem::{ConfigErrors, Origin, Problem};
pub use web::{Captcha, Database, Mail, MailLogin, MailTls, PeerError, RealIp, WebConfig};
