//! A daemon reads users and added tickets in the predecessor's tables.

use stakepool_core::accounts::UserId;
use stakepool_core::chain::{Network, VoteBits, VoteVersion};
use stakepool_core::ports::{DatabaseServer, DesiredSource as _};
use stakepool_core::secret::Secret;
use stakepool_core::testkit::store_tests::Fixture as _;
use stakepool_db::PredecessorTables;

use super::MariaDbFixture;
use super::predecessor::{FULL, OLD, loaded, rows};

/// An account that may do no more on a database than is granted, and how it comes there.
async fn reader(fixture: &MariaDbFixture, grants: &str) -> DatabaseServer {
    let (server, name) = (fixture.server(), &fixture.name);
    server.run(format!("CREATE USER 'r@{name}'@'%' IDENTIFIED BY 'x'")).await;
    for table in grants.split_whitespace() {
        server.run(format!("GRANT SELECT ON {name}.{table} TO 'r@{name}'@'%'")).await;
    }
    let mut options = server.options(name);
    (options.user, options.password) = (format!("r@{name}"), Secret::new("x"));
    options
}

async fn refusal(options: DatabaseServer) -> String {
    PredecessorTables::new(options).read().await.unwrap_err().to_string()
}

#[tokio::test]
#[ignore = "needs MariaDB"]
async fn users_with_an_address_and_every_low_fee_ticket_are_read_and_nothing_is_changed() {
    let fixture = loaded(FULL).await;
    let options = reader(&fixture, "Users LowFeeTicket").await;
    let tables = "SELECT CAST(table_name AS CHAR) FROM information_schema.tables WHERE table_schema = DATABASE()";
    let before = rows(&fixture, tables).await.len();
    let found = PredecessorTables::new(options).read().await.unwrap();
    assert_eq!(found.left_out, [""; 0]);
    let users: Vec<_> = found.users.iter().map(|user| user.user.0).collect();
    let expected = rows(&fixture, "SELECT UserId FROM Users WHERE MultiSigAddress <> ''").await.len();
    assert_eq!((users.len(), found.scripts.len()), (expected, expected));
    let first = found.users.iter().find(|user| user.user == UserId(1)).unwrap().address;
    assert!(found.scripts.iter().any(|script| script.address(Network::Simnet) == first));
    assert!([1, 2, 3, 4, 7, 24].iter().all(|id| users.contains(id)), "{users:?}");
    let kate = found.users.iter().find(|user| user.user == UserId(24)).unwrap();
    assert_eq!((kate.voting.bits, kate.voting.version), (VoteBits(5), VoteVersion(5)));
    // As the predecessor's daemon: those that were voted, and a ticket that stands there twice.
    assert_eq!(found.added.len(), 6);
    assert_eq!(rows(&fixture, tables).await.len(), before, "no table is made");
}

#[tokio::test]
#[ignore = "needs MariaDB"]
async fn rows_that_cannot_be_used_are_named_without_personal_data() {
    let fixture = loaded(FULL).await;
    let (server, name) = (fixture.server(), &fixture.name);
    server.run(format!("UPDATE {name}.Users SET MultiSigAddress = 'Scx' WHERE UserId = 3")).await;
    server.run(format!("UPDATE {name}.Users SET MultiSigScript = '51' WHERE UserId = 2")).await;
    server.run(format!("UPDATE {name}.Users SET VoteBits = 70000, VoteBitsVersion = NULL WHERE UserId = 4")).await;
    server.run(format!("UPDATE {name}.LowFeeTicket SET TicketHash = NULL WHERE LowFeeTicketID = 1")).await;
    let found = PredecessorTables::new(server.options(name)).read().await.unwrap();
    let [script, user, ticket] = &found.left_out[..] else { panic!("{:?}", found.left_out) };
    assert!(script.contains("table Users, row 2, column MultiSigScript"), "{script}");
    assert!(found.users.iter().any(|user| user.user == UserId(2)), "the wallets vote for them");
    assert!(user.contains("table Users, row 3, column MultiSigAddress") && !user.contains('@'), "{user}");
    assert!(ticket.contains("table LowFeeTicket, row 1, column TicketHash"), "{ticket}");
    let bob = found.users.iter().find(|user| user.user == UserId(4)).unwrap();
    assert_eq!((bob.voting.bits, bob.voting.version), (VoteBits::APPROVE, VoteVersion(0)), "default bits");
    assert_eq!(found.added.len(), 5);
}

#[tokio::test]
#[ignore = "needs MariaDB"]
async fn what_keeps_tables_from_being_read_is_said_with_the_remedy() {
    let fixture = loaded(FULL).await;
    let right = reader(&fixture, "LowFeeTicket").await;
    let empty = MariaDbFixture::empty().await;
    for (options, remedy) in [
        (right.clone(), "grant the account (dbuser) SELECT on its tables Users and LowFeeTicket"),
        (DatabaseServer { password: Secret::new("hunter2"), ..right.clone() }, "check dbuser and dbpassword"),
        (DatabaseServer { port: 1, ..right.clone() }, "check dbhost, dbport or dbsocket"),
        (DatabaseServer { hosts: Vec::new(), ..right.clone() }, "set dbhost"),
        (empty.server().options(&empty.name), "it has no table Users: check dbname"),
        (fixture.server().options("pool_that_is_not"), "check dbname"),
    ] {
        let text = refusal(options).await;
        assert!(text.contains(remedy) && text.contains(" on ") && !text.contains("hunter2"), "{text}");
    }
    let early = loaded(OLD[3]).await;
    let text = refusal(early.server().options(&early.name)).await;
    assert!(text.contains("early version: start stakepool-web on it first"), "{text}");
    // A version without low-fee tickets has none.
    let early = loaded(OLD[4]).await;
    let found = PredecessorTables::new(early.server().options(&early.name)).read().await.unwrap();
    assert!(found.users.len() > 5 && found.added.is_empty());
}

#[tokio::test]
#[ignore = "needs MariaDB"]
async fn the_first_of_several_hosts_that_can_be_read_is_read() {
    let fixture = loaded(FULL).await;
    let right = fixture.server().options(&fixture.name);
    let hosts = vec!["no-such-host.invalid".into(), "127.0.0.1".into()];
    let found = PredecessorTables::new(DatabaseServer { hosts: hosts.clone(), ..right.clone() }).read().await.unwrap();
    assert!(!found.users.is_empty());
    let text = refusal(DatabaseServer { hosts, password: Secret::new("x"), ..right }).await;
    assert!(text.contains("no-such-host.invalid: it cannot be reached"), "{text}");
    assert!(text.contains("; 127.0.0.1: check dbuser and dbpassword"), "{text}");
}
