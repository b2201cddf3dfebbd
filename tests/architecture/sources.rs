//! Whether what the files of a crate import is allowed.

use std::path::Path;

use super::graph::{Floors, Misfit, circles, folder_circles, misfits};
use super::krate::{Arrow, Crate, RootUse};
use super::violation::{Violation, place};

const CIRCLE: &str = "no file imports one that imports it back, and no folder one, over however many steps";
/// The most steps of a circle that are reported.
const MOST_STEPS: usize = 20;

/// Whether the files, and the folders, import each other in no circle.
pub fn check_circles(krate: &Crate) -> Vec<Violation> {
    let (arrows, modules): (_, Vec<_>) = (krate.arrows(), krate.files().collect());
    let files = circles(&arrows);
    // Where files are in a circle their folders are, too: that is reported once.
    let folders = if files.is_empty() { folder_circles(&modules, &arrows) } else { Vec::new() };
    let files = files.iter().filter_map(|ties| circle("these files need each other", ties));
    let folders = folders.iter().filter_map(|ties| circle("these folders need each other", ties));
    files.chain(folders).collect()
}

fn circle(what: &str, ties: &[&Arrow]) -> Option<Violation> {
    let first = ties.first()?;
    let step = |arrow: &&Arrow| {
        format!("\n      {} -> {}: {}", place(&arrow.from, arrow.line), arrow.to.display(), arrow.path)
    };
    let steps: String = ties.iter().take(MOST_STEPS).map(step).collect();
    let more =
        if ties.len() > MOST_STEPS { format!("\n      and {} more", ties.len() - MOST_STEPS) } else { String::new() };
    Some(Violation {
        place: place(&first.from, first.line),
        found: format!("{what}:{steps}{more}"),
        rule: CIRCLE,
        remedy: "move what both need into a file of its own below them".to_owned(),
    })
}

const FLOOR: &str = "a file imports only from lower floors, or from its own room";

/// Whether the files import only from lower floors.
pub fn check_floors(krate: &Crate, floors: &Floors) -> Vec<Violation> {
    let (arrows, files): (_, Vec<_>) = (krate.arrows(), krate.files().collect());
    let report = |misfit| match misfit {
        Misfit::Homeless(file) => Violation {
            place: place(file, 1),
            found: "the file is on no floor".to_owned(),
            rule: FLOOR,
            remedy: "add it to the crate's floors in tests/architecture/rules.rs".to_owned(),
        },
        Misfit::Upward(arrow) => Violation {
            place: place(&arrow.from, arrow.line),
            found: format!("`{}` stands in {}, which is on no lower floor", arrow.path, arrow.to.display()),
            rule: FLOOR,
            remedy:
                "move what is needed below, or hand it in as an argument or by a trait; where the floors are wrong, \
                     mend them in tests/architecture/rules.rs"
                    .to_owned(),
        },
        Misfit::Empty(room) => Violation {
            place: "tests/architecture/rules.rs:1".to_owned(),
            found: format!("the floors name {room}, where no file is"),
            rule: FLOOR,
            remedy: "strike it".to_owned(),
        },
    };
    misfits(floors, &files, &arrows).into_iter().map(report).collect()
}

const ROOT: &str = "what a crate's root re-exports is for other crates; within the crate nobody imports it from there";

/// Whether nobody uses the crate's root from within.
pub fn check_root(krate: &Crate) -> Vec<Violation> {
    let report = |one: RootUse| Violation {
        place: place(&one.file, one.line),
        found: format!("`crate::{}` is the root's", one.name),
        rule: ROOT,
        remedy: match one.stands_in {
            Some(file) => format!("import it from {}", file.display()),
            None => "move it out of the root into a module".to_owned(),
        },
    };
    krate.root_uses().into_iter().map(report).collect()
}

/// Whether a crate writes out no path that begins with one of `forbidden`; `why` says what to do instead.
pub fn check_paths(krate: &Crate, forbidden: &[&str], why: &'static str) -> Vec<Violation> {
    let begins = |path: &[String], start: &str| {
        let start: Vec<&str> = start.split("::").collect();
        path.len() >= start.len() && path.iter().zip(&start).all(|(name, wanted)| name == wanted)
    };
    let found = krate.paths().filter(|(_, _, path)| forbidden.iter().any(|start| begins(path, start)));
    found
        .map(|(file, line, path): (&Path, _, _)| Violation {
            place: place(file, line),
            found: format!("`{}`", path.join("::")),
            rule: "what reaches outside stays in the crates that are for it",
            remedy: why.to_owned(),
        })
        .collect()
}

mod tests {
    use super::*;
    use crate::architecture::krate::made_up;

    const GROUND: (&str, &str) = ("ground.rs", "pub struct Ground;");

    fn house(upper: &'static str) -> Crate {
        made_up(&[("lib.rs", "mod ground; mod upper; pub use upper::Upper;"), GROUND, ("upper.rs", upper)])
    }

    fn broken(krate: &Crate) -> Vec<Violation> {
        let floors: &Floors = &[&["ground"], &["upper"]];
        let paths = check_paths(krate, &["std::fs"], "by a trait");
        [check_circles(krate), check_floors(krate, floors), check_root(krate), paths].concat()
    }

    #[test]
    fn a_house_in_order_breaks_nothing() {
        assert_eq!(broken(&house("use crate::ground::Ground; use std::fmt; pub struct Upper;")), []);
    }

    #[test]
    fn a_forbidden_use_is_told_with_file_line_rule_and_remedy() {
        let krate = made_up(&[
            ("lib.rs", "mod ground; mod upper;"),
            ("ground.rs", "//! The ground.\n\nuse crate::upper::Upper;\n"),
            ("upper.rs", "pub struct Upper;"),
        ]);
        let [upward] = &broken(&krate)[..] else { panic!("{:?}", broken(&krate)) };
        assert_eq!(upward.place, "ground.rs:3");
        let text = upward.to_string();
        assert!(text.starts_with("ground.rs:3: `crate::upper::Upper` stands in upper.rs"), "{text}");
        assert!(text.contains(FLOOR) && text.contains("remedy: move what is needed below"), "{text}");
    }

    #[test]
    fn a_circle_is_told_with_every_step() {
        let krate = made_up(&[
            ("lib.rs", "mod ground; mod upper;"),
            ("ground.rs", "use crate::upper::Upper;\npub struct Ground;"),
            ("upper.rs", "pub struct Upper;\nfn f() { crate::ground::Ground; }"),
        ]);
        let [circle] = &check_circles(&krate)[..] else { panic!("no circle") };
        assert!(circle.found.contains("ground.rs:1 -> upper.rs"), "{circle}");
        assert!(circle.found.contains("upper.rs:2 -> ground.rs"), "{circle}");
    }

    #[test]
    fn the_roots_names_are_told_with_where_they_stand() {
        let krate = made_up(&[
            ("lib.rs", "mod ground; mod upper; pub use ground::Ground; pub struct Own;"),
            GROUND,
            ("upper.rs", "use crate::{Ground, Own};"),
        ]);
        let remedies: Vec<_> = check_root(&krate).into_iter().map(|one| one.remedy).collect();
        assert_eq!(remedies, ["import it from ground.rs", "move it out of the root into a module"]);
    }

    #[test]
    fn a_path_to_the_outside_is_told_however_it_is_written() {
        for text in ["use std::{fmt, fs::read};", "fn f() { std::fs::read(x) }", "use std::fs;", "m!(std::fs::read)"] {
            assert_eq!(check_paths(&house(text), &["std::fs"], "by a trait").len(), 1, "{text}");
        }
        assert!(check_paths(&house("use std::fmt; fn f() { a::std::fs() }"), &["std::fs"], "").is_empty());
    }
}
