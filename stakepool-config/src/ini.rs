//! The predecessor's ini grammar.

use crate::unquote::unquote;

/// A line that sets a key.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// The number of the line, from 1.
    pub(crate) line: usize,
    /// The key as it is written.
    pub(crate) name: String,
    /// The value, without quotes.
    pub(crate) value: String,
}

/// A line that cannot be understood. The line itself is not repeated, for it may hold a secret.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct BadLine {
    /// The number of the line, from 1.
    pub(crate) line: usize,
    /// What is wrong.
    pub(crate) reason: String,
}

/// The only section that has a meaning; its header may be missing.
const SECTION: &str = "Application Options";

/// Reads all lines; those that cannot be understood come apart.
pub(crate) fn parse(text: &str) -> (Vec<Entry>, Vec<BadLine>) {
    let (mut entries, mut bad) = (Vec::new(), Vec::new());
    for (index, line) in text.strip_prefix('\u{feff}').unwrap_or(text).lines().enumerate() {
        let number = index + 1;
        let line = line.trim();
        if line.is_empty() || line.starts_with([';', '#']) {
            continue;
        }
        match parse_line(line) {
            Ok(Some((name, value))) => entries.push(Entry { line: number, name, value }),
            Ok(None) => {}
            Err(reason) => bad.push(BadLine { line: number, reason }),
        }
    }
    (entries, bad)
}

fn parse_line(line: &str) -> Result<Option<(String, String)>, String> {
    if let Some(rest) = line.strip_prefix('[') {
        let section = rest.strip_suffix(']').ok_or("the section header does not end with `]`")?.trim();
        return if section.eq_ignore_ascii_case(SECTION) {
            Ok(None)
        } else {
            Err(format!("`[{section}]` is not a known section; the only one is [{SECTION}], and it may be left out"))
        };
    }
    let (name, value) = line.split_once('=').ok_or("a line sets a key as `key=value`, or begins with `;`")?;
    Ok(Some((name.trim().to_owned(), unquote(value.trim())?)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pairs(text: &str) -> Vec<(String, String)> {
        let (entries, bad) = parse(text);
        assert_eq!(bad, []);
        entries.into_iter().map(|entry| (entry.name, entry.value)).collect()
    }

    #[test]
    fn comments_sections_and_quotes_are_read_as_by_the_predecessor() {
        let text = "\u{feff}; comment\n# comment\r\n[Application Options]\r\n\n listen = :8000 \nsmtppassword=a=b;c#d\n\
                    closepoolmsg=\" Closed; \\\"soon\\\" open \"\ntestnet=\n";
        let expected = [
            ("listen", ":8000"),
            ("smtppassword", "a=b;c#d"),
            ("closepoolmsg", " Closed; \"soon\" open "),
            ("testnet", ""),
        ];
        assert_eq!(pairs(text), expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }

    #[test]
    fn every_bad_line_is_found_by_its_number_and_not_repeated() {
        let (entries, bad) = parse("hunter2\na=1\n[Other]\n[open\nb=\"hunter2\n");
        assert_eq!(entries.len(), 1);
        assert_eq!(bad.iter().map(|line| line.line).collect::<Vec<_>>(), [1, 3, 4, 5]);
        assert!(bad.iter().all(|line| !line.reason.contains("hunter2")));
    }

    proptest! {
        #[test]
        fn no_text_panics(text: String) {
            let _ = parse(&text);
        }
    }
}
