//! `debuglevel`: how much a program says, as the predecessor writes it, turned into a filter for `tracing`.

use std::collections::BTreeMap;
use std::str::FromStr;

/// Names that a program's operator may write before `=LEVEL`, and the log targets that each stands for.
pub(crate) type Subsystems = &'static [(&'static str, &'static [&'static str])];

/// Our own log targets; everything else belongs to a library.
const TARGETS: [&str; 8] = [
    "stakepool",
    "stakepool_config",
    "stakepool_core",
    "stakepool_db",
    "stakepool_process",
    "stakepool_rpc",
    "stakepool_web",
    "stakepoold",
];
/// Targets of older versions, which files may still name, and what they are now. What the web once logged of accounts,
/// daemons and alerts is the pool's.
const RENAMED: [(&str, &[&str]); 2] =
    [("stakepool_monitor", &["stakepool_process::monitor"]), ("stakepool_web", &["stakepool_web", "stakepool"])];

/// How log lines are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// An object of JSON a line, for programs.
    Json,
}

impl FromStr for LogFormat {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.trim().to_ascii_lowercase().as_str() {
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            _ => Err("use text or json"),
        }
    }
}

/// Levels from the quietest to the loudest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Error,
    Warn,
    Info,
    Debug,
    Trace,
}

impl Level {
    fn parse(text: &str) -> Result<Self, String> {
        match text.trim().to_ascii_lowercase().as_str() {
            "trace" => Ok(Self::Trace),
            "debug" => Ok(Self::Debug),
            "info" => Ok(Self::Info),
            "warn" => Ok(Self::Warn),
            // There is nothing above an error here: what was critical is an error, and stops the program.
            "error" | "critical" => Ok(Self::Error),
            _ => Err(format!("`{text}` is not a level: use trace, debug, info, warn, error or critical")),
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
            Self::Trace => "trace",
        }
    }
}

/// The filter for `LEVEL` or `SUBSYSTEM=LEVEL,…`. Libraries stay at `warn` or quieter.
pub(crate) fn filter(text: &str, subsystems: Subsystems) -> Result<String, String> {
    let mut overall = Level::Info;
    let mut single: BTreeMap<&str, Level> = BTreeMap::new();
    for part in text.split(',') {
        let Some((name, level)) = part.split_once('=') else {
            overall = Level::parse(part)?;
            continue;
        };
        let level = Level::parse(level)?;
        for target in targets(name.trim(), subsystems)? {
            // Several names can stand for one target: the loudest wish counts.
            single.entry(target).and_modify(|known| *known = level.max(*known)).or_insert(level);
        }
    }
    let mut directives = vec![overall.min(Level::Warn).name().to_owned()];
    let all = TARGETS.iter().filter(|target| !single.contains_key(*target)).map(|target| (*target, overall));
    directives.extend(all.chain(single.clone()).map(|(target, level)| format!("{target}={}", level.name())));
    Ok(directives.join(","))
}

fn targets(name: &str, subsystems: Subsystems) -> Result<Vec<&str>, String> {
    if let Some((_, targets)) = subsystems.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)) {
        return Ok(targets.to_vec());
    }
    if let Some((_, targets)) = RENAMED.iter().find(|(old, _)| *old == name) {
        return Ok(targets.to_vec());
    }
    let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | ':'));
    if plain && TARGETS.contains(&name.split("::").next().unwrap_or_default()) {
        return Ok(vec![name]);
    }
    Err(format!("`{name}` is not a subsystem: {}", known(subsystems)))
}

/// The names that can be written before `=LEVEL`.
pub(crate) fn known(subsystems: Subsystems) -> String {
    let names: Vec<&str> = subsystems.iter().map(|(name, _)| *name).chain(TARGETS).collect();
    format!("the subsystems are {}", names.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SUBSYSTEMS: Subsystems = &[("EXCS", &["stakepool_web", "stakepool"]), ("GRPC", &["stakepool_rpc::grpc"])];

    #[test]
    fn a_level_is_for_all_our_targets_and_libraries_stay_quiet() {
        assert_eq!(
            filter("debug", SUBSYSTEMS).unwrap(),
            "warn,stakepool=debug,stakepool_config=debug,stakepool_core=debug,stakepool_db=debug,\
             stakepool_process=debug,stakepool_rpc=debug,stakepool_web=debug,stakepoold=debug"
        );
        assert!(filter("critical", SUBSYSTEMS).unwrap().starts_with("error,stakepool=error,stakepool_config=error"));
    }

    #[test]
    fn old_and_new_names_of_subsystems_get_their_own_level() {
        let filter =
            filter("excs=trace,GRPC=warn,stakepool_rpc::json=debug,stakepool_monitor=trace", SUBSYSTEMS).unwrap();
        for directive in [
            "stakepool_web=trace",
            "stakepool=trace",
            "stakepool_process::monitor=trace",
            "stakepool_rpc::grpc=warn",
            "stakepool_rpc::json=debug",
            "stakepool_core=info",
            "stakepool_rpc=info",
        ] {
            assert!(filter.split(',').any(|part| part == directive), "{directive} in {filter}");
        }
        assert_eq!(filter.matches("stakepool_web=").count(), 1);
    }

    #[test]
    fn unknown_levels_and_subsystems_are_refused_with_the_known_ones() {
        assert!(filter("loud", SUBSYSTEMS).unwrap_err().contains("trace, debug"));
        assert!(filter("ABCD=info", SUBSYSTEMS).unwrap_err().contains("EXCS, GRPC, stakepool, stakepool_config"));
        assert!(filter("", SUBSYSTEMS).is_err());
    }
}
