//! What a database is like, looked at without a change: its tables, its server and its rows, each thing with how to mend it.
//!
//! The engines gather facts; what they mean is judged here.

mod addresses;
mod configured;
mod copies;
mod defect;
mod emails;
mod low_fee;
mod rows;
mod server;
mod server_settings;
mod tables;
mod users;
mod versions;

pub use self::configured::Configured;
pub(crate) use self::copies::judge as judge_copy;
pub use self::defect::{Defect, Inspection, Severity};
pub(crate) use self::rows::judge as judge_rows;
pub(crate) use self::server::{OtherSession, ServerFacts, judge as judge_server};
pub(crate) use self::server_settings::SETTINGS;
pub(crate) use self::tables::{FoundColumn, FoundTable, TableFacts, judge as judge_tables};
