//! `voting`: a wallet sets what the pool votes for its user.

use hyper::body::Bytes;
use stakepool_core::chain::VoteBits;

use super::{Call, Code, auth, plain};
use crate::agendas;

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
    let Ok(bits) = call.form().text("VoteBits").parse().map(VoteBits) else {
        return refuse(Code::InvalidArgument, "unable to convert votebits to uint16");
    };
    if !agendas::are_valid(bits, &call.app.services.stats.agendas()) {
        return refuse(Code::InvalidArgument, "votebits invalid for current agendas");
    }
    let voting = call.app.voting(bits);
    match call.app.change_user(id, |user| user.voting = voting).await {
        Ok(_) => {
            call.app.wanted.changed();
            tracing::info!(user = %id, client = %call.client, %bits, "voting preference set by API");
            plain(Code::Ok, "successfully updated voting preferences")
        }
        Err(error) => {
            tracing::error!(%error, user = %id, client = %call.client, "a voting preference could not be stored");
            refuse(Code::Internal, "failed to update voting prefs in database")
        }
    }
}
