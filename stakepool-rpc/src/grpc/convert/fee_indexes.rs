//! How far the addresses of fee keys were given.

use stakepool_core::chain::KeyIndex;
use stakepool_core::desired::FeeIndexes;

use super::field::FieldError;
use crate::grpc::generated::pool_daemon as pb;

/// Fee keys that are taken: a pool changes its key now and then at most.
const MOST_KEYS: usize = 100;
/// Most bytes of a key.
const LONGEST_KEY: usize = 200;

pub(super) fn fee_indexes_into_messages(indexes: &FeeIndexes) -> Vec<pb::FeeIndex> {
    indexes.iter().map(|(key, next)| pb::FeeIndex { fee_key: key.to_owned(), next: next.0 }).collect()
}

pub(super) fn fee_indexes_from_messages(messages: &[pb::FeeIndex]) -> Result<FeeIndexes, FieldError> {
    if messages.len() > MOST_KEYS {
        return Err(FieldError::new("fee_indexes", format!("at most {MOST_KEYS} are taken")));
    }
    if messages.iter().any(|message| message.fee_key.len() > LONGEST_KEY) {
        return Err(FieldError::new("fee_indexes.fee_key", "it is too long for an extended public key"));
    }
    Ok(FeeIndexes::new(messages.iter().map(|message| (message.fee_key.clone(), KeyIndex(message.next)))))
}
