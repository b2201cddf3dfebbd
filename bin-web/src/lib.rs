//! The web application and user API of an EXCC stake pool: it parses requests, calls the pool's use cases, and renders
//! their outcomes.
//!
//! [`run`] is the whole program around a [`Pool`](stakepool::Pool); [`Web`] is the same in two steps, for those who must know
//! where it listens.

mod admission;
pub mod api;
mod browser;
mod captcha;
mod check;
mod configured;
mod connections;
mod events;
mod http;
mod live;
mod metrics;
mod monitor;
mod options;
mod page_error;
mod pages;
mod program;
mod pulse;
mod ready_pages;
mod routes;
mod server;
mod site;
mod template_check;
mod unix_socket;
mod view;
mod visit;
mod web;

pub use admission::Admission;
pub use captcha::own::NUMBER_WORDS;
pub use captcha::recaptcha::CaptchaJudge;
pub use configured::{ConfiguredError, run_configured, run_reloaded};
pub use events::{Audience, Events, Heard, Listener};
pub use metrics::{CallSource, Metrics};
pub use options::{CaptchaChoice, ProxyTrust, WebOptions};
pub use program::main_with_arguments;
pub use routes::{KnownRoute, known_routes};
pub use site::WebParts;
pub use stakepool_config::ListenAddress;
pub use view::render::RenderError;
pub use web::{BoundAddress, Web, WebError, run};
