//! Figures of calls to wallets, nodes and voting daemons.

use std::collections::BTreeMap;

use stakepool_core::call_figures::CallFigures;

use super::exposition::{Exposition, Kind};

/// A server and the calls to it, by method.
pub type CallsOf = (String, BTreeMap<&'static str, CallFigures>);

/// Writes the families of calls, whose names begin with `prefix`.
pub fn write_calls(prefix: &str, servers: &[CallsOf], to: &mut Exposition) {
    let mut family = |name: &str, help: &str, value: &dyn Fn(&CallFigures) -> f64| {
        let name = format!("{prefix}_{name}");
        to.family(&name, Kind::Counter, help);
        for (server, methods) in servers {
            for (method, figures) in methods {
                to.sample(&name, &[("server", server), ("method", method)], value(figures));
            }
        }
    };
    family("rpc_calls_total", "Calls to other programs of the pool.", &|figures| figures.calls as f64);
    family("rpc_errors_total", "Calls that failed.", &|figures| figures.errors as f64);
    family("rpc_seconds_total", "The time that calls took, waiting for events included.", &|figures| {
        figures.time.as_secs_f64()
    });
}
