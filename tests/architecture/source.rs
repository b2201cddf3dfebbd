//! What a source file says of other files: its modules, its imports, and the paths that it writes out.
//!
//! The file is read as tokens, so that comments and texts do not count, and paths inside of macros do. What is compiled
//! for tests only is left out.

use std::collections::BTreeSet;
use std::str::FromStr;

use proc_macro2::{Delimiter, LexError, Spacing, TokenStream, TokenTree};

/// An import: one name (or all names) of a `use`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Import {
    /// The inline modules around it.
    pub scope: Vec<String>,
    /// What is imported.
    pub path: Vec<String>,
    /// The name that it has here; `None` where all names of `path` are imported.
    pub name: Option<String>,
    /// Whether it is a re-export (`pub use`, `pub(crate) use`).
    pub public: bool,
    /// Its line, from 1.
    pub line: usize,
}

/// A path of two names or more that is written out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mention {
    /// The inline modules around it.
    pub scope: Vec<String>,
    /// The path.
    pub path: Vec<String>,
    /// Its line, from 1.
    pub line: usize,
}

/// What a file says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Source {
    /// Modules that stand in files of their own (`mod x;`).
    pub modules: Vec<String>,
    /// Modules that stand in the file (`mod x { … }`), with those around them.
    pub inline: Vec<Vec<String>>,
    /// The imports.
    pub imports: Vec<Import>,
    /// The paths written out.
    pub mentions: Vec<Mention>,
    /// All names outside of imports.
    pub names: BTreeSet<String>,
    /// Names of the items that are defined.
    pub definitions: BTreeSet<String>,
}

impl FromStr for Source {
    type Err = LexError;

    fn from_str(text: &str) -> Result<Self, LexError> {
        let mut source = Self::default();
        source.read(&tokens(text.parse()?), &[]);
        Ok(source)
    }
}

fn tokens(stream: TokenStream) -> Vec<TokenTree> {
    stream.into_iter().collect()
}

fn is_punct(token: Option<&TokenTree>, wanted: char) -> bool {
    matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == wanted)
}

fn ident(token: Option<&TokenTree>) -> Option<String> {
    match token {
        Some(TokenTree::Ident(ident)) => Some(ident.to_string().trim_start_matches("r#").to_owned()),
        _ => None,
    }
}

fn line(token: &TokenTree) -> usize {
    token.span().start().line
}

/// Whether an attribute's content is `cfg(test)` or `cfg(all(test, …))`.
fn is_for_tests(attribute: &TokenStream) -> bool {
    let text: String = attribute.to_string().split_whitespace().collect();
    text == "cfg(test)" || text.starts_with("cfg(all(test,")
}

/// The place behind the item that begins at `from`.
fn behind_item(tokens: &[TokenTree], from: usize) -> usize {
    let is_end = |token: &TokenTree| {
        is_punct(Some(token), ';') || matches!(token, TokenTree::Group(group) if group.delimiter() == Delimiter::Brace)
    };
    let last = tokens[from..].iter().position(is_end).map_or(tokens.len(), |found| from + found);
    // `use a::{b};` ends behind its brace.
    if is_punct(tokens.get(last + 1), ';') { last + 2 } else { last + 1 }
}

/// Keywords behind which an item's name stands.
const ITEMS: [&str; 8] = ["const", "enum", "fn", "static", "struct", "trait", "type", "union"];

impl Source {
    fn read(&mut self, tokens: &[TokenTree], scope: &[String]) {
        let mut place = 0;
        while let Some(token) = tokens.get(place) {
            place = match token {
                TokenTree::Punct(punct) if punct.as_char() == '#' => self.attribute(tokens, place),
                TokenTree::Ident(_) => self.word(tokens, place, scope),
                TokenTree::Group(group) => {
                    self.read(&self::tokens(group.stream()), scope);
                    place + 1
                }
                _ => place + 1,
            };
        }
    }

    /// Passes over an attribute, and over the item behind it where that is for tests only.
    fn attribute(&self, tokens: &[TokenTree], place: usize) -> usize {
        match tokens.get(place + 1) {
            Some(TokenTree::Group(group)) if is_for_tests(&group.stream()) => behind_item(tokens, place + 2),
            Some(TokenTree::Group(_)) => place + 2,
            _ => place + 1,
        }
    }

    fn word(&mut self, tokens: &[TokenTree], place: usize, scope: &[String]) -> usize {
        let name = ident(tokens.get(place)).unwrap_or_default();
        match (name.as_str(), tokens.get(place + 1)) {
            ("use", Some(next)) if !is_punct(Some(next), '<') => self.import(tokens, place, scope),
            ("mod", Some(TokenTree::Ident(_))) => self.module(tokens, place + 1, scope),
            (keyword, Some(TokenTree::Ident(_))) => {
                if ITEMS.contains(&keyword) {
                    self.definitions.extend(ident(tokens.get(place + 1)));
                }
                self.path(tokens, place, scope)
            }
            _ => self.path(tokens, place, scope),
        }
    }

    fn module(&mut self, tokens: &[TokenTree], place: usize, scope: &[String]) -> usize {
        let name = ident(tokens.get(place)).unwrap_or_default();
        if let Some(TokenTree::Group(group)) = tokens.get(place + 1) {
            let inner = [scope, &[name]].concat();
            self.inline.push(inner.clone());
            self.read(&self::tokens(group.stream()), &inner);
        } else if scope.is_empty() {
            self.modules.push(name);
        }
        place + 2
    }

    /// Reads a path as far as it goes, and notes it where it has two names or more.
    fn path(&mut self, tokens: &[TokenTree], place: usize, scope: &[String]) -> usize {
        let (path, end) = written(tokens, place);
        self.names.extend(path.iter().cloned());
        // A macro stands at the root whichever file defines it. `!=` is no call.
        let macro_call = matches!(tokens.get(end), Some(TokenTree::Punct(punct)) if punct.as_char() == '!' && punct.spacing() == Spacing::Alone);
        if path.len() > 1 && !macro_call {
            self.mentions.push(Mention { scope: scope.to_vec(), path, line: line(&tokens[place]) });
        }
        end
    }

    fn import(&mut self, tokens: &[TokenTree], place: usize, scope: &[String]) -> usize {
        let end =
            tokens[place..].iter().position(|token| is_punct(Some(token), ';')).map_or(tokens.len(), |n| place + n);
        let before = |back: usize| place.checked_sub(back).and_then(|at| tokens.get(at));
        let restricted = matches!(before(1), Some(TokenTree::Group(_))) && ident(before(2)).as_deref() == Some("pub");
        let public = restricted || ident(before(1)).as_deref() == Some("pub");
        let template =
            Import { scope: scope.to_vec(), path: Vec::new(), name: None, public, line: line(&tokens[place]) };
        self.tree(&tokens[place + 1..end], &template);
        end + 1
    }

    /// Reads the tree of a `use` below the path of `above`.
    fn tree(&mut self, tokens: &[TokenTree], above: &Import) {
        for branch in tokens.split(|token| is_punct(Some(token), ',')) {
            let start = branch.iter().position(|token| !is_punct(Some(token), ':')).unwrap_or(branch.len());
            let (mut path, mut end) = (Vec::new(), start);
            if ident(branch.get(start)).is_some() {
                (path, end) = written(branch, start);
            }
            let line = branch.first().map_or(above.line, line);
            let mut import = Import { path: [above.path.clone(), path].concat(), line, ..above.clone() };
            let rest = branch.get(end..).unwrap_or_default();
            let rest = rest.iter().position(|token| !is_punct(Some(token), ':')).map_or(&[][..], |from| &rest[from..]);
            match rest.first() {
                Some(TokenTree::Group(group)) => self.tree(&self::tokens(group.stream()), &import),
                Some(TokenTree::Punct(_)) => self.imports.push(import),
                _ if branch.is_empty() => {}
                renamed => {
                    // `self` stands for the path above it.
                    if import.path.len() > 1 && import.path.last().is_some_and(|last| last == "self") {
                        import.path.pop();
                    }
                    let own = import.path.last().cloned();
                    import.name = if renamed.is_some() { ident(rest.get(1)) } else { own };
                    self.imports.push(import);
                }
            }
        }
    }
}

/// The names of a path that begins at a place, and the place behind it.
fn written(tokens: &[TokenTree], mut place: usize) -> (Vec<String>, usize) {
    let mut path: Vec<String> = ident(tokens.get(place)).into_iter().collect();
    place += 1;
    while is_punct(tokens.get(place), ':') && is_punct(tokens.get(place + 1), ':') {
        let Some(next) = ident(tokens.get(place + 2)) else { break };
        path.push(next);
        place += 3;
    }
    (path, place)
}

mod tests {
    use super::*;

    fn imports(text: &str) -> Vec<String> {
        let source: Source = text.parse().unwrap();
        let shown = |import: &Import| {
            let name = import.name.as_deref().unwrap_or("*");
            format!("{}{} as {name}", if import.public { "pub " } else { "" }, import.path.join("::"))
        };
        source.imports.iter().map(shown).collect()
    }

    fn mentions(text: &str) -> Vec<String> {
        let source: Source = text.parse().unwrap();
        source.mentions.iter().map(|mention| mention.path.join("::")).collect()
    }

    #[test]
    fn trees_of_imports_are_taken_apart() {
        assert_eq!(
            imports("use a::{self, b::C, d::{E as F, g::*}};\npub(crate) use ::h::I; pub use j::K; use l::M as _;"),
            ["a as a", "a::b::C as C", "a::d::E as F", "a::d::g as *", "pub h::I as I", "pub j::K as K", "l::M as _"]
        );
        assert!(imports("fn f() -> impl Sized + use<'_> {}").is_empty());
    }

    #[test]
    fn imports_and_paths_know_their_lines() {
        let source: Source = "//! x\nuse a::{\n    B,\n    c::D,\n};\nfn f() {\n    e::f();\n}".parse().unwrap();
        assert_eq!(source.imports.iter().map(|import| import.line).collect::<Vec<_>>(), [3, 4]);
        assert_eq!(source.mentions[0].line, 7);
    }

    #[test]
    fn paths_count_in_bodies_types_and_macros_and_not_in_comments_or_texts() {
        assert!(mentions("crate::a_macro!(); b::c != d").iter().eq(["b::c"]));
        let text = r#"/// crate::no::One
            fn f(x: crate::a::B) -> super::C { matches!(x, crate::d::E::F { .. }); "crate::no::two"; g.h(i::<u8>()) }"#;
        assert_eq!(mentions(text), ["crate::a::B", "super::C", "crate::d::E::F"]);
    }

    #[test]
    fn what_is_for_tests_only_is_left_out() {
        let text = "#[cfg(test)] mod tests { use a::B; }\n#[cfg(test)]\nuse c::{D};\n#[cfg(test)] mod e;\nuse f::G; \
            #[cfg(feature = \"x\")] mod h; #[cfg(all(test, unix))] fn i() { j::k() }";
        assert_eq!(imports(text), ["f::G as G"]);
        let source: Source = text.parse().unwrap();
        assert_eq!(source.modules, ["h"]);
        assert!(source.mentions.is_empty());
    }

    #[test]
    fn modules_within_a_file_are_around_what_they_hold() {
        let source: Source = "mod a { pub mod b { use super::C; } }".parse().unwrap();
        assert_eq!(source.imports[0].scope, ["a", "b"]);
        assert!(source.modules.is_empty());
    }
}
