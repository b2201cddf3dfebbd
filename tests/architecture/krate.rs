//! The modules of a crate, and which file stands behind a path.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::source::{Import, Source};

/// How many imports may hand a name on.
const MOST_STEPS: usize = 16;

/// A module: where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Module {
    file: PathBuf,
    /// The inline modules around it in its file, itself included.
    scope: Vec<String>,
}

/// Where a path leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The module, from the crate's root.
    pub module: Vec<String>,
    /// The file in which it stands.
    pub file: PathBuf,
    /// The name in it; `None` where the path names the module itself.
    pub name: Option<String>,
}

/// One file's need of another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrow {
    /// The file that needs.
    pub from: PathBuf,
    /// The file that is needed.
    pub to: PathBuf,
    /// Where the need is written, from 1.
    pub line: usize,
    /// The path that is written there.
    pub path: String,
}

/// A use of the crate's root: of what it re-exports, or of what it defines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RootUse {
    /// The file.
    pub file: PathBuf,
    /// The line, from 1.
    pub line: usize,
    /// What is used.
    pub name: String,
    /// Where it stands, if the root only hands it on.
    pub stands_in: Option<PathBuf>,
}

/// A crate's sources.
#[derive(Debug, Default)]
pub struct Crate {
    modules: BTreeMap<Vec<String>, Module>,
    sources: BTreeMap<PathBuf, (Vec<String>, Source)>,
}

impl Crate {
    /// Reads the crate whose root is `root` (`lib.rs` or `main.rs`), by `read`, which gives a file's text where there is
    /// one. Files that only tests have are left out.
    ///
    /// # Errors
    /// Which file is missing or no Rust.
    pub fn read(root: &Path, read: &dyn Fn(&Path) -> Option<String>) -> Result<Self, String> {
        let mut found = Self::default();
        found.add(root, Vec::new(), read)?;
        Ok(found)
    }

    fn add(&mut self, file: &Path, module: Vec<String>, read: &dyn Fn(&Path) -> Option<String>) -> Result<(), String> {
        let text = read(file).ok_or_else(|| format!("{} cannot be read", file.display()))?;
        let source: Source = text.parse().map_err(|error| format!("{}: {error}", file.display()))?;
        let folder = folder_of_children(file);
        for inner in &source.inline {
            let scope = inner.clone();
            self.modules.insert([module.clone(), scope.clone()].concat(), Module { file: file.to_owned(), scope });
        }
        for child in &source.modules {
            let candidates = [folder.join(format!("{child}.rs")), folder.join(child).join("mod.rs")];
            let child_file = candidates.iter().find(|candidate| read(candidate).is_some());
            let child_file = child_file.ok_or_else(|| format!("{}: mod {child} has no file", file.display()))?;
            self.add(child_file, [module.clone(), vec![child.clone()]].concat(), read)?;
        }
        self.modules.insert(module.clone(), Module { file: file.to_owned(), scope: Vec::new() });
        self.sources.insert(file.to_owned(), (module, source));
        Ok(())
    }

    /// The files with their modules.
    pub fn files(&self) -> impl Iterator<Item = (&Path, &[String])> {
        self.sources.iter().map(|(file, (module, _))| (file.as_path(), module.as_slice()))
    }

    /// All paths that are imported or written out: file, line, path.
    pub fn paths(&self) -> impl Iterator<Item = (&Path, usize, &[String])> {
        self.sources.iter().flat_map(|(file, (_, source))| {
            let imports = source.imports.iter().map(|import| (import.line, import.path.as_slice()));
            let mentions = source.mentions.iter().map(|mention| (mention.line, mention.path.as_slice()));
            imports.chain(mentions).map(move |(line, path)| (file.as_path(), line, path))
        })
    }

    /// Which file needs which. What a file only re-exports it does not need itself.
    pub fn arrows(&self) -> Vec<Arrow> {
        let mut arrows = Vec::new();
        for (file, (module, source)) in &self.sources {
            for import in &source.imports {
                let used = import.name.as_ref().is_some_and(|name| source.names.contains(name));
                if import.public && !used {
                    continue;
                }
                let within = [module.clone(), import.scope.clone()].concat();
                let target = self.follow(&within, &import.path, 0);
                // An imported module is needed where a path goes through it, or all of it is imported.
                let target = target.filter(|target| target.name.is_some() || import.name.is_none());
                arrows.extend(target.map(|target| arrow(file, &target, import.line, &import.path)));
            }
            for mention in &source.mentions {
                let within = [module.clone(), mention.scope.clone()].concat();
                let target = self.follow(&within, &mention.path, 0).filter(|target| target.name.is_some());
                arrows.extend(target.map(|target| arrow(file, &target, mention.line, &mention.path)));
            }
        }
        arrows.retain(|arrow| arrow.from != arrow.to);
        arrows
    }

    /// Where files other than the root use what the root re-exports or defines.
    pub fn root_uses(&self) -> Vec<RootUse> {
        let mut uses = Vec::new();
        for (file, (module, source)) in self.sources.iter().filter(|(_, (module, _))| !module.is_empty()) {
            let imports = source.imports.iter().map(|import| (&import.scope, &import.path, import.line));
            let mentions = source.mentions.iter().map(|mention| (&mention.scope, &mention.path, mention.line));
            for (scope, path, line) in imports.chain(mentions) {
                let Some((start, rest)) = self.start(&[module.clone(), scope.clone()].concat(), path) else { continue };
                let Some(name) = rest.first().filter(|_| start.is_empty()) else { continue };
                if self.modules.contains_key(std::slice::from_ref(name)) {
                    continue;
                }
                let target = self.descend(start, rest, 0).filter(|target| !target.module.is_empty());
                let stands_in = target.map(|target| target.file);
                uses.push(RootUse { file: file.clone(), line, name: name.clone(), stands_in });
            }
        }
        uses
    }

    /// Where a path starts that begins with `crate`, `self` or `super`, and what is left of it.
    fn start<'a>(&self, within: &[String], path: &'a [String]) -> Option<(Vec<String>, &'a [String])> {
        let (first, mut rest) = path.split_first()?;
        let mut start = match first.as_str() {
            "crate" => Vec::new(),
            "self" => within.to_vec(),
            "super" => within[..within.len().saturating_sub(1)].to_vec(),
            _ => return None,
        };
        while let Some(("super", left)) = rest.split_first().map(|(name, left)| (name.as_str(), left)) {
            start.pop();
            rest = left;
        }
        Some((start, rest))
    }

    /// Where a path leads that is written within a module; `None` where it leads out of the crate.
    fn follow(&self, within: &[String], path: &[String], steps: usize) -> Option<Target> {
        if steps > MOST_STEPS {
            return None;
        }
        if let Some((start, rest)) = self.start(within, path) {
            return self.descend(start, rest, steps);
        }
        let (first, rest) = path.split_first()?;
        let child = [within, std::slice::from_ref(first)].concat();
        if self.modules.contains_key(&child) {
            return self.descend(child, rest, steps);
        }
        // A name that this module has imported; its own import of it must not lead back to itself.
        let import = self
            .imports_of(within)
            .find(|import| import.name.as_ref() == Some(first) && import.path.first() != Some(first))?;
        self.follow(within, &[import.path.clone(), rest.to_vec()].concat(), steps + 1)
    }

    fn descend(&self, mut module: Vec<String>, mut rest: &[String], steps: usize) -> Option<Target> {
        while let Some((name, left)) = rest.split_first() {
            let child = [module.clone(), vec![name.clone()]].concat();
            if !self.modules.contains_key(&child) {
                return self.name(&module, name, left, steps);
            }
            (module, rest) = (child, left);
        }
        let file = self.modules.get(&module)?.file.clone();
        Some(Target { module, file, name: None })
    }

    /// A name of a module, where it stands: in the module itself, or where the module has it from.
    fn name(&self, module: &[String], name: &str, left: &[String], steps: usize) -> Option<Target> {
        if steps > MOST_STEPS {
            return None;
        }
        let file = &self.modules.get(module)?.file;
        let (_, source) = self.sources.get(file)?;
        let handed_on = self.imports_of(module).find(|import| import.name.as_deref() == Some(name));
        if let Some(import) = handed_on {
            let path = [import.path.clone(), left.to_vec()].concat();
            if let Some(target) = self.follow(module, &path, steps + 1) {
                return Some(target);
            }
        }
        if !source.definitions.contains(name) {
            let all = self.imports_of(module).filter(|import| import.name.is_none());
            let found = all.filter_map(|import| {
                self.follow(module, &[import.path.clone(), vec![name.to_owned()]].concat(), steps + 1)
            });
            let defined = |target: &Target| {
                let source = self.sources.get(&target.file);
                source.is_some_and(|(_, source)| source.definitions.contains(name))
            };
            if let Some(target) = found.into_iter().find(defined) {
                return Some(target);
            }
        }
        Some(Target { module: module.to_vec(), file: file.clone(), name: Some(name.to_owned()) })
    }

    fn imports_of(&self, module: &[String]) -> impl Iterator<Item = &Import> {
        let found = self.modules.get(module).and_then(|found| Some((found, &self.sources.get(&found.file)?.1)));
        found
            .into_iter()
            .flat_map(|(found, source)| source.imports.iter().filter(move |import| import.scope == found.scope))
    }
}

fn arrow(from: &Path, target: &Target, line: usize, path: &[String]) -> Arrow {
    Arrow { from: from.to_owned(), to: target.file.clone(), line, path: path.join("::") }
}

/// The folder in which the files of a file's modules stand.
fn folder_of_children(file: &Path) -> PathBuf {
    let folder = file.parent().unwrap_or(Path::new(""));
    match file.file_stem().and_then(|stem| stem.to_str()) {
        Some("lib" | "main" | "mod") | None => folder.to_owned(),
        Some(stem) => folder.join(stem),
    }
}

/// A crate made up of texts.
pub fn made_up(files: &[(&str, &str)]) -> Crate {
    let read = |path: &Path| files.iter().find(|(file, _)| Path::new(file) == path).map(|(_, text)| (*text).to_owned());
    Crate::read(Path::new(files[0].0), &read).unwrap()
}

mod tests {
    use super::*;

    fn arrows(files: &[(&str, &str)]) -> Vec<String> {
        let shown = |arrow: &Arrow| format!("{} -> {}", arrow.from.display(), arrow.to.display());
        let mut found: Vec<String> = made_up(files).arrows().iter().map(shown).collect();
        found.dedup();
        found
    }

    #[test]
    fn an_import_of_what_a_folder_hands_on_is_an_arrow_to_the_file_in_which_it_stands() {
        let files = [
            ("lib.rs", "mod a; mod b;"),
            ("a/mod.rs", "mod deep; mod own; pub use deep::Thing; pub(crate) use own::*; pub struct Here;"),
            ("a/deep.rs", "pub struct Thing;"),
            ("a/own.rs", "pub struct Own;"),
            ("b.rs", "use crate::a::{Thing, Own, Here};"),
        ];
        assert_eq!(arrows(&files), ["b.rs -> a/deep.rs", "b.rs -> a/own.rs", "b.rs -> a/mod.rs"]);
    }

    #[test]
    fn paths_are_followed_through_modules_that_are_imported_or_children() {
        let files = [
            ("lib.rs", "mod a; mod b; mod c { pub fn f() { super::a::g() } } fn h() { b::i(); b::J::k() }"),
            ("a.rs", "use crate::b; use super::b::J as L; pub fn g() { b::i(); let _: L = std::mem::take(); }"),
            ("b.rs", "pub fn i() {} pub struct J;"),
        ];
        assert_eq!(arrows(&files), ["a.rs -> b.rs", "lib.rs -> a.rs", "lib.rs -> b.rs"]);
    }

    #[test]
    fn an_imported_module_is_no_arrow_by_itself() {
        let files = [("lib.rs", "mod a; mod b;"), ("a.rs", "use crate::b;"), ("b.rs", "")];
        assert!(arrows(&files).is_empty());
    }

    #[test]
    fn a_name_that_is_handed_on_and_used_is_an_arrow() {
        let files = |text| [("lib.rs", "mod a;"), ("a/mod.rs", text), ("a/b.rs", "pub struct C;")];
        assert!(arrows(&files("mod b; pub use b::C;")).is_empty());
        assert_eq!(arrows(&files("mod b; pub use b::C; fn f(_: C) {}")), ["a/mod.rs -> a/b.rs"]);
    }

    #[test]
    fn the_names_of_the_root_are_noticed() {
        let files = [
            ("lib.rs", "mod a; mod b; pub use a::A; pub fn f() {}"),
            ("a.rs", "pub struct A;"),
            ("b.rs", "use crate::A;\nuse super::a::A as B;\nfn g() { crate::f() }"),
        ];
        let uses = made_up(&files).root_uses();
        let shown: Vec<_> = uses.iter().map(|one| (one.line, one.name.as_str(), one.stands_in.as_deref())).collect();
        assert_eq!(shown, [(1, "A", Some(Path::new("a.rs"))), (3, "f", None)]);
    }
}
