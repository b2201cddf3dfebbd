//! Kinds of alerts and problems, and the form of an alert.

use stakepool_core::alert::{Alert, AlertKind, AlertPhase};
use stakepool_core::time::UnixTime;

use crate::docs;
use crate::page::Page;

fn source(path: &str) -> String {
    std::fs::read_to_string(docs().join("..").join(path)).unwrap()
}

/// All kinds, read from where each gets its name: a new one cannot be forgotten here.
fn kinds() -> Vec<String> {
    let text = source("stakepool-core/src/alert.rs");
    let of_kind =
        text.split("impl AlertKind").nth(1).unwrap().split("pub const fn is_event").next().unwrap().to_owned();
    let names = of_kind.lines().filter_map(|line| line.split_once("=> \"")?.1.split('"').next().map(str::to_owned));
    names.collect()
}

/// What the log of a daemon gives as `about` of its problems: a fixed word, or the one behind the name of a wallet or node.
fn topics() -> Vec<String> {
    let mut found = Vec::new();
    for file in docs().join("../stakepool-core/src/voting").read_dir().unwrap() {
        let path = file.unwrap().path();
        let Ok(text) = std::fs::read_to_string(&path) else { continue };
        let code = text.split("#[cfg(test)]").next().unwrap_or_default().to_owned();
        for call in [".problem(\"", ".figures(\"", ".happened(\"", "topic(\"", "const VOTE: &str = \""] {
            found.extend(code.split(call).skip(1).filter_map(|after| after.split('"').next().map(str::to_owned)));
        }
        // `format!("{name}/reach")`, but for those whose word is an argument, too.
        let named = code.split("format!(\"{").skip(1).filter_map(|after| after.split('"').next()?.split_once("}/"));
        found.extend(named.map(|(_, word)| word.to_owned()).filter(|word| !word.contains('{')));
    }
    found.sort();
    found.dedup();
    found
}

#[test]
fn the_runbook_has_an_entry_for_every_kind_of_alert_and_no_other() {
    let kinds = kinds();
    assert!(kinds.len() > 10 && kinds.contains(&AlertKind::WalletLocked.name().to_owned()), "{kinds:?}");
    let runbook = Page::read(docs().join("runbook.md"));
    let entries: Vec<String> =
        runbook.prose().filter_map(|line| line.strip_prefix("## `")?.strip_suffix('`').map(str::to_owned)).collect();
    let (missing, surplus) = (
        kinds.iter().filter(|kind| !entries.contains(kind)).collect::<Vec<_>>(),
        entries.iter().filter(|entry| !kinds.contains(entry)).collect::<Vec<_>>(),
    );
    assert!(missing.is_empty() && surplus.is_empty(), "without an entry: {missing:?}; without a kind: {surplus:?}");
}

#[test]
fn the_runbook_has_a_line_for_every_problem_of_a_daemon() {
    let topics = topics();
    assert!(topics.len() > 10, "{topics:?}");
    let runbook = Page::read(docs().join("runbook.md"));
    let missing: Vec<_> = topics
        .iter()
        .filter(|topic| {
            !runbook.text.contains(&format!("| `{topic}`")) && !runbook.text.contains(&format!("| `…/{topic}`"))
        })
        .collect();
    assert!(missing.is_empty(), "without a line: {missing:?}");
}

#[test]
fn the_alert_in_the_book_has_the_fields_of_one() {
    let monitoring = Page::read(docs().join("monitoring.md"));
    let shown: serde_json::Value = serde_json::from_str(&monitoring.code("json").join("\n")).unwrap();
    let alert = Alert {
        kind: AlertKind::WalletLocked,
        phase: AlertPhase::Begins,
        about: String::new(),
        text: String::new(),
        since: UnixTime(0),
    };
    let real = serde_json::to_value(alert).unwrap();
    let names = |of: &serde_json::Value| of.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&shown["alerts"][0]), names(&real));
    assert_eq!((&shown["alerts"][0]["kind"], &shown["alerts"][0]["phase"]), (&real["kind"], &real["phase"]));
}
