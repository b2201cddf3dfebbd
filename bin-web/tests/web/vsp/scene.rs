//! A web that serves wallets of today, over a scripted node.

use std::sync::Arc;

use serde_json::Value;
use stakepool::sealed::SealingKey;
use stakepool::vsp::{DaemonsSeen, Vsp, VspParts, VspTerms, is_signed_by};
use stakepool_core::chain::{Amount, BlockHeight, Network};
use stakepool_core::testkit::{FakeVspNode, TestClock};
use stakepool_core::ticket::PoolFee;
use stakepool_core::vsp::{FeeTerms, server_version};
use stakepool_db::Database;

use crate::http::Reply;
use crate::world::{COLD, Plan, World};

/// A web, its service for wallets of today, and their node.
pub struct Scene {
    pub world: World,
    pub vsp: Arc<Vsp>,
    pub node: Arc<FakeVspNode>,
    pub clock: Arc<TestClock>,
}

impl Scene {
    /// A pool that asks 5 percent. Its fee key is the cold wallet's, as that of the recorded server was.
    pub async fn set() -> Self {
        Self::of(Plan::default()).await
    }

    /// The same, where something else is planned as well.
    pub async fn of(plan: Plan) -> Self {
        let (node, clock) = (Arc::new(FakeVspNode::at(162)), Arc::new(TestClock::default()));
        let plan = Plan { works: false, ..plan };
        let world = World::with(plan, async |parts, database| {
            parts.clock = clock.clone();
            parts.vsp = Some(open(database, &node, &clock, &SealingKey::random().unwrap()).await);
        });
        let world = world.await;
        let vsp = world.pool.vsp().unwrap().clone();
        let scene = Self { world, vsp, node, clock };
        scene.look().await;
        scene
    }

    /// Looks as the pool does every second, with three daemons that are where the node is.
    pub async fn look(&self) {
        let height = BlockHeight(self.node.chain().height);
        self.vsp.look(DaemonsSeen { all: 3, voting: 3, synced: Some(height), fee_index: None }).await;
    }

    /// Sends a request with the signature, and sees that the answer is signed.
    pub async fn post(&self, command: &str, body: &str, signature: Option<&str>) -> (u16, Value) {
        let path = format!("/api/v3/{command}");
        let signature: Vec<_> = signature.map(|text| ("VSP-Client-Signature", text)).into_iter().collect();
        self.read(&self.world.send("POST", &path, &signature, body.as_bytes()).await)
    }

    /// The status and body of an answer, which is signed.
    pub fn read(&self, reply: &Reply) -> (u16, Value) {
        let signature = reply.header("vsp-server-signature");
        assert!(is_signed_by(&self.vsp.public_key(), &reply.body, signature), "{reply:?}");
        (reply.status.as_u16(), serde_json::from_slice(&reply.body).unwrap())
    }
}

/// Opens the service, as each instance of the web does.
pub async fn open(
    database: &Arc<Database>,
    node: &Arc<FakeVspNode>,
    clock: &Arc<TestClock>,
    key: &SealingKey,
) -> Arc<Vsp> {
    let fee = FeeTerms { fee: PoolFee::from_percent(5.0).unwrap(), most: Some(Amount::from_atoms(10_000_000)) };
    let terms = VspTerms {
        network: Network::Simnet,
        fee,
        fee_key: COLD.parse().unwrap(),
        closed: None.into(),
        max_lag: 3,
        version: server_version("0.1.0"),
    };
    let parts = VspParts { stores: database.clone().into(), node: node.clone(), clock: clock.clone() };
    let key = SealingKey::from_bytes(&key.to_bytes());
    Arc::new(Vsp::open(terms, parts, key).await.unwrap())
}
