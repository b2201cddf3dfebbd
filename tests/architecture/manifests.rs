//! What the crates' manifests say, and whether it is allowed.

use std::path::{Path, PathBuf};

use toml::{Table, Value};

use super::violation::{Violation, place};

/// A crate of the workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// The name of the package.
    pub name: String,
    /// Its folder.
    pub folder: PathBuf,
    /// Its normal dependencies, for whatever target and feature.
    pub dependencies: Vec<Dependency>,
}

/// A normal dependency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dependency {
    /// The crate.
    pub name: String,
    /// The features asked for here or in the workspace.
    pub features: Vec<String>,
    /// Where it is written, from 1.
    pub line: usize,
}

/// A crate from outside, or one feature of it, that only some crates may have.
#[derive(Clone, Copy, Debug)]
pub struct Reserved {
    /// The crate.
    pub name: &'static str,
    /// Which feature is meant, where it is not the whole crate.
    pub feature: Option<&'static str>,
    /// Who may have it.
    pub only: &'static [&'static str],
    /// Why.
    pub why: &'static str,
}

fn features(value: &Value) -> Vec<String> {
    let listed = value.get("features").and_then(Value::as_array);
    listed.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

fn table<'a>(value: &'a Table, path: &[&str]) -> Option<&'a Table> {
    path.iter().try_fold(value, |table, name| table.get(*name)?.as_table())
}

fn line_of(text: &str, name: &str) -> usize {
    let is_it = |line: &str| line.trim_start().strip_prefix(name).is_some_and(|rest| rest.starts_with(['.', ' ', '=']));
    text.lines().position(is_it).map_or(1, |line| line + 1)
}

/// The folders of the crates that a workspace's manifest names.
pub fn members(workspace: &str) -> Vec<String> {
    let workspace: Table = workspace.parse().unwrap();
    let members = table(&workspace, &["workspace"]).and_then(|table| table.get("members")).and_then(Value::as_array);
    members.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// Reads a crate's manifest, and what it takes over from the workspace's.
pub fn member(folder: &Path, text: &str, workspace: &str) -> Member {
    let (manifest, workspace): (Table, Table) = (text.parse().unwrap(), workspace.parse().unwrap());
    let shared = table(&workspace, &["workspace", "dependencies"]);
    let targets = table(&manifest, &["target"]).into_iter().flat_map(Table::values);
    let everywhere = table(&manifest, &["dependencies"]);
    let tables = everywhere.into_iter().chain(targets.filter_map(|target| target.get("dependencies")?.as_table()));
    let dependencies = tables.flatten().map(|(name, value)| {
        let inherited = shared.and_then(|shared| shared.get(name)).map(features).unwrap_or_default();
        Dependency { name: name.clone(), features: [inherited, features(value)].concat(), line: line_of(text, name) }
    });
    let name = table(&manifest, &["package"]).and_then(|package| package.get("name")?.as_str()).unwrap();
    Member { name: name.to_owned(), folder: folder.to_owned(), dependencies: dependencies.collect() }
}

const CRATES: &str = "a crate of the workspace depends only on those below it";

/// Whether each crate depends only on crates that `allowed` names for it, and each crate is named.
pub fn check_crates(members: &[Member], allowed: &[(&str, &[&str])]) -> Vec<Violation> {
    let is_member = |name: &str| members.iter().any(|member| member.name == name);
    let mut broken = Vec::new();
    for member in members {
        let manifest = member.folder.join("Cargo.toml");
        let Some((_, below)) = allowed.iter().find(|(name, _)| *name == member.name) else {
            broken.push(Violation {
                place: place(&manifest, 1),
                found: format!("nothing is said of what {} may depend on", member.name),
                rule: CRATES,
                remedy: "add it to CRATES in tests/architecture/rules.rs".to_owned(),
            });
            continue;
        };
        for dependency in &member.dependencies {
            if is_member(&dependency.name) && !below.contains(&dependency.name.as_str()) {
                broken.push(Violation {
                    place: place(&manifest, dependency.line),
                    found: format!("{} depends on {}", member.name, dependency.name),
                    rule: CRATES,
                    remedy: format!(
                        "take it by a trait of stakepool-core, or move what is needed below {}; for tests alone \
                         [dev-dependencies] will do",
                        member.name
                    ),
                });
            }
        }
    }
    let gone = allowed.iter().filter(|(name, _)| !is_member(name));
    broken.extend(gone.map(|(name, _)| Violation {
        place: "tests/architecture/rules.rs:1".to_owned(),
        found: format!("CRATES names {name}, which is no crate of the workspace"),
        rule: CRATES,
        remedy: "strike it".to_owned(),
    }));
    broken
}

const OUTSIDE: &str = "some crates from outside are for some of ours only";

/// Whether crates from outside are only where they may be.
pub fn check_outside(members: &[Member], reserved: &[Reserved]) -> Vec<Violation> {
    let mut broken = Vec::new();
    for member in members {
        for dependency in &member.dependencies {
            let meant = |one: &&Reserved| {
                one.name == dependency.name
                    && one.feature.is_none_or(|feature| dependency.features.iter().any(|has| has == feature))
                    && !one.only.contains(&member.name.as_str())
            };
            broken.extend(reserved.iter().find(meant).map(|one| Violation {
                place: place(&member.folder.join("Cargo.toml"), dependency.line),
                found: match one.feature {
                    None => format!("{} depends on {}", member.name, one.name),
                    Some(feature) => format!("{} has the feature {feature} of {}", member.name, one.name),
                },
                rule: OUTSIDE,
                remedy: format!("{}: only {} may have it", one.why, one.only.join(", ")),
            }));
        }
    }
    broken
}

mod tests {
    use super::*;

    const WORKSPACE: &str = "[workspace]\nmembers = [\"core\", \"web\"]\n[workspace.dependencies]\n\
        tokio = { version = \"1\", features = [\"sync\"] }\ncore = { path = \"core\" }\n";
    const WEB: &str = "[package]\nname = \"web\"\n[dependencies]\ncore.workspace = true\n\
        tokio = { workspace = true, features = [\"net\"] }\n[target.'cfg(unix)'.dependencies]\nrustix = \"1\"\n\
        [dev-dependencies]\nsim = \"1\"\n";
    const CORE: &str = "[package]\nname = \"core\"\n[dependencies]\n";

    fn crates(core: &str) -> Vec<Member> {
        vec![member(Path::new("core"), core, WORKSPACE), member(Path::new("web"), WEB, WORKSPACE)]
    }

    #[test]
    fn normal_dependencies_are_read_with_their_features_and_lines() {
        assert_eq!(members(WORKSPACE), ["core", "web"]);
        let web = member(Path::new("web"), WEB, WORKSPACE);
        let shown: Vec<_> = web.dependencies.iter().map(|one| (one.name.as_str(), one.line)).collect();
        assert_eq!(shown, [("core", 4), ("tokio", 5), ("rustix", 7)]);
        assert_eq!(web.dependencies[1].features, ["sync", "net"]);
    }

    #[test]
    fn a_dependency_upward_is_refused() {
        let allowed: [(&str, &[&str]); 2] = [("core", &[]), ("web", &["core"])];
        assert!(check_crates(&crates(CORE), &allowed).is_empty());
        let broken = check_crates(&crates(&format!("{CORE}web = \"1\"\n")), &allowed);
        assert_eq!(broken.len(), 1);
        assert_eq!((broken[0].place.as_str(), broken[0].found.as_str()), ("core/Cargo.toml:4", "core depends on web"));
    }

    #[test]
    fn every_crate_has_its_rule_and_every_rule_its_crate() {
        let broken = check_crates(&crates(CORE), &[("web", &["core"]), ("gone", &[])]);
        assert!(broken[0].found.contains("of what core may depend on"));
        assert!(broken[1].found.contains("names gone"));
    }

    #[test]
    fn a_crate_or_a_feature_that_is_for_others_is_refused() {
        let reserve = |name, feature, only| Reserved { name, feature, only, why: "so" };
        let check = |one| check_outside(&crates(CORE), &[one]).into_iter().map(|one| one.found).collect::<Vec<_>>();
        assert_eq!(check(reserve("rustix", None, &["core"])), ["web depends on rustix"]);
        assert_eq!(check(reserve("tokio", Some("net"), &[])), ["web has the feature net of tokio"]);
        assert!(check(reserve("tokio", Some("fs"), &[])).is_empty());
        assert!(check(reserve("rustix", None, &["web"])).is_empty());
    }
}
