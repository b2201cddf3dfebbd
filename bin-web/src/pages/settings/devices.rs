//! The devices that are signed in.

use serde::Serialize;
use stakepool_core::accounts::User;
use stakepool_core::audit::AuditAction;
use stakepool_core::ports::{Session, SessionToken};
use stakepool_core::time::UnixTime;

use crate::browser::flash::Flash;
use crate::page_error::PageError;
use crate::session;
use crate::visit::{Outcome, Visit};
use crate::http::respond::add_cookie;

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
pub async fn list(visit: &Visit, user: &User) -> Result<Vec<Device>, Trouble> {
    let now = visit.app.now();
    let device = |(token, session): (SessionToken, Session)| Device {
        id: hex::encode(token.0),
        client: session.client,
        signed_in: ago(session.created, now),
        last_seen: ago(session.last_seen, now),
        is_this: visit.session() == Some(&token),
    };
    let sessions = visit.app.services.access.sessions_of(user.id, now).await?;
    let mut devices: Vec<_> = sessions.into_iter().map(device).collect();
    devices.sort_by_key(|device| !device.is_this);
    Ok(devices)
}

/// Ends one of the user's own sessions.
pub async fn end(visit: &Visit) -> Outcome {
    let (app, user) = (&visit.app, visit.need_user()?);
    let wanted = visit.form.text("endSession");
    let sessions = app.services.access.sessions_of(user.id, app.now()).await?;
    let found = sessions.into_iter().map(|(token, _)| token).find(|token| hex::encode(token.0) == wanted);
    // One that has ended by itself is as good as ended.
    let Some(token) = found else { return Ok(visit.done(Notice::SessionEnded, "/settings")) };
    app.services.sessions.end(&token).await?;
    app.note(user.id, AuditAction::AccountSessionEnd, format!("from {}", visit.client)).await;
    if visit.session() == Some(&token) {
        let mut response = visit.done(Notice::SignedOut, "/");
        add_cookie(&mut response, app.cookies.clear(session::COOKIE));
        return Ok(response);
    }
    Ok(visit.done(Notice::SessionEnded, "/settings"))
}

/// Ends all sessions but this one.
pub async fn end_others(visit: &Visit) -> Outcome {
    let (app, user) = (&visit.app, visit.need_user()?);
    app.services.sessions.end_all(user.id, visit.session()).await?;
    app.note(user.id, AuditAction::AccountSessionEndAll, format!("from {}", visit.client)).await;
    Ok(visit.done(Notice::SessionsEnded, "/settings"))
}

/// How long ago something was, for people.
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
