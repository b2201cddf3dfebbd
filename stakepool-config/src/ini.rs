//! The predecessor's ini grammar.

use crate::text::{lines, trim};
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
    /// The key that it would have set, where that can be seen.
    pub(crate) name: Option<String>,
    /// What is wrong.
    pub(crate) reason: &'static str,
}

/// The only section that has a meaning; its header may be missing.
const SECTION: &str = "Application Options";

/// Quotes that a word processor makes of `"` and `'`.
const TYPOGRAPHIC: [char; 8] =
    ['\u{201c}', '\u{201d}', '\u{201e}', '\u{2018}', '\u{2019}', '\u{201a}', '\u{ab}', '\u{bb}'];

/// Reads all lines; those that cannot be understood come apart.
pub(crate) fn parse(text: &str) -> (Vec<Entry>, Vec<BadLine>) {
    let (mut entries, mut bad) = (Vec::new(), Vec::new());
    for (index, line) in lines(text).enumerate() {
        let number = index + 1;
        let line = trim(line);
        if line.is_empty() || line.starts_with([';', '#']) {
            continue;
        }
        match parse_line(line) {
            Ok(Some((name, value))) => entries.push(Entry { line: number, name, value }),
            Ok(None) => {}
            Err(reason) => {
                let name = line.split_once('=').map(|(name, _)| trim(name).to_owned());
                bad.push(BadLine { line: number, name, reason });
            }
        }
    }
    (entries, bad)
}

fn parse_line(line: &str) -> Result<Option<(String, String)>, &'static str> {
    if line.contains(char::REPLACEMENT_CHARACTER) {
        return Err("the line is not UTF-8 text: save the file as UTF-8 (comments may be in any encoding)");
    }
    if let Some(rest) = line.strip_prefix('[') {
        let section = trim(rest.strip_suffix(']').ok_or("the section header does not end with `]`")?);
        return if section.eq_ignore_ascii_case(SECTION) {
            Ok(None)
        } else {
            Err("this is not a known section; the only one is [Application Options], and it may be left out")
        };
    }
    let (name, value) = line.split_once('=').ok_or("a line sets a key as `key=value`, or begins with `;`")?;
    let value = trim(value);
    if value.starts_with(TYPOGRAPHIC) && value.ends_with(TYPOGRAPHIC) && value.chars().count() > 1 {
        return Err("the value stands in typographic quotes: write \", or no quotes at all");
    }
    Ok(Some((trim(name).to_owned(), unquote(value)?)))
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
        let text = "; comment\n# comment\r\n[Application Options]\r\n\n listen = :8000 \nsmtppassword=a=b;c#d\n\
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

    #[test]
    fn blanks_that_nobody_sees_are_no_part_of_a_value_and_comments_are_in_any_encoding() {
        let text = "; f\u{fffd}r\r\u{a0}listen\u{a0}=\u{a0}:8000\u{a0}\r\u{200b}a=1\u{feff}\r\n\u{2003}b = 2 \u{2060}";
        let expected = [("listen", ":8000"), ("a", "1"), ("b", "2")];
        assert_eq!(pairs(text), expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
        let (entries, bad) = parse("a=hunter\u{fffd}\nb=\u{201c}hunter2\u{201d}\n");
        let names: Vec<_> = bad.iter().map(|line| (line.line, line.name.as_deref())).collect();
        assert_eq!((entries.len(), names), (0, vec![(1, Some("a")), (2, Some("b"))]));
        assert!(bad[0].reason.contains("UTF-8") && bad[1].reason.contains("typographic"), "{bad:?}");
    }

    proptest! {
        #[test]
        fn no_text_panics(text: String) {
            let _ = parse(&text);
        }
    }
}
