//! Texts of strangers, made fit for a page, a terminal, or a line of a log.

use std::borrow::Cow;

/// Characters that show nothing, or change the order in which others show: Unicode's format characters (`Cf`), its
/// default ignorable code points, and the blanks of Hangul and Braille. In pairs of first and last.
const HIDDEN: [(char, char); 27] = [
    ('\u{ad}', '\u{ad}'),
    ('\u{34f}', '\u{34f}'),
    ('\u{600}', '\u{605}'),
    ('\u{61c}', '\u{61c}'),
    ('\u{6dd}', '\u{6dd}'),
    ('\u{70f}', '\u{70f}'),
    ('\u{890}', '\u{891}'),
    ('\u{8e2}', '\u{8e2}'),
    ('\u{115f}', '\u{1160}'),
    ('\u{17b4}', '\u{17b5}'),
    ('\u{180b}', '\u{180f}'),
    ('\u{200b}', '\u{200f}'),
    ('\u{2028}', '\u{202e}'),
    ('\u{2060}', '\u{206f}'),
    ('\u{2800}', '\u{2800}'),
    ('\u{3164}', '\u{3164}'),
    ('\u{fe00}', '\u{fe0f}'),
    ('\u{feff}', '\u{feff}'),
    ('\u{ffa0}', '\u{ffa0}'),
    ('\u{fff0}', '\u{fffb}'),
    ('\u{110bd}', '\u{110bd}'),
    ('\u{110cd}', '\u{110cd}'),
    ('\u{13430}', '\u{1343f}'),
    ('\u{1bca0}', '\u{1bca3}'),
    ('\u{1d173}', '\u{1d17a}'),
    ('\u{e0000}', '\u{e0fff}'),
    ('\u{10fffe}', '\u{10ffff}'),
];

/// Whether a character shows nothing, or changes how others show: a zero-width space, a mark of direction, and their
/// like. Blanks and control characters are others.
pub fn is_hidden(c: char) -> bool {
    !c.is_ascii() && HIDDEN.iter().any(|(first, last)| (*first..=*last).contains(&c))
}

/// The text with its control and hidden characters written out, as `\n` or `\u{202e}`: it cannot forge a line, steer a
/// terminal, or pass for another text.
///
/// ```
/// use stakepool_core::sanitize::visible;
///
/// assert_eq!(visible("alice@example.org"), "alice@example.org");
/// assert_eq!(visible("a\u{202e}gro.elpmaxe@b\n"), r"a\u{202e}gro.elpmaxe@b\n");
/// ```
pub fn visible(text: &str) -> Cow<'_, str> {
    let must_go = |c: char| c.is_control() || is_hidden(c);
    if !text.contains(must_go) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if c.is_control() {
            shown.extend(c.escape_default());
        } else if is_hidden(c) {
            shown.extend(c.escape_unicode());
        } else {
            shown.push(c);
        }
    }
    Cow::Owned(shown)
}

/// The [`visible`] text in one line, of which at most `most` bytes count; what is too long ends with `…`.
pub fn one_line(text: &str, most: usize) -> String {
    let kept = &text[..text.floor_char_boundary(most)];
    let mut line = visible(kept).into_owned();
    if kept.len() < text.len() {
        line.push('…');
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_text_cannot_forge_lines_steer_a_terminal_or_fill_the_log() {
        assert_eq!(one_line("no\nINFO forged\r\u{1b}[2J\u{85}", 100), r"no\nINFO forged\r\u{1b}[2J\u{85}");
        assert_eq!(one_line("üüü", 5), "üü…");
        assert_eq!(one_line("üüü", 6), "üüü");
    }

    #[test]
    fn what_is_not_seen_is_written_out() {
        for hidden in [
            '\u{200b}',
            '\u{200e}',
            '\u{202e}',
            '\u{2066}',
            '\u{feff}',
            '\u{ad}',
            '\u{61c}',
            '\u{2028}',
            '\u{2063}',
            '\u{3164}',
            '\u{e0041}',
            '\u{180e}',
        ] {
            let expected = format!("a{}b", hidden.escape_unicode());
            assert_eq!(visible(&format!("a{hidden}b")), expected);
        }
        let plain = "Grüße, 例え, ключ, مفتاح – “a” 😀";
        assert_eq!(visible(plain), plain);
    }

    proptest! {
        #[test]
        fn no_text_leaves_a_control_or_hidden_character(text in any::<String>(), most in 0_usize..50) {
            prop_assert!(!one_line(&text, most).chars().any(|c| c.is_control() || is_hidden(c)));
        }
    }
}
