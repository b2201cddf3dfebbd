//! Tickets of wallets of today, as far as every command has to do with them.

use std::os::unix::fs::PermissionsExt as _;

use serde_json::{Value, json};
use stakepool_core::chain::{
    Address, AddressKind, Amount, BlockHeight, Hash160, KeyIndex, Network, OutPoint, TicketHash, Transaction, TxHash,
    TxInput, TxOutput,
};
use stakepool_core::ports::{RecordChange, RegisteredTicket, SealedRecord, SealedSecret, VspTicketStore as _};
use stakepool_core::time::UnixTime;
use stakepool_core::vsp::{FeeAddress, FeeStatus, Outcome, Preferences, Quote, RecordKind, TicketRegistration};

use crate::scene::{Scene, run};

/// A ticket, and how it and its fee stand.
fn ticket(number: u8, fee: FeeStatus, outcome: Option<Outcome>) -> RegisteredTicket {
    let address = Address::new(Network::Simnet, AddressKind::PubKeyHash(Hash160([number; 20])));
    let registration = TicketRegistration {
        ticket: TicketHash::from_bytes([number; 32]),
        owner: address,
        alternate: None,
        fee_address: FeeAddress { index: KeyIndex(number.into()), address },
        quote: Quote { amount: Amount::from_atoms(1000), expires: UnixTime(2_000_000_000) },
        confirmed_at: None,
        fee,
        fee_transaction: None,
        preferences: Preferences::default(),
        outcome,
    };
    let input = TxInput {
        previous: OutPoint { hash: TxHash::from_bytes([number; 32]), index: 0, tree: 0 },
        sequence: u32::MAX,
        value_in: Amount::ZERO,
        block_height: 0,
        block_index: 0,
        signature_script: Vec::new(),
    };
    let output = TxOutput { value: Amount::ZERO, script_version: 0, script: Vec::new() };
    let transaction = Transaction { version: 1, inputs: vec![input], outputs: vec![output], lock_time: 0, expiry: 0 };
    RegisteredTicket::new(registration, transaction, UnixTime(1_795_337_279))
}

#[tokio::test(flavor = "multi_thread")]
async fn without_their_service_nothing_runs_while_paid_tickets_are_still_to_be_voted() {
    let scene = Scene::set(1).await;
    scene.register("user@example.org").await;
    let add = async |ticket: RegisteredTicket| {
        let database = scene.database().await;
        assert!(database.add_registered(&ticket).await.unwrap());
        database.close().await;
    };
    add(ticket(1, FeeStatus::None, None)).await;
    add(ticket(2, FeeStatus::Confirmed, Some(Outcome::Voted))).await;
    scene.run(&["users", "list"]).success();
    // Its fee is here, and is sent once the ticket is confirmed.
    add(ticket(3, FeeStatus::Received, None)).await;
    let message = scene.run(&["users", "list"]).refusal(2);
    assert!(message.contains("vsp=0, but 1 tickets") && message.contains("vspclosed=1"), "{message}");
    add(ticket(4, FeeStatus::Broadcast, None)).await;
    let message = scene.run(&["users", "list"]).refusal(2);
    assert!(message.contains("vsp=0, but 2 tickets"), "{message}");
    scene.serve_wallets_of_today();
    scene.run(&["users", "list"]).success();
}

/// Three tickets in a pool that serves wallets of today: one that is not paid, one that waits for its fee to be sent, and one that
/// has voted.
async fn served() -> Scene {
    let scene = Scene::set(1).await;
    let database = scene.database().await;
    let mut voted = ticket(3, FeeStatus::Confirmed, Some(Outcome::Voted));
    voted.ended_at = Some(BlockHeight(900));
    voted.voting_key = Some(SealedSecret(b"a sealed key".to_vec()));
    voted.registration.preferences.choices.insert("blocksize".to_owned(), "yes".to_owned());
    let record = SealedRecord {
        number: 0,
        kind: RecordKind::PayFee,
        timestamp: UnixTime(1_795_337_300),
        sealed: SealedSecret(vec![7; 100]),
    };
    for ticket in [ticket(1, FeeStatus::None, None), ticket(2, FeeStatus::Received, None), voted.clone()] {
        assert!(database.add_registered(&ticket).await.unwrap());
    }
    let added = RecordChange { added: Some(record), forgotten: None };
    assert!(database.change_registered(&voted, &added).await.unwrap());
    database.close().await;
    scene.serve_wallets_of_today();
    scene
}

#[tokio::test(flavor = "multi_thread")]
async fn status_says_why_no_tickets_are_taken_and_adds_up_tickets_and_fees() {
    let scene = served().await;
    let message = scene.run(&["vsp", "status"]).refusal(2);
    assert!(message.contains("set vsp=1") && message.contains("start stakepool-web once"), "{message}");
    scene.make_vsp_key();
    let outcome = scene.run(&["vsp", "status", "--json"]);
    assert_eq!(outcome.code, 1);
    assert!(outcome.errors.contains("the pool's node cannot be reached"), "{}", outcome.errors);
    let status: Value = serde_json::from_str(&outcome.output).unwrap();
    assert_eq!(status["open"], false);
    assert_eq!(status["closed"], Value::Null);
    assert_eq!(status["hindrance"], "the pool's node cannot be reached");
    assert_eq!(status["tickets"], json!({"none": 1, "received": 1, "voted": 1}));
    assert_eq!(status["oldest_unsent_fee"], 1_795_337_279);
    assert_eq!(status["income"]["all"], json!({"fees": 1, "atoms": 1000}));
    assert_eq!(status["income"]["day"].as_object().unwrap().len(), 2);
    assert_eq!((&status["next_index"], status["fee_key"].as_str()), (&json!(1), Some(&*scene.keys()[1].to_string())));
    assert_eq!(status["public_key"].as_str().unwrap().len(), 44);
    let text = scene.run(&["vsp", "status"]).output;
    assert!(text.contains("tickets            1 none, 1 received, 1 voted"), "{text}");
    assert!(text.contains("no: the pool's node cannot be reached"), "{text}");
    scene.reconfigure("vsp=1", "vsp=1\nvspclosed=1\nvspclosedmsg=we move");
    let closed = scene.run(&["vsp", "status"]).output;
    assert!(closed.contains("no, closed by you: we move; also: the pool's node"), "{closed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn registered_tickets_are_listed_by_state_and_search() {
    let scene = served().await;
    let hashes = |arguments: &[&str]| {
        let listed = scene.run(&[&["vsp", "tickets", "--json"], arguments].concat()).json();
        listed.as_array().unwrap().iter().map(|row| row["ticket"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let hash = |number: u8| TicketHash::from_bytes([number; 32]).to_string();
    assert_eq!(hashes(&[]), [hash(1), hash(2), hash(3)]);
    assert_eq!(hashes(&["--state", "received,voted"]), [hash(2), hash(3)]);
    assert_eq!(hashes(&["--search", &hash(3)[..10]]), [hash(3)]);
    assert_eq!(hashes(&["--search", &hash(3), "--state", "none"]), [""; 0]);
    let table = scene.run(&["vsp", "tickets", "--limit", "1"]);
    assert!(table.output.starts_with("TICKET") && table.output.contains(" none "), "{}", table.output);
    assert!(table.errors.contains("2 more are not shown"), "{}", table.errors);
    let message = scene.run(&["vsp", "tickets", "--state", "live"]).refusal(2);
    assert!(message.contains("confirmed, error, voted"), "{message}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registered_ticket_is_shown_without_its_key() {
    let scene = served().await;
    let hash = TicketHash::from_bytes([3; 32]).to_string();
    let shown = scene.run(&["vsp", "show", &hash, "--json"]).json();
    assert_eq!(
        (&shown["state"], &shown["ended_at"], &shown["fee_atoms"], &shown["fee_index"], &shown["records"]),
        (&json!("voted"), &json!(900), &json!(1000), &json!(3), &json!(1))
    );
    assert_eq!((&shown["votechoices"], &shown["has_voting_key"]), (&json!({"blocksize": "yes"}), &json!(true)));
    let text = scene.run(&["vsp", "show", &hash]).success();
    assert!(text.contains("voting key   kept\n") && text.contains("votes        blocksize=yes\n"), "{text}");
    assert!(!text.contains("sealed"), "{text}");
    let message = scene.run(&["vsp", "show", &TicketHash::from_bytes([9; 32]).to_string()]).refusal(3);
    assert!(message.contains("no wallet has registered"), "{message}");
    scene.run(&["vsp", "show", "abc"]).refusal(2);
}

/// A ticket whose transaction is one.
fn real_ticket() -> RegisteredTicket {
    let script = |tag: &[u8], number: u8| [tag, &[0x76, 0xa9, 0x14], &[number; 20], &[0x88, 0xac]].concat();
    let commitment = [&[0x6a, 0x1e], &[8; 20][..], &1000_i64.to_le_bytes(), &[0, 0x4e]].concat();
    let output = |(value, script)| TxOutput { value: Amount::from_atoms(value), script_version: 0, script };
    let mut registered = ticket(8, FeeStatus::None, None);
    let outputs = [(1000, script(&[0xba], 7)), (0, commitment), (0, script(&[0xbd], 9))];
    registered.transaction.outputs = outputs.into_iter().map(output).collect();
    registered.registration.ticket = registered.transaction.hash().into();
    registered
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proof_is_written_once_for_its_owner_and_checked_without_the_pool() {
    let scene = served().await;
    let registered = real_ticket();
    let database = scene.database().await;
    assert!(database.add_registered(&registered).await.unwrap());
    database.close().await;
    scene.make_vsp_key();
    let (hash, file) = (registered.registration.ticket.to_string(), scene.home.path().join("proof.json"));
    let file = file.to_str().unwrap();
    let written = scene.run(&["vsp", "proof", &hash, "--out", file, "--json"]).json();
    let proof = std::fs::read(file).unwrap();
    assert_eq!((written["file"].as_str(), written["bytes"].as_u64()), (Some(file), Some(proof.len() as u64)));
    assert_eq!(std::fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);
    let message = scene.run(&["vsp", "proof", &hash, "--out", file]).refusal(2);
    assert!(message.contains("is there already"), "{message}");

    let elsewhere = tempfile::tempdir().unwrap();
    let verify = |arguments: &[&str]| run(elsewhere.path(), &[&["vsp", "verify"], arguments].concat(), "");
    let checked = verify(&[file, "--json"]).json();
    assert_eq!((checked["ticket"].as_str(), &checked["vote"]), (Some(&*hash), &Value::Null));
    let key = checked["public_key"].as_str().unwrap();
    assert!(verify(&[file, "--pubkey", key]).success().contains(key));
    let other = verify(&[file, "--pubkey", &format!("A{}", &key[1..])]);
    assert!(other.refusal(1).contains("by another server"));
    verify(&[file, "--pubkey", "abc"]).refusal(2);
    verify(&["/nowhere"]).refusal(2);

    let printed = scene.run(&["vsp", "proof", &hash]).success();
    std::fs::write(elsewhere.path().join("printed"), &printed).unwrap();
    verify(&[elsewhere.path().join("printed").to_str().unwrap()]).success();
    std::fs::write(elsewhere.path().join("changed"), printed.replacen(':', ": ", 1)).unwrap();
    assert!(verify(&[elsewhere.path().join("changed").to_str().unwrap()]).refusal(1).contains("was changed"));
    assert!(scene.run(&["vsp", "proof", &"9".repeat(64)]).refusal(3).contains("no wallet has registered"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_service_is_closed_and_opened_and_a_fee_key_retired_with_a_note_in_the_audit_log() {
    let scene = served().await;
    scene.make_vsp_key();
    let key = scene.keys()[1].to_string();
    let closed = scene.run(&["vsp", "close", "--message", "We move.", "--json"]).json();
    assert_eq!((closed["closed"].as_str(), &closed["served"]), (Some("We move."), &json!(true)));
    let status: Value = serde_json::from_str(&scene.run(&["vsp", "status", "--json"]).output).unwrap();
    assert_eq!(status["closed"], "We move.");
    let message = scene.run(&["vsp", "close", "--message", ""]).refusal(2);
    assert!(message.contains("1 to 500 characters"), "{message}");
    assert_eq!(scene.run(&["vsp", "open"]).success(), "takes tickets  yes\n");
    assert!(scene.run(&["vsp", "open"]).refusal(3).contains("vsp close"));
    scene.reconfigure("vsp=1", "vsp=1\nvspclosed=1\nvspclosedmsg=full");
    scene.run(&["vsp", "close"]).success();
    let opened = scene.run(&["vsp", "open"]).success();
    assert!(opened.contains("no, by the configuration or the closing day: full"), "{opened}");

    let listed = scene.run(&["vsp", "xpub", "show", "--json"]).json();
    let expected = json!([{"key": key, "configured": true, "retired": false, "first_index": null, "last_index": null}]);
    assert_eq!(listed, expected);
    let retired = scene.run(&["vsp", "xpub", "retire", &key]);
    assert_eq!(retired.code, 0);
    assert!(retired.errors.contains("until vspfeexpub names the key of another account"), "{}", retired.errors);
    assert!(scene.run(&["vsp", "xpub", "show"]).success().contains("retired, but still vspfeexpub"));
    assert!(scene.run(&["vsp", "xpub", "retire", &key]).refusal(3).contains("retired already"));
    assert!(scene.run(&["vsp", "xpub", "retire", &scene.keys()[0].to_string()]).refusal(3).contains("never given"));
    let acts: Vec<_> = scene.audit().await.into_iter().map(|act| act.action).collect();
    assert_eq!(acts, ["vsp.key.retire", "vsp.open", "vsp.close", "vsp.open", "vsp.close"]);
}

#[test]
fn a_configuration_of_vspd_is_printed_in_our_keys_without_its_secrets() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("vspd.conf");
    std::fs::write(&file, "network=mainnet\nvspfee=5\nexccdpass=hunter2\nadminpass=hunter2\n").unwrap();
    let text = run(home.path(), &["vsp", "import-config", file.to_str().unwrap()], "").success();
    assert!(text.starts_with("vsp=1\nexccdhost=127.0.0.1\nvspfee=5\nexccdpassword=file:exccd.password\n; "), "{text}");
    assert!(text.contains("\n; adminpass: administrators sign in"), "{text}");
    let json = run(home.path(), &["vsp", "import-config", file.to_str().unwrap(), "--json"], "").json();
    assert_eq!(json["lines"].as_array().unwrap().len(), 4);
    run(home.path(), &["vsp", "import-config", "/nowhere"], "").refusal(2);
}
