//! The token that a request carries in its `Authorization`.

/// The token of a bearer in the value of an `Authorization` header, whatever the case of the scheme (RFC 9110, section
/// 11.1) and whatever blanks stand around it. A proxy that asks for credentials of its own may put another scheme before,
/// with a comma between.
///
/// ```
/// use stakepool_core::bearer::bearer_token;
///
/// assert_eq!(bearer_token("bearer \t KEY "), Some("KEY"));
/// assert_eq!(bearer_token("Basic YTpi, Bearer KEY"), Some("KEY"));
/// assert_eq!(bearer_token("Basic YTpi"), None);
/// ```
pub fn bearer_token(header: &str) -> Option<&str> {
    let mut rest = header.trim();
    loop {
        if let Some(token) = after_scheme(rest) {
            return Some(token);
        }
        rest = rest.split_once(',')?.1.trim_start();
    }
}

fn after_scheme(text: &str) -> Option<&str> {
    const SCHEME: &str = "bearer";
    let (scheme, rest) = text.split_at_checked(SCHEME.len())?;
    let is_whole = rest.is_empty() || rest.starts_with([' ', '\t']);
    (scheme.eq_ignore_ascii_case(SCHEME) && is_whole).then(|| rest.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scheme_is_read_in_any_case_and_with_any_blanks() {
        for header in [
            "Bearer KEY",
            "bearer KEY",
            "BEARER KEY",
            "bEaReR KEY",
            "Bearer  KEY",
            "Bearer\tKEY",
            " Bearer KEY\t",
            "Basic dXNlcjpwYXNz, Bearer KEY",
            "Basic dXNlcjpwYXNz,bearer KEY",
        ] {
            assert_eq!(bearer_token(header), Some("KEY"), "{header:?}");
        }
    }

    #[test]
    fn what_is_no_bearer_carries_nothing() {
        for header in ["", "KEY", "BearerKEY", "Bearers KEY", "Basic KEY", "Token KEY, Digest x", "Bearer-KEY"] {
            assert_eq!(bearer_token(header), None, "{header:?}");
        }
        assert_eq!(bearer_token("Bearer"), Some(""));
        assert_eq!(bearer_token("Bearer KEY x"), Some("KEY x"), "one token, which this is not");
        assert_eq!(bearer_token("Bearer a,b"), Some("a,b"));
    }
}
