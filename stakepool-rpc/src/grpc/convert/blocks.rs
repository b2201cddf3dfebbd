//! What blocks say.

use stakepool_core::chain::{Amount, BlockHeight, TicketHash, TxHash};
use stakepool_core::reports::{BlockFacts, Spend};
use stakepool_core::time::UnixTime;

use super::field::{FieldError, hash_bytes};
use crate::grpc::generated::pool_daemon as pb;

impl From<&Spend> for pb::Spend {
    fn from(spend: &Spend) -> Self {
        Self {
            transaction: spend.transaction.as_bytes().to_vec(),
            mined_at: spend.mined_at.0,
            time: spend.time.map(|time| time.0),
            paid: spend.paid.atoms(),
            first: spend.first.atoms(),
        }
    }
}

impl TryFrom<pb::Spend> for Spend {
    type Error = FieldError;

    fn try_from(spend: pb::Spend) -> Result<Self, FieldError> {
        Ok(Self {
            transaction: TxHash::from_bytes(hash_bytes("transaction", &spend.transaction)?),
            mined_at: BlockHeight(spend.mined_at),
            time: spend.time.map(UnixTime),
            paid: Amount::from_atoms(spend.paid),
            first: Amount::from_atoms(spend.first),
        })
    }
}

impl From<BlockFacts> for pb::BlockFacts {
    fn from(block: BlockFacts) -> Self {
        let spent = block
            .spends
            .iter()
            .map(|(ticket, spend)| pb::SpentTicket { ticket: ticket.as_bytes().to_vec(), spend: Some(spend.into()) });
        Self { height: block.height.0, time: block.time.0, spent: spent.collect() }
    }
}

impl TryFrom<pb::BlockFacts> for BlockFacts {
    type Error = FieldError;

    fn try_from(block: pb::BlockFacts) -> Result<Self, FieldError> {
        let spent = block.spent.into_iter().map(|pb::SpentTicket { ticket, spend }| {
            let spend = spend.ok_or_else(|| FieldError::new("spend", "is missing"))?;
            Ok((TicketHash::from_bytes(hash_bytes("ticket", &ticket)?), spend.try_into()?))
        });
        Ok(Self {
            height: BlockHeight(block.height),
            time: UnixTime(block.time),
            spends: spent.collect::<Result<_, FieldError>>()?,
        })
    }
}
