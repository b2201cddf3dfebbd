//! Who may import whom, held against the manifests and sources as they stand. The rules are data in [`rules`]; what reads
//! and judges is tried on made-up crates beside it.

mod graph;
mod krate;
mod manifests;
mod rules;
mod source;
mod sources;
mod violation;

use std::fs::read_to_string;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use krate::Crate;
use manifests::{Member, check_crates, check_outside, member, members};
use rules::{CRATES, FLOORS, NOT_YET, OUTSIDE, PATHS, Rule};
use sources::{check_circles, check_floors, check_paths, check_root};
use violation::{Violation, hold};

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The crates of the workspace. Paths are written from its root.
fn crates() -> &'static [Member] {
    static FOUND: LazyLock<Vec<Member>> = LazyLock::new(|| {
        let shared = read_to_string(workspace().join("Cargo.toml")).unwrap();
        let read = |folder: &String| read_to_string(workspace().join(folder).join("Cargo.toml")).unwrap();
        members(&shared).iter().map(|folder| member(Path::new(folder), &read(folder), &shared)).collect()
    });
    &FOUND
}

/// The crates with their sources; a program's `main.rs` apart.
fn sources() -> impl Iterator<Item = (&'static Member, &'static [Crate])> {
    static READ: LazyLock<Vec<Vec<Crate>>> = LazyLock::new(|| crates().iter().map(read_sources).collect());
    crates().iter().zip(READ.iter().map(Vec::as_slice))
}

fn read_sources(member: &Member) -> Vec<Crate> {
    let read = |path: &Path| read_to_string(workspace().join(path)).ok();
    let roots = ["src/lib.rs", "src/main.rs"].map(|root| member.folder.join(root));
    let there = roots.iter().filter(|root| read(root).is_some());
    there.map(|root| Crate::read(root, &read).unwrap()).collect()
}

/// Holds all crates to a rule but those that break it still, which must do so.
fn hold_sources(rule: Rule, check: impl Fn(&Member, &Crate) -> Vec<Violation>) {
    let mut broken = Vec::new();
    for (member, crates) in sources() {
        let found: Vec<Violation> = crates.iter().flat_map(|source| check(member, source)).collect();
        if !NOT_YET.contains(&(member.name.as_str(), rule)) {
            broken.extend(found);
        } else if found.is_empty() {
            broken.push(Violation {
                place: "tests/architecture/rules.rs:1".to_owned(),
                found: format!("{} does not break the rule {rule:?} any more", member.name),
                rule: "what was reached is held",
                remedy: "strike it from NOT_YET".to_owned(),
            });
        }
    }
    hold(&broken);
}

#[test]
fn each_crate_depends_only_on_those_below_it() {
    hold(&check_crates(crates(), CRATES));
}

#[test]
fn crates_from_outside_stay_where_they_belong() {
    hold(&check_outside(crates(), OUTSIDE));
}

#[test]
fn files_networks_and_servers_are_reached_only_where_they_may_be() {
    let mut broken = Vec::new();
    for (member, crates) in sources() {
        for (_, paths, why) in PATHS.iter().filter(|(names, _, _)| names.contains(&member.name.as_str())) {
            broken.extend(crates.iter().flat_map(|source| check_paths(source, paths, why)));
        }
    }
    hold(&broken);
}

#[test]
fn no_files_and_no_folders_import_each_other_in_a_circle() {
    hold_sources(Rule::Circles, |_, source| check_circles(source));
}

#[test]
fn files_import_only_from_lower_floors() {
    hold_sources(Rule::Floors, |member, source| {
        let floors = FLOORS.iter().find(|(name, _)| *name == member.name);
        // A program's `main.rs` has no modules of its own, and so no floors.
        let floors = floors.filter(|_| source.files().count() > 1);
        floors.map(|(_, floors)| check_floors(source, floors)).unwrap_or_default()
    });
}

#[test]
fn nobody_imports_the_root_of_its_own_crate() {
    hold_sources(Rule::Root, |_, source| check_root(source));
}
