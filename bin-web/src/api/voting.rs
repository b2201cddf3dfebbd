//! `voting`: a wallet sets what the pool votes for its user.

use hyper::body::Bytes;
use stakepool::accounts::SetVotingByApiError;

use super::answer::{Code, plain, too_many};
use super::auth;
use super::call::Call;

/// Answers a call.
pub async fn answer(call: &Call) -> Bytes {
    let refuse = |code, why: &str| plain(code, &format!("voting error - {why}"));
    let id = match auth::user(call).await {
        Ok(user) => user.id,
        Err(refused) => {
            let (code, why) = refused.code_and_words();
            return refuse(code, why);
        }
    };
    match call.site.pool.set_voting_by_api(id, call.form().text("VoteBits")).await {
        Ok(bits) => {
            tracing::info!(user = %id, client = %call.client, %bits, "voting preference set by API");
            plain(Code::Ok, "successfully updated voting preferences")
        }
        Err(SetVotingByApiError::Wait(wait)) => refuse(Code::ResourceExhausted, &too_many(wait)),
        Err(SetVotingByApiError::NoNumber) => refuse(Code::InvalidArgument, "unable to convert votebits to uint16"),
        Err(SetVotingByApiError::Invalid) => refuse(Code::InvalidArgument, "votebits invalid for current agendas"),
        Err(SetVotingByApiError::Store(error)) => {
            tracing::error!(%error, user = %id, client = %call.client, "a voting preference could not be stored");
            refuse(Code::Internal, "failed to update voting prefs in database")
        }
    }
}
