//! Single values of a configuration.

use std::path::PathBuf;
use std::str::FromStr;

use stakepool_core::ticket::PoolFee;

/// Most users that a pool may have: more keys take minutes to derive.
pub(crate) const MOST_USERS: u32 = 1_000_000;

/// On or off, as Go writes it; a switch without a value is on.
pub(crate) fn switch(text: &str) -> Result<bool, String> {
    match text {
        "" | "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(false),
        _ => Err(format!("`{text}` is neither on nor off: write 1 or 0")),
    }
}

/// A whole number in a range.
pub(crate) fn number(text: &str, range: std::ops::RangeInclusive<u32>) -> Result<u32, String> {
    text.parse().ok().filter(|number| range.contains(number)).ok_or_else(|| {
        format!("`{text}` cannot be used: give a whole number from {} to {}", range.start(), range.end())
    })
}

/// A percentage that exccwallet takes for its pool fee, too: from 0.01 to 100.
pub(crate) fn fee(text: &str) -> Result<PoolFee, String> {
    if text == NO_FEE {
        return PoolFee::from_str("0").map_err(|error| error.to_string());
    }
    let wrong = || {
        format!(
            "`{text}` is not a fee that the voting wallets take: give a percentage from 0.01 to 100, such as 7.5, or \
             {NO_FEE} for a pool that asks nothing"
        )
    };
    text.parse().ok().filter(|fee: &PoolFee| fee.hundredths() > 0).ok_or_else(wrong)
}

/// How a fee of nothing is written.
pub(crate) const NO_FEE: &str = "none";

/// The address of a web page. One with a password in it is refused, and not repeated.
pub(crate) fn url(text: &str) -> Result<String, String> {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")).unwrap_or_default();
    let authority = text.split_once("://").map_or(text, |(_, rest)| rest).split(['/', '?', '#']).next();
    if authority.is_some_and(|authority| authority.contains('@')) {
        return Err("a web address with a user or password is not taken: write it like https://pool.example".to_owned());
    }
    if rest.is_empty() || rest.starts_with('/') || rest.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return Err(format!("`{text}` is not a web address: write it like https://pool.example"));
    }
    Ok(text.to_owned())
}

/// A path with `~`, `$NAME` and `${NAME}` resolved.
pub(crate) fn path(text: &str, env: &dyn Fn(&str) -> Option<String>) -> Result<PathBuf, String> {
    let variable = |name: &str| {
        env(name)
            .ok_or_else(|| format!("the environment variable {name} in `{text}` is not set: write the path in full"))
    };
    let mut path = String::with_capacity(text.len());
    let mut rest = text;
    if let Some(below) = text.strip_prefix('~').filter(|below| below.is_empty() || below.starts_with('/')) {
        path.push_str(&variable("HOME")?);
        rest = below;
    }
    while let Some((before, after)) = rest.split_once('$') {
        path.push_str(before);
        let (name, remaining) = match after.strip_prefix('{').and_then(|inner| inner.split_once('}')) {
            Some(braced) => braced,
            None => {
                let end = after.find(|c: char| c != '_' && !c.is_ascii_alphanumeric()).unwrap_or(after.len());
                after.split_at(end)
            }
        };
        if name.is_empty() {
            path.push('$');
        } else {
            path.push_str(&variable(name)?);
        }
        rest = remaining;
    }
    path.push_str(rest);
    Ok(PathBuf::from(path))
}

/// The entries of a list that is separated by commas; `None` stands for an empty one.
pub(crate) fn entries(text: &str) -> impl Iterator<Item = Option<&str>> {
    text.split(',').map(str::trim).map(|entry| (!entry.is_empty()).then_some(entry))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn expanded(text: &str) -> Result<String, String> {
        let env = |name: &str| match name {
            "HOME" => Some("/home/pool".to_owned()),
            "NET" => Some("test".to_owned()),
            _ => None,
        };
        path(text, &env).map(|path| path.display().to_string())
    }

    #[test]
    fn paths_are_expanded_as_by_the_predecessor() {
        for (text, expected) in [
            ("~", "/home/pool"),
            ("~/data", "/home/pool/data"),
            ("/srv/$NET/${NET}x", "/srv/test/testx"),
            ("a~b", "a~b"),
            ("~other/x", "~other/x"),
            ("100$", "100$"),
        ] {
            assert_eq!(expanded(text).as_deref(), Ok(expected));
        }
        assert!(expanded("$NOWHERE/x").unwrap_err().contains("NOWHERE"));
    }

    #[test]
    fn switches_are_read_as_go_reads_them() {
        assert_eq!((switch(""), switch("1"), switch("false")), (Ok(true), Ok(true), Ok(false)));
        assert!(switch("yes").is_err());
    }

    #[test]
    fn a_fee_is_one_that_the_wallets_take_and_nothing_only_by_a_word() {
        for (text, percent) in [("0.01", 0.01), ("7.5", 7.5), ("100", 100.0), ("none", 0.0)] {
            assert_eq!(fee(text).map(PoolFee::percent), Ok(percent), "{text}");
        }
        for text in ["0", "0.0", "0.001", "0.0099", "-1", "100.01", "7,5", "7.5%", "", "NaN", "inf"] {
            assert!(fee(text).unwrap_err().contains("from 0.01 to 100"), "{text}");
        }
    }

    #[test]
    fn a_password_in_a_web_address_is_not_repeated() {
        for text in ["https://user:hunter2@pool.example", "user:hunter2@pool.example", "ftp://hunter2@x"] {
            let error = url(text).unwrap_err();
            assert!(!error.contains("hunter2"), "{error}");
        }
        assert!(url("https://t.example/?q=a@b").is_ok());
    }

    #[test]
    fn web_addresses_need_a_scheme_and_a_host() {
        assert!(url("https://pool.example/x").is_ok());
        for text in ["pool.example", "https://", "ftp://x", "http:///x", "https://a b"] {
            assert!(url(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_path_panics(text in "~?[$a{}/~ü]*") {
            let _ = expanded(&text);
        }
    }
}
