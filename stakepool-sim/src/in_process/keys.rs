//! A wallet within this process: its keys and scripts.

use async_trait::async_trait;
use stakepool_core::chain::{
    Address, AddressKind, BlockHeight, ExtendedPubKey, KeyIndex, Network, PoolKey, PubKeyAddress, RedeemScript,
    ScriptAddress, UserKey, hash160,
};
use stakepool_core::ports::{ScriptWallet, WalletError};

use super::wallet::{Refusal, SimWallet};
use crate::rpc::derive_ahead;

#[async_trait]
impl ScriptWallet for SimWallet {
    async fn master_pubkey(&self) -> Result<ExtendedPubKey, WalletError> {
        self.ask("getmasterpubkey", |state, number| Ok(state.wallets[number].xpub())).await
    }

    async fn sync_address_index(&self, index: KeyIndex) -> Result<(), WalletError> {
        const METHOD: &str = "accountsyncaddressindex";
        let (program, number) = (self.program(), self.number());
        self.reach(METHOD).await?;
        let derived = derive_ahead(program, number, index.0).await;
        derived.map_err(|error| Refusal::Rpc(error).of_wallet(program.name(), METHOD))?;
        program.shared.write(|state| state.wallets[number].watch_to(index));
        Ok(())
    }

    async fn own_pubkey(&self, address: &Address) -> Result<Option<PubKeyAddress>, WalletError> {
        self.ask("validateaddress", |state, number| {
            on_this_network(address)?;
            let hash = match address.kind() {
                AddressKind::PubKeyHash(hash) => hash,
                AddressKind::PubKey(key) => hash160(&key.serialize()),
                AddressKind::ScriptHash(_) => return Ok(None),
            };
            let own = state.wallets[number].own_key(hash);
            Ok(own.map(|(_, key)| PubKeyAddress::new(Network::Simnet, key)))
        })
        .await
    }

    async fn has_script(&self, address: &ScriptAddress) -> Result<bool, WalletError> {
        self.ask("validateaddress", |state, number| {
            on_this_network(&(*address).into())?;
            Ok(state.has_script(number, address))
        })
        .await
    }

    async fn script_addresses(&self) -> Result<Option<Vec<ScriptAddress>>, WalletError> {
        self.ask("listscripts", |state, number| {
            let scripts = state.wallets[number].scripts().keys();
            Ok(Some(scripts.map(|hash| ScriptAddress::new(Network::Simnet, *hash)).collect()))
        })
        .await
    }

    async fn script(&self, address: &ScriptAddress) -> Result<Option<RedeemScript>, WalletError> {
        let hash = address.hash();
        self.ask("validateaddress", |state, number| {
            let script = state.wallets[number].scripts().get(&hash);
            Ok(script.and_then(|script| RedeemScript::from_bytes(script).ok()))
        })
        .await
    }

    async fn create_multisig(
        &self,
        pool: &PubKeyAddress,
        user: &PubKeyAddress,
    ) -> Result<(ScriptAddress, RedeemScript), WalletError> {
        self.ask("createmultisig", |_, _| {
            let script = RedeemScript::new(PoolKey(*pool.public_key()), UserKey(*user.public_key()));
            Ok((script.address(Network::Simnet), script))
        })
        .await
    }

    async fn import_script(&self, script: &RedeemScript) -> Result<(), WalletError> {
        self.ask("importscript", |state, number| Ok(state.import_script(number, script.to_bytes().to_vec(), None)?))
            .await
    }

    async fn rescan(&self, from: BlockHeight) -> Result<(), WalletError> {
        self.ask("rescanwallet", |state, number| {
            state.rescan(number, from);
            Ok(())
        })
        .await
    }
}

fn on_this_network(address: &Address) -> Result<(), Refusal> {
    if address.network() == Network::Simnet {
        Ok(())
    } else {
        Err(Refusal::Unexpected(format!("it takes {address} for no address; is it on the pool's network?")))
    }
}
