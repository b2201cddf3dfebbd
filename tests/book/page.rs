//! A chapter of the book, as far as tests read it.

use std::path::PathBuf;

/// A chapter.
pub struct Page {
    /// The file's name.
    pub name: String,
    pub text: String,
}

impl Page {
    pub fn read(path: PathBuf) -> Self {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        Self { name, text: std::fs::read_to_string(path).unwrap() }
    }

    /// The lines that are no code.
    pub fn prose(&self) -> impl Iterator<Item = &str> {
        let mut code = false;
        self.text.lines().filter(move |line| {
            let fence = line.trim_start().starts_with("```");
            code ^= fence;
            !code && !fence
        })
    }

    /// What links and pages call a place in this chapter.
    pub fn anchors(&self) -> Vec<String> {
        let headings = self.prose().filter(|line| line.starts_with('#'));
        headings.map(|line| anchor(line.trim_start_matches('#').trim())).collect()
    }

    /// The lines of blocks of code of a language.
    pub fn code(&self, language: &str) -> Vec<&str> {
        let mut inside = false;
        let fence = format!("```{language}");
        let mut found = Vec::new();
        for line in self.text.lines() {
            match line.trim() {
                opens if opens == fence => inside = true,
                "```" => inside = false,
                line if inside => found.push(line),
                _ => {}
            }
        }
        found
    }
}

/// As mdBook makes it: letters, digits, `_` and `-`, in lower case, a blank as `-`.
fn anchor(heading: &str) -> String {
    let kept = heading.chars().filter_map(|c| match c {
        ' ' => Some('-'),
        c if c.is_alphanumeric() || matches!(c, '_' | '-') => Some(c.to_ascii_lowercase()),
        _ => None,
    });
    kept.collect()
}
