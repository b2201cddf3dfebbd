//! `voting`: a wallet sets what the pool votes for its user.

use std::sync::Arc;

use hyper::body::Bytes;
use stakepool_core::chain::VoteBits;

use super::{Call, Code, auth, plain, too_many};
use stakepool::agendas;

/// Answers a call.
pub async fn answer(call: &Call) -> Bytes {
    let refuse = |code, why: &str| plain(code, &format!("voting error - {why}"));
    let id = match auth::user(call).await {
        Ok(found) => found.user.id,
        Err(refused) => {
            let (code, why) = refused.tell();
            return refuse(code, why);
        }
    };
    if let Err(wait) = call.app.limiter.api_write(id) {
        return refuse(Code::ResourceExhausted, &too_many(wait));
    }
    let Ok(bits) = call.form().text("VoteBits").parse().map(VoteBits) else {
        return refuse(Code::InvalidArgument, "unable to convert votebits to uint16");
    };
    let known = match call.app.services.stats.vote_version() {
        Some(version) => call.app.agendas.of(version).await.unwrap_or_default(),
        None => Arc::default(),
    };
    if !agendas::are_valid(bits, &known) {
        return refuse(Code::InvalidArgument, "votebits invalid for current agendas");
    }
    let voting = call.app.voting(bits);
    match call.app.set_voting(id, voting).await {
        Ok(()) => {
            tracing::info!(user = %id, client = %call.client, %bits, "voting preference set by API");
            plain(Code::Ok, "successfully updated voting preferences")
        }
        Err(error) => {
            tracing::error!(%error, user = %id, client = %call.client, "a voting preference could not be stored");
            refuse(Code::Internal, "failed to update voting prefs in database")
        }
    }
}
