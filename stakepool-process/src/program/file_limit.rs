//! How many connections and files the process may have open.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// What is enough: every place for a connection twice, the database and the wallets beside.
const ENOUGH: u64 = 32_768;

/// Raises the soft limit of open files as far as is useful and allowed: many systems begin with 1024, which a thousand
/// idle clients would use up.
pub(crate) fn raise() {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let wanted = maximum.map_or(ENOUGH, |maximum| maximum.min(ENOUGH));
    if current.is_none_or(|current| current >= wanted) {
        return;
    }
    if let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), maximum }) {
        tracing::warn!(?current, wanted, %error, "the limit of open files stays as it is");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_soft_limit_is_raised_as_far_as_allowed() {
        raise();
        let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
        let allowed = maximum.map_or(ENOUGH, |maximum| maximum.min(ENOUGH));
        assert!(current.is_none_or(|current| current >= allowed), "{current:?}");
    }
}
