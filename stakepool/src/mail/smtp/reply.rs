//! What a mail server answers: a code that counts, and words in whatever encoding.

use stakepool_core::sanitize::one_line;

/// Most bytes of words that are repeated to the operator.
const SHOWN: usize = 300;

/// An answer of the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reply {
    /// The code, from 200 to 599.
    pub(super) code: u16,
    /// The lines without their codes.
    pub(super) lines: Vec<String>,
}

/// One line of an answer: its code, whether it is the last one, and the words.
pub(super) fn read_line(line: &[u8]) -> Option<(u16, bool, String)> {
    let line = line.trim_ascii_end();
    let (code, rest) = line.split_first_chunk::<3>()?;
    let code: u16 = std::str::from_utf8(code).ok()?.parse().ok().filter(|code| (200..600).contains(code))?;
    match rest.split_first() {
        None => Some((code, true, String::new())),
        Some((b' ' | b'\t', words)) => Some((code, true, text(words))),
        Some((b'-', words)) => Some((code, false, text(words))),
        Some(_) => None,
    }
}

/// Words in UTF-8, or else in Latin-1, of which every byte is a character.
fn text(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes.iter().copied().map(char::from).collect(),
    }
}

impl Reply {
    /// Whether it is of the hundred: 2 done, 3 go on, 4 not now, 5 not at all.
    pub(super) const fn is(&self, hundred: u16) -> bool {
        self.code / 100 == hundred
    }

    /// Code and words in one line; an enhanced status code that every line repeats stands there once.
    pub(super) fn said(&self) -> String {
        let status = self.lines.first().and_then(|line| line.split_whitespace().next()).filter(|word| is_status(word));
        let mut words = Vec::new();
        for (at, line) in self.lines.iter().enumerate() {
            let line = match status {
                Some(status) if at > 0 => line.trim_start().strip_prefix(status).unwrap_or(line),
                _ => line,
            };
            words.extend(line.split_whitespace());
        }
        one_line(format!("{} {}", self.code, words.join(" ")).trim_end(), SHOWN)
    }
}

/// An enhanced status code (RFC 3463), such as `5.1.1`.
fn is_status(word: &str) -> bool {
    let is_number = |part: &str| (1..=3).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
    word.split('.').count() == 3 && word.split('.').all(is_number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(text: &[u8]) -> Reply {
        let read: Vec<_> = text.split_inclusive(|byte| *byte == b'\n').map(|line| read_line(line).unwrap()).collect();
        Reply { code: read.last().unwrap().0, lines: read.into_iter().map(|(.., words)| words).collect() }
    }

    #[test]
    fn words_in_any_encoding_are_read_and_the_code_counts() {
        for (words, expected) in [
            (&b"550 Postfach existiert nicht: gel\xf6scht\r\n"[..], "550 Postfach existiert nicht: gelöscht"),
            ("550 Postfach gelöscht\r\n".as_bytes(), "550 Postfach gelöscht"),
            (b"550 \x8d\xff\xfe\r\n", "550 \\u{8d}ÿþ"),
            (b"450\r\n", "450"),
            (b"450 \n", "450"),
            (b"451 bare line feed\n", "451 bare line feed"),
            (b"550 \x1b[2Jforged\x00\r\n", "550 \\u{1b}[2Jforged\\u{0}"),
        ] {
            assert_eq!(reply(words).said(), expected);
        }
    }

    #[test]
    fn a_status_that_every_line_repeats_is_said_once() {
        let greylisted = reply(b"450-4.2.0 <a@example.org>: Recipient\r\n450 4.2.0 address rejected: Greylisted\r\n");
        assert_eq!(greylisted.said(), "450 4.2.0 <a@example.org>: Recipient address rejected: Greylisted");
        assert_eq!(reply(b"550-one\r\n550 one\r\n").said(), "550 one one");
        let long = reply(format!("550 {}\r\n", "x".repeat(5000)).as_bytes()).said();
        assert!(long.len() < 400 && long.ends_with('…'));
    }

    #[test]
    fn what_is_no_answer_of_a_mail_server_is_seen() {
        for line in
            [&b"HTTP/1.1 400 Bad Request\r\n"[..], b"", b"\r\n", b"25", b"999 x", b"100 x", b"250_ok", b"\x16\x03\x01"]
        {
            assert_eq!(read_line(line), None, "{line:?}");
        }
    }
}
