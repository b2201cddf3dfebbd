//! `getpurchaseinfo`: what a wallet needs for buying tickets.

use hyper::body::Bytes;
use serde::Serialize;
use stakepool::PoolTerms;
use stakepool::accounts::ClientAddress;
use stakepool_core::accounts::User;
use warp::http::HeaderMap;

use super::answer::{Code, with_data};
use super::auth;
use super::number::Decimal;
use crate::site::Site;

/// The data, in the order of the predecessor's fields.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct PurchaseInfo {
    pool_address: String,
    pool_fees: Decimal,
    script: String,
    ticket_address: String,
    vote_bits: u16,
    vote_bits_version: u32,
}

/// Answers a call.
pub async fn answer(site: &Site, headers: &HeaderMap, client: ClientAddress) -> Bytes {
    match auth::user_of(site, headers, client).await {
        Ok(user) => {
            let terms = site.pool.terms();
            site.purchase_infos.get(&user, terms.in_force(), |user| body(user, terms))
        }
        Err(refused) => {
            let (code, why) = refused.code_and_words();
            with_data(code, &format!("purchaseinfo error - {why}"), None::<PurchaseInfo>)
        }
    }
}

/// The answer about a user, which stays the same until the user or the terms in force change.
fn body(user: &User, terms: &PoolTerms) -> Bytes {
    let Some(registration) = &user.registration else {
        // Wallets wait for exactly this text, and then send the key.
        let message = "purchaseinfo error - no address submitted";
        return with_data(Code::FailedPrecondition, message, None::<PurchaseInfo>);
    };
    let data = PurchaseInfo {
        pool_address: terms.fee_address(registration).to_string(),
        pool_fees: Decimal(terms.in_force().fee.percent()),
        script: registration.script.to_string(),
        ticket_address: registration.address.to_string(),
        vote_bits: user.voting.bits.0,
        vote_bits_version: user.voting.version.0,
    };
    with_data(Code::Ok, "purchaseinfo successfully retrieved", Some(data))
}
