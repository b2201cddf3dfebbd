//! What the tests of tickets begin with: a user, reports, and a vote that is known.

use std::sync::atomic::{AtomicI64, Ordering};

use stakepool_core::accounts::UserId;
use stakepool_core::chain::{Address, AddressKind, Amount, BlockHeight, Hash160, Network, TicketHash, TxHash};
use stakepool_core::ports::{LedgerStore as _, UserStore as _};
use stakepool_core::reports::{Spend, TicketReport, TicketState, TicketTimes};
use stakepool_core::ticket::{TicketFacts, Verdict};
use stakepool_core::time::UnixTime;

use crate::browser::Browser;
use crate::world::{USER_KEY, World};

/// A user with an address.
pub async fn user(world: &World) -> Browser {
    let mut browser = world.user("a@example.org").await;
    assert_eq!(browser.submit("/address", &[("UserPubKeyAddr", USER_KEY)]).await.location(), "/tickets");
    browser
}

pub fn hash(n: u32) -> TicketHash {
    let mut bytes = [0x5c; 32];
    // Hashes are shown reversed, so that this one begins with the number.
    bytes[28..].copy_from_slice(&n.to_le_bytes());
    TicketHash::from_bytes(bytes)
}

pub async fn report(world: &World, n: u32, state: TicketState, ended_at: Option<u32>) -> TicketReport {
    let address = world.database.by_id(UserId(1)).await.unwrap().unwrap().registration.unwrap().address;
    TicketReport {
        ticket: hash(n),
        address: address.into(),
        user: Some(UserId(1)),
        state,
        facts: TicketFacts {
            verdict: Verdict::Accepted,
            price: Amount::from_atoms(2_000_000_000 + i64::from(n)),
            fee_address: Address::new(Network::Simnet, AddressKind::PubKeyHash(Hash160([1; 20]))),
            committed_fee: Amount::from_atoms(8_000_000),
            required_fee: Amount::from_atoms(7_500_000),
            mined_at: BlockHeight(n),
        },
        added: false,
        revoked: false,
        times: TicketTimes::default(),
        spend: None,
        ended_at: ended_at.map(BlockHeight),
    }
}

/// Stores reports, each time later than before.
pub async fn put(world: &World, reports: &[TicketReport]) {
    static SECOND: AtomicI64 = AtomicI64::new(1);
    let now = UnixTime(SECOND.fetch_add(1, Ordering::Relaxed));
    world.database.put_tickets("daemon1", reports, now).await.unwrap();
}

/// A vote at block 200 that was read from the chain, on 2026-02-03.
pub async fn known_vote(world: &World) -> TicketReport {
    let time = |seconds: i64| Some(UnixTime(1_770_076_800 + seconds));
    let times = TicketTimes { mined: time(0), matured: time(60), drawn: time(119), ended: time(120) };
    let spend = Spend {
        transaction: TxHash::from_bytes([7; 32]),
        mined_at: BlockHeight(200),
        time: time(120),
        paid: Amount::from_atoms(2_050_000_101),
        first: Amount::from_atoms(8_100_000),
    };
    TicketReport { times, spend: Some(spend), ..report(world, 101, TicketState::Voted, Some(200)).await }
}
