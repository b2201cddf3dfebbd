//! Circles of files, and arrows against the floors.

use std::collections::BTreeMap;
use std::path::Path;

use petgraph::algo::tarjan_scc;
use petgraph::graphmap::DiGraphMap;

use super::krate::Arrow;

/// The circles of files, each with the arrows that tie it.
pub fn circles(arrows: &[Arrow]) -> Vec<Vec<&Arrow>> {
    tied(arrows.iter().map(|arrow| (arrow.from.as_path(), arrow.to.as_path(), arrow)))
}

/// The circles of rooms that stand in one folder, each with the arrows that tie it: rooms are the folder's files and
/// folders. `files` are the files with their modules.
pub fn folder_circles<'a>(files: &[(&Path, &[String])], arrows: &'a [Arrow]) -> Vec<Vec<&'a Arrow>> {
    let modules: BTreeMap<&Path, &[String]> = files.iter().copied().collect();
    let mut folders: BTreeMap<&[String], Vec<(&str, &str, &Arrow)>> = BTreeMap::new();
    for arrow in arrows {
        let (Some(from), Some(to)) = (modules.get(arrow.from.as_path()), modules.get(arrow.to.as_path())) else {
            continue;
        };
        let common = from.iter().zip(*to).take_while(|(one, other)| one == other).count();
        // A folder's own face stands in no room of it.
        if let (Some(room), Some(other)) = (from.get(common), to.get(common)) {
            folders.entry(&from[..common]).or_default().push((room, other, arrow));
        }
    }
    folders.into_values().flat_map(tied).collect()
}

/// The circles among places between which there are arrows.
fn tied<'a, P: Copy + Ord + std::hash::Hash>(ties: impl IntoIterator<Item = (P, P, &'a Arrow)>) -> Vec<Vec<&'a Arrow>> {
    let ties: Vec<(P, P, &Arrow)> = ties.into_iter().collect();
    let graph: DiGraphMap<P, ()> = ties.iter().map(|(from, to, _)| (*from, *to, ())).collect();
    let circles = tarjan_scc(&graph).into_iter().filter(|places| places.len() > 1);
    circles
        .map(|places| {
            let within = |(from, to, _): &&(P, P, &Arrow)| places.contains(from) && places.contains(to);
            ties.iter().filter(within).map(|(_, _, arrow)| *arrow).collect()
        })
        .collect()
}

/// The floors of a crate from the ground up: each floor is a list of rooms, a room is a file or a folder of `src`
/// without the ending (`mail`, `tickets/low_fee`). The longest room that fits a file is its own.
pub type Floors = [&'static [&'static str]];

/// Something that does not fit the floors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Misfit<'a> {
    /// A file that is in no room.
    Homeless(&'a Path),
    /// An arrow to the same floor or a higher one.
    Upward(&'a Arrow),
    /// A room without a file.
    Empty(&'static str),
}

/// What does not fit the floors. `files` are the files with their modules; the crate's root and folders' `mod.rs` that
/// stand in no room may need nothing.
pub fn misfits<'a>(floors: &Floors, files: &[(&'a Path, &'a [String])], arrows: &'a [Arrow]) -> Vec<Misfit<'a>> {
    let rooms = || floors.iter().enumerate().flat_map(|(floor, rooms)| rooms.iter().map(move |room| (floor, *room)));
    let room_of = |module: &[String]| {
        let path = module.join("/");
        let fits = |room: &str| path == room || path.strip_prefix(room).is_some_and(|rest| rest.starts_with('/'));
        rooms().filter(|(_, room)| fits(room)).max_by_key(|(_, room)| room.len())
    };
    let homes: BTreeMap<&Path, (usize, &str)> =
        files.iter().filter_map(|(file, module)| Some((*file, room_of(module)?))).collect();
    let needs = |file: &Path| arrows.iter().any(|arrow| arrow.from == file || arrow.to == file);
    let homeless = files.iter().filter(|(file, module)| !module.is_empty() && !homes.contains_key(file) && needs(file));
    let mut found: Vec<Misfit<'a>> = homeless.map(|(file, _)| Misfit::Homeless(file)).collect();
    let upward = arrows.iter().filter(|arrow| match (homes.get(arrow.from.as_path()), homes.get(arrow.to.as_path())) {
        (Some((from, room)), Some((to, other))) => room != other && to >= from,
        _ => false,
    });
    found.extend(upward.map(Misfit::Upward));
    let lived_in = |room: &str| homes.values().any(|(_, found)| *found == room);
    found.extend(rooms().filter(|(_, room)| !lived_in(room)).map(|(_, room)| Misfit::Empty(room)));
    found
}

mod tests {
    use super::*;
    use crate::architecture::krate::made_up;

    #[test]
    fn two_files_that_need_each_other_are_a_circle_and_others_are_none() {
        let found = made_up(&[
            ("lib.rs", "mod a; mod b; mod c;"),
            ("a.rs", "use crate::b::B;\npub struct A;"),
            ("b.rs", "pub struct B;\nfn f(_: super::a::A) {}"),
            ("c.rs", "use crate::a::A;"),
        ])
        .arrows();
        let circles = circles(&found);
        assert_eq!(circles.len(), 1);
        let ties: Vec<_> = circles[0].iter().map(|arrow| (arrow.from.to_str().unwrap(), arrow.line)).collect();
        assert_eq!(ties, [("a.rs", 1), ("b.rs", 2)]);
    }

    #[test]
    fn a_type_in_a_folders_face_that_its_children_need_is_a_circle() {
        let found = made_up(&[
            ("lib.rs", "mod a;"),
            ("a/mod.rs", "mod b; pub struct A; fn f() { b::g() }"),
            ("a/b.rs", "use super::A; pub fn g() {}"),
        ])
        .arrows();
        assert_eq!(circles(&found).len(), 1);
    }

    #[test]
    fn two_folders_that_know_each_other_are_a_circle_though_no_files_are() {
        let krate = made_up(&[
            ("lib.rs", "mod a; mod b;"),
            ("a/mod.rs", "mod c; mod d;"),
            ("a/c.rs", "use crate::b::e::E;"),
            ("a/d.rs", "pub struct D;"),
            ("b/mod.rs", "pub mod e; mod f;"),
            ("b/e.rs", "pub struct E;"),
            ("b/f.rs", "use crate::a::d::D;"),
        ]);
        let (arrows, files): (_, Vec<_>) = (krate.arrows(), krate.files().collect());
        assert!(circles(&arrows).is_empty());
        let found = folder_circles(&files, &arrows);
        let ties: Vec<_> = found.concat().iter().map(|arrow| arrow.from.to_str().unwrap()).collect();
        assert_eq!((found.len(), ties), (1, vec!["a/c.rs", "b/f.rs"]));
    }

    #[test]
    fn arrows_go_down_and_every_file_has_a_floor() {
        let krate = made_up(&[
            ("lib.rs", "mod a; mod b; mod c; mod d;"),
            ("a.rs", "use crate::c::C;\npub struct A;"),
            ("b/mod.rs", "mod e;"),
            ("b/e.rs", "use crate::a::A;"),
            ("c.rs", "pub struct C;"),
            ("d.rs", "use crate::a::A;"),
        ]);
        let (arrows, files): (_, Vec<_>) = (krate.arrows(), krate.files().collect());
        let found = misfits(&[&["a"], &["b", "c"], &["f"]], &files, &arrows);
        let [Misfit::Homeless(homeless), Misfit::Upward(up), Misfit::Empty(empty)] = found[..] else {
            panic!("{found:?}")
        };
        assert_eq!((homeless, up.from.to_str(), up.line, empty), (Path::new("d.rs"), Some("a.rs"), 1, "f"));
        assert!(misfits(&[&["c"], &["a"], &["b/e", "d"]], &files, &arrows).is_empty());
    }
}
