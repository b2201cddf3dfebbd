//! The metrics of the programs against the files that name them: the rules, the dashboard, and the book.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

/// With what names of ours begin, longest first.
const PREFIXES: [&str; 2] = ["stakepool_web_", "stakepoold_"];
/// Families that are there only in a situation which this test does not bring about.
const ELSEWHERE: [&str; 0] = [];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap()
}

/// Compares what the programs show with the files of the repository. `UPDATE_BOOK=1` writes the book's list anew.
pub fn compare(metrics: &BTreeMap<&'static str, String>) {
    let families: BTreeSet<&str> = metrics.values().flat_map(|text| families(text)).map(|(name, ..)| name).collect();
    for file in ["config/prometheus/stakepool.rules.yml", "config/grafana/stakepool.json"] {
        let unknown: Vec<String> = names(&read(file)).into_iter().filter(|name| !is_known(name, &families)).collect();
        assert!(unknown.is_empty(), "{file} names what no program shows: {unknown:?}; they show {families:?}");
    }
    let list = list(metrics);
    let path = root().join("docs/metrics.md");
    if std::env::var_os("UPDATE_BOOK").is_some() {
        fs::write(&path, &list).unwrap();
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    assert!(written == list, "docs/metrics.md is not what the programs show; UPDATE_BOOK=1 writes it anew\n{list}");
}

/// The name, type and help of each family.
fn families(text: &str) -> impl Iterator<Item = (&str, &str, &str)> {
    text.lines().filter_map(move |line| {
        let (name, help) = line.strip_prefix("# HELP ")?.split_once(' ')?;
        let kind = text.lines().find_map(|line| line.strip_prefix("# TYPE ")?.strip_prefix(name)?.strip_prefix(' '))?;
        Some((name, kind, help))
    })
}

/// All names of ours in a file.
fn names(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    words.filter(|word| PREFIXES.iter().any(|prefix| word.starts_with(prefix))).map(str::to_owned).collect()
}

fn is_known(name: &str, families: &BTreeSet<&str>) -> bool {
    let of_histogram = ["_bucket", "_sum", "_count"].iter().filter_map(|end| name.strip_suffix(end));
    families.contains(name) || of_histogram.into_iter().any(|name| families.contains(name)) || ELSEWHERE.contains(&name)
}

/// The chapter of the book.
fn list(metrics: &BTreeMap<&'static str, String>) -> String {
    let mut list =
        "# Metrics\n\nAll families that the programs show at `/metrics` of `monitorlisten`. What each means for \
                    you: [Monitoring](monitoring.md).\n"
            .to_owned();
    for (program, text) in metrics {
        let _ = write!(list, "\n## {program}\n\n| name | type | |\n| --- | --- | --- |\n");
        for (name, kind, help) in families(text) {
            let _ = writeln!(list, "| `{name}` | {kind} | {help} |");
        }
    }
    list
}
