//! What a user's key becomes: an address whose tickets the pool votes.

use crate::chain::{
    Address, BlockHeight, ExternalBranch, HdKeyError, KeyIndex, PubKeyAddress, RedeemScript, ScriptAddress,
};

/// What a user has once a public key address was submitted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registration {
    /// The child number of the fee address and of the pool's half of the multisig.
    pub key_index: KeyIndex,
    /// The multisig address that owns the tickets' voting rights.
    pub address: ScriptAddress,
    /// The script behind the address.
    pub script: RedeemScript,
    /// Where the user's tickets pay the pool's fee.
    pub fee_address: Address,
    /// The best height at registration: no ticket of this address is older.
    pub registered_at: BlockHeight,
}

/// The branches from which all keys of a pool come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolBranches {
    /// External branch of the voting wallets' account: the pool's halves of the scripts.
    pub voting: ExternalBranch,
    /// External branch of the cold wallet's account: the fee addresses.
    pub cold: ExternalBranch,
}

impl PoolBranches {
    /// The registration of the key `user` under the index `index`, which no other user may have. `registered_at` is a
    /// height below which the user has no ticket.
    ///
    /// Nothing is asked or stored: wallets must have the script before tickets are bought.
    ///
    /// ```
    /// use stakepool_core::accounts::PoolBranches;
    /// use stakepool_core::chain::{BlockHeight, ExtendedPubKey, KeyIndex, Network, PubKeyAddress};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let voting = "spubVVUL7vayTaQ2g3TPFArsuhdzrx2e2RVGSJv7pPgjiFydGfp72Le1BoqXajHRkjbds1GAgP2VvMA6xPpdtqGHZH3RGNvcB4fJzzNVBcujHae";
    /// # let cold = "spubVW4FR7hBbJSbmZkT2R37KbeczAr9rU3ucLNfEaC9pB2jA4qHHknMkSLCz1n2YmGGymbjekzM9GxApzFbFNjSPjac95tP1bFFPMYh1d23naR";
    /// # let user = "SkQn2wRnVEZEArNU6wYgbEkNt5ggcWoe5TwoewMU2JYvmFPjoKeY9";
    /// let branch = |key| ExtendedPubKey::parse_for(key, Network::Simnet)?.external_branch();
    /// let pool = PoolBranches { voting: branch(voting)?, cold: branch(cold)? };
    /// let user = PubKeyAddress::parse_for(user, Network::Simnet)?;
    /// let registration = pool.registration(KeyIndex(1), &user, BlockHeight(100))?;
    /// assert_eq!(registration.script.user_address(Network::Simnet), user);
    /// assert_eq!(registration.address, registration.script.address(Network::Simnet));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`ExtendedPubKey::child`](crate::chain::ExtendedPubKey::child): no child has the index, which happens once in
    /// 2^127.
    pub fn registration(
        &self,
        index: KeyIndex,
        user: &PubKeyAddress,
        registered_at: BlockHeight,
    ) -> Result<Registration, HdKeyError> {
        let script = RedeemScript::for_user(&self.voting, index, user)?;
        Ok(Registration {
            key_index: index,
            address: script.address(self.voting.network()),
            script,
            fee_address: self.cold.address(index)?.to_pubkey_hash(),
            registered_at,
        })
    }
}
