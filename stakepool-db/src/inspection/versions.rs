//! Which versions of servers there are, and until when they are mended.

/// How a version of a server is looked upon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Support {
    /// The tests run against it.
    Tried,
    /// It should work; nobody tried.
    Untried,
    /// Its makers mend it no more, since then.
    Over(&'static str),
    /// It is not on the list.
    Unknown,
}

/// Lines of releases, and when their support ended or will.
const MARIADB: [(u32, u32, &str); 7] = [
    (10, 3, "2023-05"),
    (10, 4, "2024-06"),
    (10, 5, "2025-06"),
    (10, 6, "2026-07"),
    (10, 11, "2028-02"),
    (11, 4, "2029-05"),
    (11, 8, "2028-06"),
];
const MYSQL: [(u32, u32, &str); 3] = [(5, 7, "2023-10"), (8, 0, "2026-04"), (8, 4, "2032-04")];
/// What the tests run against.
const TRIED: (u32, u32) = (10, 11);

/// How the version that a server says is looked upon in a month, `YYYY-MM`.
pub(super) fn support(version: &str, month: &str) -> Support {
    // Some servers of MariaDB say `5.5.5-` first, for old clients.
    let is_mariadb = version.contains("MariaDB");
    let version = version.strip_prefix("5.5.5-").filter(|_| is_mariadb).unwrap_or(version);
    let mut numbers = version.split(['.', '-']).map_while(|number| number.parse::<u32>().ok());
    let (Some(major), Some(minor)) = (numbers.next(), numbers.next()) else { return Support::Unknown };
    let lines: &[_] = if is_mariadb { &MARIADB } else { &MYSQL };
    let Some((_, _, end)) = lines.iter().find(|(of, line, _)| (*of, *line) == (major, minor)) else {
        return Support::Unknown;
    };
    match () {
        () if *end < month => Support::Over(end),
        () if is_mariadb && (major, minor) == TRIED => Support::Tried,
        () => Support::Untried,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_known_by_their_line() {
        for (version, expected) in [
            ("10.11.19-MariaDB-0+deb12u1", Support::Tried),
            ("5.5.5-10.11.6-MariaDB-log", Support::Tried),
            ("8.0.36-0ubuntu0.22.04.1", Support::Over("2026-04")),
            ("8.4.3", Support::Untried),
            ("10.6.20-MariaDB", Support::Over("2026-07")),
            ("11.2.2-MariaDB", Support::Unknown),
            ("a fork", Support::Unknown),
        ] {
            assert_eq!(support(version, "2026-11"), expected, "{version}");
        }
        assert_eq!(support("8.0.36", "2026-04"), Support::Untried);
    }
}
