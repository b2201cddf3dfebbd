//! How secrets are written in a configuration.

/// How a secret is written in a configuration.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum SecretText<'a> {
    /// In a file.
    File(&'a str),
    /// In an environment variable.
    Environment(&'a str),
    /// As itself.
    Literal(&'a str),
}

impl<'a> SecretText<'a> {
    pub(crate) fn parse(text: &'a str) -> Self {
        if let Some(path) = text.strip_prefix("file:") {
            Self::File(path)
        } else if let Some(name) = text.strip_prefix("env:") {
            Self::Environment(name)
        } else {
            Self::Literal(text.strip_prefix("plain:").unwrap_or(text))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_literal_that_looks_like_a_reference_is_written_plain() {
        assert_eq!(SecretText::parse("file:a"), SecretText::File("a"));
        assert_eq!(SecretText::parse("env:A"), SecretText::Environment("A"));
        assert_eq!(SecretText::parse("plain:file:a"), SecretText::Literal("file:a"));
        assert_eq!(SecretText::parse("pass"), SecretText::Literal("pass"));
    }
}
