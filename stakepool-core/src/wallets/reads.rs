//! What the pool asks its wallets: the fastest healthy one answers.

use futures_util::future::BoxFuture;
use tokio::time::timeout;

use super::error::GroupError;
use super::group::WalletGroup;
use super::probe::LIMIT;
use crate::chain::{BlockHash, BlockHeight, KeyIndex, ScriptAddress};
use crate::ports::{PoolWallet, StakeInfo, WalletError, WalletTickets};

impl WalletGroup {
    /// Asks the fastest healthy wallet, and the next where that fails. What a failure says of a wallet's health is left
    /// to a probe: a call that is slow for one wallet's many tickets does not put it out of service.
    async fn read<'a, T>(
        &'a self,
        call: impl Fn(&'a dyn PoolWallet) -> BoxFuture<'a, Result<T, WalletError>>,
    ) -> Result<T, GroupError> {
        let mut reasons = Vec::new();
        for member in self.by_speed() {
            let reason = match timeout(LIMIT, call(member.wallet.as_ref())).await {
                Ok(Ok(answer)) => return Ok(answer),
                Ok(Err(error)) => {
                    if error.is_transient() {
                        member.probe_soon();
                    }
                    error.to_string()
                }
                Err(_) => {
                    member.probe_soon();
                    format!("wallet {} does not answer", member.wallet.name())
                }
            };
            tracing::warn!(reason, "the next wallet is asked");
            reasons.push(reason);
        }
        Err(GroupError::NoneHealthy(self.reasons(reasons)))
    }

    /// Statistics of the pool, at most seconds old. However many ask, one wallet is asked once at a time.
    ///
    /// # Errors
    /// [`GroupError::NoneHealthy`].
    pub async fn stake_info(&self) -> Result<StakeInfo, GroupError> {
        self.stake_info.get(self.read(|wallet| wallet.stake_info())).await
    }

    /// The best block that a wallet knows.
    ///
    /// # Errors
    /// [`GroupError::NoneHealthy`].
    pub async fn best_block(&self) -> Result<(BlockHash, BlockHeight), GroupError> {
        self.read(|wallet| wallet.best_block()).await
    }

    /// The lowest best height of the wallets in service, as they were last probed.
    ///
    /// # Errors
    /// [`GroupError::NoneHealthy`].
    pub fn lowest_height(&self) -> Result<BlockHeight, GroupError> {
        let lowest = self.by_speed().iter().filter_map(|member| member.state().height).min();
        lowest.ok_or_else(|| GroupError::NoneHealthy(self.reasons(Vec::new())))
    }

    /// The tickets of one address as a wallet sees them.
    ///
    /// # Errors
    /// [`GroupError::NoneHealthy`].
    pub async fn user_tickets(&self, address: &ScriptAddress) -> Result<WalletTickets, GroupError> {
        self.read(|wallet| wallet.user_tickets(address)).await
    }

    /// The key index by which the script behind an address was made, as far as a wallet in service has that script: whoever
    /// uses the address has the index. `None` where none has it, or it is none of the pool's.
    ///
    /// # Errors
    /// [`GroupError::NoneHealthy`] where no wallet answered.
    pub async fn key_index_of(&self, address: &ScriptAddress) -> Result<Option<KeyIndex>, GroupError> {
        let (mut answered, mut reasons) = (false, Vec::new());
        for member in self.by_speed() {
            match timeout(LIMIT, member.wallet.script(address)).await {
                Ok(Ok(Some(script))) => return Ok(self.pool_scripts.index_of_script(&script).await),
                Ok(Ok(None)) => answered = true,
                Ok(Err(error)) => reasons.push(error.to_string()),
                Err(_) => reasons.push(format!("wallet {} does not answer", member.wallet.name())),
            }
        }
        if answered { Ok(None) } else { Err(GroupError::NoneHealthy(self.reasons(reasons))) }
    }
}
