//! Votes: made by the wallet, or made here and signed by it where it does not know how to make them.

use stakepool_core::chain::{TicketOutputs, VoteChoice, VoteTransaction, unsigned_vote};
use stakepool_core::ports::{ScriptWallet as _, TransactionSource as _, VoteRequest, WalletError};

use super::answers::SignedTransaction;
use super::client::Wallet;
use crate::json::error::RpcError;

const MAKE: &str = "generatevote";
const SIGN: &str = "signrawtransaction";
/// What a server answers to a method that neither it nor its node knows.
const UNKNOWN_METHOD: i64 = -32601;

impl Wallet {
    /// The vote of a request, signed as far as the wallet can.
    pub(super) async fn vote(&self, request: &VoteRequest) -> Result<VoteTransaction, WalletError> {
        let VoteRequest { block, height, ticket, bits, bits_extended } = request;
        let made = self.client.call(MAKE, (block, height, ticket, bits, bits_extended)).await;
        let (method, made): (_, SignedTransaction) = match made {
            Ok(made) => (MAKE, made),
            Err(RpcError::Rpc { code: UNKNOWN_METHOD, .. }) => (SIGN, self.sign_vote(request).await?),
            Err(error) => return Err(self.named(error)),
        };
        VoteTransaction::decode_hex(&made.hex).map_err(|error| self.unexpected(method, error))
    }

    /// Makes a vote, and has the wallet sign it.
    async fn sign_vote(&self, request: &VoteRequest) -> Result<SignedTransaction, WalletError> {
        let identity = self.client.identity().await.map_err(|error| self.named(error))?;
        let network = self.master_pubkey().await?.network();
        let ticket = self.transaction(&request.ticket.into()).await?.transaction;
        let outputs = TicketOutputs::from_transaction(&ticket).map_err(|error| self.unexpected(SIGN, error))?;
        let extended = hex::decode(&request.bits_extended).map_err(|error| self.unexpected(SIGN, error))?;
        let VoteRequest { block, height, bits, .. } = *request;
        let choice = VoteChoice { block, height, bits, extended_bits: &extended };
        let unsigned = unsigned_vote(&network.params(identity.generation), identity.generation, &outputs, &choice)
            .map_err(|error| self.unexpected(SIGN, error))?;
        self.client.call(SIGN, (hex::encode(unsigned.encode()),)).await.map_err(|error| self.named(error))
    }
}
