//! What a server's settings mean for the pool.

use std::collections::BTreeMap;

use super::defect::{Defect, Severity};

/// The settings that are looked at.
pub(crate) const SETTINGS: [&str; 9] = [
    "version",
    "lower_case_table_names",
    "sql_mode",
    "read_only",
    "log_bin",
    "binlog_format",
    "max_allowed_packet",
    "wait_timeout",
    "auto_increment_increment",
];

/// The least size of a packet, in bytes, in which everything fits that this program sends.
const PACKET: i64 = 4 << 20;
/// Up to this many seconds of rest, connections end between two uses.
const WAIT: i64 = 15;

/// What should be known of settings.
pub(super) fn judge(variables: &BTreeMap<String, String>) -> Vec<Defect> {
    let text = |name: &str| variables.get(name).map(String::as_str);
    let number = |name: &str| text(name).and_then(|value| value.parse::<i64>().ok());
    let is_on = |name: &str| text(name).is_some_and(|value| value == "1" || value.eq_ignore_ascii_case("ON"));
    let said = |severity, kind, text: &str| Defect::new(severity, kind, "server", text);
    let mut defects = Vec::new();
    if number("lower_case_table_names") == Some(1) {
        defects.push(lower_case());
    }
    if let Some(mode) = text("sql_mode") {
        defects.extend(sql_mode(mode));
    }
    if is_on("read_only") {
        defects.push(
            said(Severity::Error, "read_only", "it only reads (read_only is on)")
                .remedy("name the server that writes in dbhost, or SET GLOBAL read_only = OFF"),
        );
    }
    if is_on("log_bin") && text("binlog_format").is_some_and(|format| format.eq_ignore_ascii_case("STATEMENT")) {
        let text = "its log of changes is by statements (log_bin, binlog_format=STATEMENT), with which changes at READ \
                    COMMITTED are refused";
        defects.push(said(Severity::Error, "log_bin", text).remedy("set binlog_format=ROW (or MIXED) on the server"));
    } else if is_on("log_bin") {
        let text =
            "it keeps a log of changes (log_bin), with which accounts without SUPER make no triggers; none is needed";
        defects.push(said(Severity::Note, "log_bin", text));
    }
    if let Some(packet) = number("max_allowed_packet").filter(|packet| *packet < PACKET) {
        let text = format!("max_allowed_packet is {packet} bytes; long reports of daemons do not fit");
        defects.push(
            said(Severity::Warning, "max_allowed_packet", &text)
                .remedy(format!("SET GLOBAL max_allowed_packet = {PACKET}, and the same in its configuration")),
        );
    }
    if let Some(wait) = number("wait_timeout").filter(|wait| *wait < WAIT) {
        let text = format!("wait_timeout is {wait} seconds: connections that rest end, and are made anew");
        defects.push(
            said(Severity::Note, "wait_timeout", &text)
                .remedy("raise it to 60 or more, or accept some more connections"),
        );
    }
    defects
}

fn lower_case() -> Defect {
    let text = "lower_case_table_names is 1: there the predecessor's web does not find its own columns, so that each of its \
                starts has set EmailVerified to 2, EmailToken and APIToken to '' and VoteBits to 1 for all users; what was \
                there before is lost. This program is not touched by it";
    Defect::new(Severity::Warning, "lower_case_table_names", "server", text).remedy(
        "users whose API keys do not work copy the new one from the settings page; before going back to the predecessor, \
         move the database to a server with lower_case_table_names=0 (`stakepoolctl db copy`)",
    )
}

fn sql_mode(mode: &str) -> Vec<Defect> {
    let has = |name: &str| mode.split(',').any(|part| part.trim().eq_ignore_ascii_case(name));
    let said = |text: &str| Defect::new(Severity::Note, "sql_mode", "server", text);
    let mut defects = Vec::new();
    if !has("STRICT_TRANS_TABLES") && !has("STRICT_ALL_TABLES") {
        let text = "sql_mode is not strict: the predecessor's programs had values that are too long cut without a word. \
                    This program sets a strict one for itself";
        defects.push(said(text).remedy("add STRICT_TRANS_TABLES to sql_mode if you go back to the predecessor"));
    }
    if has("ANSI_QUOTES") || has("ANSI") {
        let text = "sql_mode has ANSI_QUOTES, with which the predecessor's web removes no added ticket. This program sets \
                    its own";
        defects.push(said(text));
    }
    defects
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(name: &str, value: &str) -> Vec<(Severity, &'static str)> {
        let mut variables = BTreeMap::from([(name.to_owned(), value.to_owned())]);
        if name == "binlog_format" {
            variables.insert("log_bin".to_owned(), "ON".to_owned());
        }
        judge(&variables).into_iter().map(|defect| (defect.severity, defect.kind)).collect()
    }

    #[test]
    fn each_setting_that_matters_is_named() {
        for (name, value, severity, kind) in [
            ("lower_case_table_names", "1", Severity::Warning, "lower_case_table_names"),
            ("sql_mode", "", Severity::Note, "sql_mode"),
            ("sql_mode", "STRICT_ALL_TABLES,ANSI_QUOTES", Severity::Note, "sql_mode"),
            ("read_only", "ON", Severity::Error, "read_only"),
            ("log_bin", "ON", Severity::Note, "log_bin"),
            ("binlog_format", "STATEMENT", Severity::Error, "log_bin"),
            ("max_allowed_packet", "1048576", Severity::Warning, "max_allowed_packet"),
            ("wait_timeout", "5", Severity::Note, "wait_timeout"),
        ] {
            assert_eq!(found(name, value), [(severity, kind)], "{name}={value}");
        }
    }

    #[test]
    fn settings_as_they_should_be_are_not_mentioned() {
        for (name, value) in [
            ("lower_case_table_names", "0"),
            ("lower_case_table_names", "2"),
            ("sql_mode", "STRICT_TRANS_TABLES,NO_ZERO_DATE"),
            ("read_only", "OFF"),
            ("log_bin", "OFF"),
            ("max_allowed_packet", "16777216"),
            ("wait_timeout", "28800"),
        ] {
            assert_eq!(found(name, value), [], "{name}={value}");
        }
    }
}
