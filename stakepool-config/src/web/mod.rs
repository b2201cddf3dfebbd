//! The configuration of the web application, and what it says of the pool's other programs.

mod captcha;
#[cfg(feature = "pool")]
mod channels;
mod config;
mod database;
mod heartbeat;
mod mail;
mod peers;
#[cfg(feature = "pool")]
mod pool;
mod servers;
mod site;
mod vsp;
#[cfg(feature = "pool")]
mod vsp_service;

pub use captcha::Captcha;
pub use config::WebConfig;
pub(crate) use config::{build, build_database};
pub use database::Database;
pub use heartbeat::Heartbeat;
pub use mail::{Mail, MailLogin, MailTls};
pub use peers::PeersError;
pub use site::RealIp;
pub use vsp::Vsp;
#[cfg(feature = "pool")]
pub use vsp_service::{NewKeyFile, VspSetupError};
