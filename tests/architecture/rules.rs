//! The rules themselves: who may import whom. They stand in words in `docs/architecture.md`.

use super::graph::Floors;
use super::manifests::Reserved;

const CORE: &str = "stakepool-core";
const POOL: &str = "stakepool";
const RPC: &str = "stakepool-rpc";
const DB: &str = "stakepool-db";
const CONFIG: &str = "stakepool-config";
const PROCESS: &str = "stakepool-process";
const SIM: &str = "stakepool-sim";
const WEB: &str = "stakepool-web";
const DAEMON: &str = "stakepoold";
const CLI: &str = "stakepoolctl";

/// The crates of the workspace, and on which of them each may depend other than for tests. No program depends on another
/// one or on the simulator; only examples and tests put all of them together.
pub const CRATES: &[(&str, &[&str])] = &[
    (CORE, &[]),
    (POOL, &[CORE]),
    (RPC, &[CORE]),
    (DB, &[CORE]),
    (SIM, &[CORE]),
    (CONFIG, &[CORE, POOL, RPC]),
    (PROCESS, &[CORE, CONFIG]),
    (WEB, &[CORE, POOL, RPC, DB, CONFIG, PROCESS]),
    (DAEMON, &[CORE, POOL, RPC, DB, CONFIG, PROCESS]),
    (CLI, &[CORE, POOL, RPC, DB, CONFIG, PROCESS]),
    ("stakepool-rehearsal", &[CORE, RPC, SIM]),
    ("stakepool-examples", &[CORE, POOL, RPC, DB, SIM, CONFIG, PROCESS, WEB, DAEMON, CLI]),
    ("stakepool-tests", &[]),
];

const fn only(name: &'static str, only: &'static [&'static str], why: &'static str) -> Reserved {
    Reserved { name, feature: None, only, why }
}

const WIRE: &str = "the wire is behind the traits of stakepool_core::ports";
const SERVED: &str = "pages are the web program's";
const STORED: &str = "databases are behind the stores of stakepool_core::ports";

/// Crates from outside, and who may depend on them.
pub const OUTSIDE: &[Reserved] = &[
    only("warp", &[WEB], SERVED),
    only("tera", &[WEB], SERVED),
    only("sqlx", &[DB], STORED),
    only("tonic", &[RPC], WIRE),
    only("tonic-prost", &[RPC], WIRE),
    only("prost", &[RPC], WIRE),
    only("tokio-tungstenite", &[RPC, SIM], WIRE),
    // The command line tries the pool from outside, as a browser and a wallet do (`selftest`).
    only("hyper", &[POOL, RPC, SIM, PROCESS, WEB, CLI], WIRE),
    only("hyper-util", &[POOL, RPC, SIM, PROCESS, WEB, CLI], WIRE),
    only("rustls", &[POOL, RPC, SIM, WEB, CLI], WIRE),
    only("tokio-rustls", &[POOL, RPC, SIM, WEB, CLI], WIRE),
    only("lettre", &[POOL, WEB], "mail is stakepool::mail"),
    in_core("fs"),
    in_core("io-std"),
    in_core("io-util"),
    in_core("net"),
    in_core("process"),
    in_core("signal"),
];

/// A feature of tokio that the core may not have. What the others may have is theirs to decide.
const fn in_core(feature: &'static str) -> Reserved {
    const OTHERS: &[&str] =
        &[POOL, RPC, DB, SIM, CONFIG, PROCESS, WEB, DAEMON, CLI, "stakepool-rehearsal", "stakepool-examples"];
    Reserved { name: "tokio", feature: Some(feature), only: OTHERS, why: "the core does no I/O" }
}

/// Paths that the sources of the named crates may not write out, and why.
pub const PATHS: &[(&[&str], &[&str], &str)] = &[
    (
        &[CORE],
        &[
            "std::fs",
            "std::net::TcpStream",
            "std::net::TcpListener",
            "std::net::UdpSocket",
            "std::env",
            "std::process",
            "std::thread",
            "tokio::fs",
            "tokio::net",
            "tokio::process",
            "tokio::signal",
        ],
        "the core does no I/O: ask for it by a trait in stakepool_core::ports",
    ),
    (
        &[POOL],
        &["std::fs", "std::env", "std::process", "tokio::fs"],
        "files, variables and processes are the program's: take what is in them as arguments",
    ),
    (
        &[CORE, POOL, DB, CONFIG, DAEMON, CLI],
        &["hyper::server", "hyper_util::server"],
        "HTTP is served by the web program and by stakepool_process::monitor",
    ),
];

/// The floors of the crates for which they are written down, from the ground up.
pub const FLOORS: &[(&str, &Floors)] = &[
    (
        CORE,
        &[
            &[
                "audit",
                "bearer",
                "bolt",
                "call_figures",
                "log_throttle",
                "reloadable",
                "sanitize",
                "secret",
                "single_flight",
                "spread",
                "time",
            ],
            &["alert", "chain", "flights", "typed"],
            &["accounts", "agenda", "ticket"],
            &["vsp"],
            &["desired", "reports", "vspd"],
            &["ports"],
            &["store_rules", "voting", "wallets"],
            &["testkit"],
        ],
    ),
    (
        POOL,
        &[
            &["closed", "json_note", "over_time"],
            &[
                "agendas",
                "alert_record",
                "desired_changed",
                "figures",
                "notice_notes",
                "onsets",
                "outlook",
                "registration",
                "sealed",
                "signed",
                "stores",
                "terms_notes",
                "ticket_source",
                "unknown_notes",
                "user_cache",
            ],
            &["announced"],
            &["database", "factor_key", "voting_key", "vsp"],
            &["limits", "stores_as_one"],
            &["terms"],
            &["mail", "wallets"],
            &["parts"],
            &["tickets", "web_versions"],
            &["daemons"],
            &["pool"],
            &["notices", "terms_keeper"],
            &["accounts", "builder", "history", "owners", "status", "vsp_work"],
            &["administration", "alerts"],
            &["run"],
        ],
    ),
    (RPC, &[&["meter", "peer_address", "tls"], &["grpc", "json", "presented"], &["daemon"]]),
    (
        SIM,
        &[
            &["error", "faults", "sign", "sync"],
            &["chain", "keys"],
            &["wallet"],
            &["network"],
            &["listeners"],
            &["program"],
            &["rpc"],
            &["in_process"],
            &["server", "vsp"],
            &["sim"],
        ],
    ),
    (
        WEB,
        &[
            &["admission", "browser", "connections", "events", "metrics", "unix_socket", "view"],
            &["options", "page_error"],
            &["http"],
            &["captcha"],
            &["site"],
            &["api", "monitor", "visit"],
            &["pages"],
            &["pulse", "ready_pages", "routes", "template_check"],
            &["server"],
            &["web"],
            &["live"],
            &["configured"],
            &["check"],
            &["program"],
        ],
    ),
];

/// A rule that sources are held to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    Circles,
    Floors,
    Root,
}

/// Crates that break a rule still. One that no longer does must be struck here, so that it stays so.
pub const NOT_YET: &[(&str, Rule)] = &[];
