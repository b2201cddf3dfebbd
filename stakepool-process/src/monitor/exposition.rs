//! Prometheus' text format, version 0.0.4.

use std::fmt::{Display, Write as _};

/// What a family of figures is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Only grows, until the program starts anew.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Counts of observations up to several bounds.
    Histogram,
}

impl Kind {
    const fn name(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        }
    }
}

/// Figures as text.
///
/// ```
/// use stakepool_process::monitor::{Exposition, Kind};
///
/// let mut figures = Exposition::default();
/// figures.family("pool_tickets", Kind::Gauge, "Tickets by state.");
/// figures.sample("pool_tickets", &[("state", "live")], 12);
/// figures.sample("pool_tickets", &[("state", "immature")], 3);
/// assert!(figures.into_text().ends_with("pool_tickets{state=\"immature\"} 3\n"));
/// ```
#[derive(Debug, Default)]
pub struct Exposition(String);

impl Exposition {
    /// Begins a family. Its samples must follow at once: the format wants them together.
    pub fn family(&mut self, name: &str, kind: Kind, help: &str) {
        let help = help.replace('\\', "\\\\").replace('\n', "\\n");
        // Writing to a string cannot fail.
        let _ = write!(self.0, "# HELP {name} {help}\n# TYPE {name} {}\n", kind.name());
    }

    /// A sample of the family that was begun last.
    pub fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: impl Display) {
        self.0.push_str(name);
        for (number, (label, text)) in labels.iter().enumerate() {
            let text = text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
            let before = if number == 0 { '{' } else { ',' };
            let _ = write!(self.0, "{before}{label}=\"{text}\"");
        }
        if !labels.is_empty() {
            self.0.push('}');
        }
        let _ = writeln!(self.0, " {value}");
    }

    /// A family of one sample without labels.
    pub fn single(&mut self, name: &str, kind: Kind, help: &str, value: impl Display) {
        self.family(name, kind, help);
        self.sample(name, &[], value);
    }

    /// The text.
    pub fn into_text(self) -> String {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_written_as_prometheus_reads_them() {
        let mut text = Exposition::default();
        text.single("a_total", Kind::Counter, "All of a\nb", 3);
        text.family("b", Kind::Gauge, "B.");
        text.sample("b", &[("host", "x\"y\\z\n"), ("n", "1")], 0.5);
        assert_eq!(
            text.into_text(),
            "# HELP a_total All of a\\nb\n# TYPE a_total counter\na_total 3\n# HELP b B.\n# TYPE b gauge\n\
             b{host=\"x\\\"y\\\\z\\n\",n=\"1\"} 0.5\n"
        );
    }
}
