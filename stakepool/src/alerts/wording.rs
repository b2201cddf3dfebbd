//! Alerts in words.

use stakepool_core::alert::{Alert, AlertPhase};

/// Some alerts in words: the subject and the text of a message.
pub(super) fn in_words(site: &str, alerts: &[Alert]) -> (String, String) {
    let words = |alert: &Alert| {
        let Alert { kind, about, text, since, .. } = alert;
        let since = since.readable();
        let name = kind.name().replace('_', " ");
        match alert.phase {
            AlertPhase::Begins => format!("NEW: {name}, {about}: {text} (since {since})"),
            AlertPhase::Lasts => format!("STILL: {name}, {about}: {text} (since {since})"),
            AlertPhase::Ends => format!("OVER: {name}, {about}. It was: {text} (since {since})"),
        }
    };
    let lines: Vec<_> = alerts.iter().map(words).collect();
    let first = alerts.first().map_or_else(String::new, |alert| {
        format!("{}: {}, {}", alert.phase.name(), alert.kind.name().replace('_', " "), alert.about)
    });
    let more = if alerts.len() > 1 { format!(" and {} more", alerts.len() - 1) } else { String::new() };
    (format!("[{site}] {first}{more}"), lines.join("\n\n"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use stakepool_core::alert::AlertKind;
    use stakepool_core::time::UnixTime;

    fn alert() -> Alert {
        Alert {
            kind: AlertKind::WalletLocked,
            phase: AlertPhase::Begins,
            about: "a:1".into(),
            text: "it is locked".into(),
            since: UnixTime(0),
        }
    }

    #[test]
    fn a_message_says_what_is_wrong_with_what_since_when() {
        let (subject, text) = in_words("pool", &[alert(), Alert { phase: AlertPhase::Ends, ..alert() }]);
        assert_eq!(subject, "[pool] begins: wallet locked, a:1 and 1 more");
        assert!(text.starts_with("NEW: wallet locked, a:1: it is locked (since 1970"), "{text}");
        assert!(text.contains("\n\nOVER: wallet locked, a:1. It was: it is locked"), "{text}");
    }
}
