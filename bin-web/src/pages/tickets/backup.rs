//! What a user keeps, on a sheet that can be printed: script, addresses, and how many recovery codes are left.

use serde::Serialize;
use stakepool_core::time::Day;
use warp::http::StatusCode;

use super::buying::import;
use super::owner::registration;
use crate::view::qr;
use crate::visit::{Outcome, Visit};

#[derive(Serialize)]
struct Backup {
    address: String,
    script: String,
    fee_address: String,
    user_key: String,
    registered_at: u32,
    import: String,
    pool_url: String,
    /// The script as a picture.
    qr: String,
    /// The day of the sheet.
    today: String,
    /// Recovery codes that are left; `None` without a second factor.
    recovery_left: Option<u64>,
}

/// Shows the page.
pub async fn show(visit: Visit) -> Outcome {
    let registration = match registration(&visit)? {
        Ok(registration) => registration,
        Err(elsewhere) => return Ok(elsewhere),
    };
    let (pool, user) = (&visit.site.pool, visit.need_user()?);
    let script = registration.script.to_string();
    let content = Backup {
        address: registration.address.to_string(),
        fee_address: pool.terms().fee_address(registration).to_string(),
        user_key: registration.script.user_address(pool.terms().network).to_string(),
        registered_at: registration.registered_at.0,
        import: import(pool, registration),
        pool_url: pool.site().base_url.clone(),
        qr: qr::svg(&script, "The redeem script as a QR code"),
        today: Day::of(pool.now()).to_string(),
        recovery_left: pool.second_factor(user).await?.map(|factor| factor.recovery_left),
        script,
    };
    visit.page("backup.html.tera", StatusCode::OK, &content)
}
