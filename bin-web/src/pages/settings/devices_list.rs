//! The list of devices that are signed in.

use serde::Serialize;
use stakepool_core::accounts::User;
use stakepool_core::ports::{Session, SessionToken, StoreError};
use stakepool_core::time::UnixTime;

use crate::visit::Visit;

/// A session as it is shown.
#[derive(Serialize)]
pub struct Device {
    /// The hash of the session's secret: it names the session and opens nothing.
    id: String,
    client: String,
    signed_in: String,
    last_seen: String,
    is_this: bool,
}

/// The user's sessions, this one first.
pub async fn of(visit: &Visit, user: &User) -> Result<Vec<Device>, StoreError> {
    let now = visit.site.now();
    let device = |(token, session): (SessionToken, Session)| Device {
        id: hex::encode(token.0),
        client: session.client,
        signed_in: ago(session.created, now),
        last_seen: ago(session.last_seen, now),
        is_this: visit.session() == Some(&token),
    };
    let sessions = visit.site.pool.sessions_of(user.id).await?;
    let mut devices: Vec<_> = sessions.into_iter().map(device).collect();
    devices.sort_by_key(|device| !device.is_this);
    Ok(devices)
}

/// How long ago something was, in words.
fn ago(then: UnixTime, now: UnixTime) -> String {
    let minutes = now.0.saturating_sub(then.0).max(0) / 60;
    let (count, unit) = match minutes {
        0 => return "just now".to_owned(),
        1..=59 => (minutes, "minute"),
        60..=1439 => (minutes / 60, "hour"),
        _ => (minutes / 1440, "day"),
    };
    format!("{count} {unit}{} ago", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_in_words() {
        let words = |seconds| ago(UnixTime(0), UnixTime(seconds));
        assert_eq!(
            [words(-5), words(59), words(60), words(3599)],
            ["just now", "just now", "1 minute ago", "59 minutes ago"]
        );
        assert_eq!([words(3600), words(86_399), words(86_400)], ["1 hour ago", "23 hours ago", "1 day ago"]);
    }
}
