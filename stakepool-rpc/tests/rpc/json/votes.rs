//! Votes of a wallet that does not make them any more.

use stakepool_core::chain::{Generation, KeyIndex, Network, RedeemScript, VoteBits};
use stakepool_core::ports::{ScriptWallet as _, VoteRequest, VoteSigner as _};
use stakepool_core::ticket::PoolFee;
use stakepool_rpc::json::{ServerConfig, Wallet};
use stakepool_sim::SimNetwork;

/// What a server answers to a method that it does not know.
const UNKNOWN_METHOD: i64 = -32601;

#[tokio::test]
async fn a_wallet_that_makes_no_votes_signs_the_same_ones() {
    for generation in [Generation::Today, Generation::Legacy] {
        let sim = SimNetwork::builder().generation(generation).seed(7).voting_wallets(1).start().await.unwrap();
        let endpoint = sim.wallet(0).endpoint();
        let certificate = endpoint.certificate_pem.as_bytes();
        let config = ServerConfig::new(endpoint.host.to_string(), &*endpoint.user, &*endpoint.password, certificate);
        let wallet = Wallet::connect(&config).unwrap();
        let branch = sim.voting_wallet_xpub().external_branch().unwrap();
        let user = sim.buyer_pubkey_address().unwrap();
        let script = RedeemScript::for_user(&branch, KeyIndex(1), &user).unwrap();
        wallet.sync_address_index(KeyIndex(1)).await.unwrap();
        wallet.import_script(&script).await.unwrap();
        let fee = PoolFee::from_percent(7.5).unwrap();
        let ticket = sim.buy_tickets(script.address(Network::Simnet), None, fee, 1).unwrap()[0];
        sim.let_win(&[ticket]);
        sim.mine(17).await.unwrap();

        let (block, height) = sim.best_block();
        let bits_extended = wallet.info().await.unwrap().vote_bits_extended;
        let request = VoteRequest { block, height, ticket, bits: VoteBits(5), bits_extended };
        let made = wallet.generate_vote(&request).await.unwrap();
        sim.wallet(0).fail("generatevote", UNKNOWN_METHOD, "Method not found");
        assert_eq!(wallet.generate_vote(&request).await.unwrap(), made);
        sim.wallet(0).lock();
        assert!(!wallet.generate_vote(&request).await.unwrap().is_signed(), "{generation:?}: it is locked");
        assert_eq!(sim.wallet(0).calls("signrawtransaction"), 2);
    }
}
