//! How long a start over many users takes.

use std::time::{Duration, Instant};

use stakepool_core::ports::UserStore as _;
use stakepool_core::testkit::store_tests::Fixture as _;

use super::MariaDbFixture;
use crate::returning::ByHand as _;

const USERS: u64 = 10_000;
/// Far more than it takes on a computer that does nothing else, and less than once through all users for each.
const LONGEST: Duration = Duration::from_secs(6);

#[tokio::test]
#[ignore = "needs MariaDB"]
async fn a_start_over_ten_thousand_users_goes_through_them_a_few_times_and_not_through_all_for_each() {
    let fixture = MariaDbFixture::empty().await;
    fixture.open().await.close().await;
    for rows in [
        "INSERT INTO Users (UserId, Email, Username, Password, MultiSigAddress, MultiSigScript, PoolPubKeyAddr, UserPubKeyAddr, \
         UserFeeAddr, HeightRegistered, EmailVerified, EmailToken, APIToken, VoteBits, VoteBitsVersion) \
         SELECT seq, CONCAT('user', seq, '@example.org'), CONCAT('user', seq), REPEAT('x', 60), CONCAT('Sc', MD5(seq)), \
         REPEAT('a', 142), '', '', '', 100, 1, '', '', 1, 11 FROM seq_1_to_10000",
        "INSERT INTO accounts (user_id, email_key, address_key, argon2, bcrypt) \
         SELECT UserId, Email, MultiSigAddress, '', Password FROM Users",
        "INSERT INTO key_indexes (key_index, user_id) SELECT UserId, UserId FROM Users",
    ] {
        fixture.by_hand(rows).await;
    }
    let begun = Instant::now();
    let database = fixture.open().await;
    let took = begun.elapsed();
    assert_eq!((database.counts().await.unwrap(), database.warnings()), ((USERS, USERS), &[][..]));
    database.close().await;
    assert!(took < LONGEST, "{took:?}");
}
