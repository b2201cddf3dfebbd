//! Every chapter is listed, and every link leads somewhere.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::{docs, page::Page, pages};

const SUMMARY: &str = "SUMMARY.md";

/// The targets of a page's links.
fn targets(page: &Page) -> BTreeSet<&str> {
    let mut found = BTreeSet::new();
    for line in page.prose() {
        let mut rest = line;
        while let Some((_, after)) = rest.split_once("](") {
            let Some((target, after)) = after.split_once(')') else { break };
            found.insert(target);
            rest = after;
        }
    }
    found
}

#[test]
fn every_chapter_is_in_the_summary_and_every_file_there_is() {
    let pages = pages();
    let names: BTreeSet<&str> = pages.iter().map(|page| page.name.as_str()).filter(|name| *name != SUMMARY).collect();
    let summary = pages.iter().find(|page| page.name == SUMMARY).unwrap();
    assert_eq!(targets(summary), names);
    let layout: toml::Table = std::fs::read_to_string(docs().join("../book.toml")).unwrap().parse().unwrap();
    assert_eq!(layout["book"]["src"].as_str(), Some("docs"));
}

#[test]
fn every_link_leads_to_a_file_and_a_heading() {
    let pages = pages();
    let anchors: BTreeMap<&str, Vec<String>> = pages.iter().map(|page| (page.name.as_str(), page.anchors())).collect();
    let mut broken = Vec::new();
    for page in &pages {
        for target in
            targets(page).into_iter().filter(|target| !target.contains("://") && !target.starts_with("mailto:"))
        {
            let (file, place) = target.split_once('#').unwrap_or((target, ""));
            let file = if file.is_empty() { page.name.as_str() } else { file };
            let is_there = match anchors.get(file) {
                Some(places) => place.is_empty() || places.iter().any(|known| known == place),
                None => place.is_empty() && docs().join(file).exists(),
            };
            if !is_there {
                broken.push(format!("{}: {target}", page.name));
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn what_alert_rules_name_of_the_runbook_is_there() {
    let rules = std::fs::read_to_string(docs().join("../config/prometheus/stakepool.rules.yml")).unwrap();
    let runbook = Page::read(docs().join("runbook.md"));
    let named: BTreeSet<&str> = rules.lines().filter_map(|line| line.trim().strip_prefix("runbook: ")).collect();
    assert!(named.len() > 5, "{named:?}");
    for target in named {
        let (file, place) = target.trim_matches('"').split_once('#').unwrap_or((target.trim_matches('"'), ""));
        assert!(Path::new(file) == Path::new("runbook.md"), "{target}");
        assert!(place.is_empty() || runbook.anchors().iter().any(|known| known == place), "{target}");
    }
}
