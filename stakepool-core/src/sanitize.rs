//! Texts of strangers, made fit for a line of a log or a terminal.

/// The text in one line of at most `most` bytes: control characters, which could forge lines or steer a terminal,
/// become `\u{fffd}`, and what is too long ends with `…`.
pub fn one_line(text: &str, most: usize) -> String {
    let kept = &text[..text.floor_char_boundary(most)];
    let is_steering = |c: char| {
        c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    let mut line: String = kept.chars().map(|c| if is_steering(c) { '\u{fffd}' } else { c }).collect();
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
        assert_eq!(
            one_line("no\nINFO forged\r\u{1b}[2J\u{85}", 100),
            "no\u{fffd}INFO forged\u{fffd}\u{fffd}[2J\u{fffd}"
        );
        assert_eq!(one_line("üüü", 5), "üü…");
        assert_eq!(one_line("üüü", 6), "üüü");
    }

    proptest! {
        #[test]
        fn no_text_leaves_a_control_character(text in any::<String>(), most in 0_usize..50) {
            prop_assert!(!one_line(&text, most).chars().any(char::is_control));
        }
    }
}
