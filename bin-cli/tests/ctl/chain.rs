//! `stakepoolctl chain` as a program, over figures of the real programs and over bad input.

use std::io::Write;
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};

const NETWORKS: [&str; 3] = ["mainnet", "testnet", "simnet"];

fn vectors(name: &str) -> Value {
    let path = format!("{}/../stakepool-core/tests/vectors/{name}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().unwrap()
}

pub fn chain(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_stakepoolctl"));
    command.arg("chain").args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// The standard output of a command that must succeed and say nothing else.
fn succeed(arguments: &[&str]) -> String {
    answer_of(&chain(arguments).output().unwrap())
}

pub fn answer_of(output: &Output) -> String {
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert_eq!(output.status.code(), Some(0));
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn succeed_json(arguments: &[&str]) -> Value {
    serde_json::from_str(&succeed(arguments)).unwrap()
}

/// The answers to lines on standard input.
fn stream(arguments: &[&str], lines: &[String]) -> Vec<String> {
    let mut child = chain(arguments).stdin(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = lines.join("\n");
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()).unwrap());
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    answer_of(&output).lines().map(str::to_owned).collect()
}

/// The one line on standard error of a command that must be refused.
fn refused(arguments: &[&str]) -> String {
    let output = chain(arguments).output().unwrap();
    let message = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{arguments:?}: {message}");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "", "{arguments:?}");
    assert!(message.ends_with('\n') && message.lines().count() == 1, "{arguments:?}: {message}");
    message
}

#[test]
fn every_recorded_key_is_shown_with_its_addresses() {
    for network in NETWORKS {
        for key in list(&vectors(network)["keys"]) {
            for child in list(&key["external"]) {
                let index = child["index"].to_string();
                let xpub = text(&key["account_xpub"]);
                let arguments =
                    ["addresses", "--network", network, "--xpub", xpub, "--from", &index, "--to", &index, "--json"];
                let expected = format!(
                    "[{{\"index\":{index},\"pubkey_hex\":{},\"p2pkh\":{},\"pubkey_address\":{}}}]\n",
                    child["pubkey_hex"], child["p2pkh"], child["pubkey_address"]
                );
                assert_eq!(succeed(&arguments), expected);
            }
        }
    }
}

#[test]
fn a_long_range_of_addresses_is_complete_and_in_order() {
    let recorded = vectors("simnet");
    let xpub = text(&recorded["keys"][0]["account_xpub"]);
    let all =
        succeed_json(&["--json", "addresses", "--network", "simnet", "--xpub", xpub, "--from", "0", "--to", "5000"]);
    let indexes: Vec<u64> = list(&all).iter().map(|child| child["index"].as_u64().unwrap()).collect();
    assert_eq!(indexes, (0..=5000).collect::<Vec<_>>());
    let readable = succeed(&["addresses", "--network", "simnet", "--xpub", xpub, "--from", "0", "--to", "1"]);
    let first = &recorded["keys"][0]["external"][0];
    assert_eq!(
        readable.lines().next().unwrap(),
        format!("0  {}  {}  {}", text(&first["p2pkh"]), text(&first["pubkey_address"]), text(&first["pubkey_hex"]))
    );
    assert_eq!(readable.lines().count(), 2);
}

#[test]
fn every_recorded_multisig_is_made() {
    for network in NETWORKS {
        for case in list(&vectors(network)["multisigs"]) {
            let [pool, user] = [text(&case["pubkey_addresses"][0]), text(&case["pubkey_addresses"][1])];
            let expected =
                format!("{{\"redeem_script_hex\":{},\"p2sh\":{}}}\n", case["redeem_script_hex"], case["p2sh"]);
            assert_eq!(succeed(&["multisig", "--json", "--network", network, pool, user]), expected);
            assert!(succeed(&["multisig", "--network", network, pool, user]).contains(text(&case["p2sh"])));
        }
    }
}

#[test]
fn every_recorded_fee_is_required_one_by_one_and_in_a_stream() {
    for network in NETWORKS {
        let recorded = vectors(network);
        let cases = list(&recorded["ticket_fees"]);
        let lines: Vec<String> = cases.iter().map(fee_query).collect();
        let answers = stream(&["ticket-fee", "--network", network, "--json", "-"], &lines);
        let expected: Vec<String> =
            cases.iter().map(|case| format!("{{\"required_fee_atoms\":{}}}", case["required_fee_atoms"])).collect();
        assert_eq!(answers, expected);
        for (case, expected) in cases.iter().zip(expected).step_by(40) {
            let option = |name: &str| case[name].to_string();
            let answer = succeed(&[
                "ticket-fee",
                "--network",
                network,
                "--json",
                "--price-atoms",
                &option("ticket_price_atoms"),
                "--relay-fee-atoms",
                &option("relay_fee_atoms"),
                "--height",
                &option("height"),
                "--pool-fees",
                &option("pool_fee_percent"),
            ]);
            assert_eq!(answer.trim_end(), expected);
        }
    }
}

fn fee_query(case: &Value) -> String {
    json!({
        "price_atoms": case["ticket_price_atoms"], "relay_fee_atoms": case["relay_fee_atoms"],
        "height": case["height"], "pool_fees": case["pool_fee_percent"],
    })
    .to_string()
}

#[test]
fn mined_tickets_are_judged_as_the_wallet_judged_them() {
    let recorded = vectors("tickets-simnet");
    let fees = recorded["pool_fee_percent"].to_string();
    let options = [
        "ticket",
        "--network",
        "simnet",
        "--json",
        "--cold-wallet-xpub",
        text(&recorded["cold_wallet_xpub"]),
        "--pool-fees",
        &fees,
        "--max-users",
        "100",
    ];
    let tickets = list(&recorded["tickets"]);
    let lines: Vec<String> = tickets
        .iter()
        .map(|ticket| json!({"tx_hex": ticket["tx_hex"], "height": ticket["mined_height"]}).to_string())
        .collect();
    let answers = stream(&[&options[..], &["-"]].concat(), &lines);
    assert_eq!(answers.len(), tickets.len());
    for (ticket, answer) in tickets.iter().zip(&answers) {
        let judged: Value = serde_json::from_str(answer).unwrap();
        assert_eq!(judged["ticket_hash"], ticket["ticket_hash"]);
        assert_eq!(judged["verdict"] == "accepted", ticket["accepted_by_wallet"] == true, "{answer}");
        assert!(answer.starts_with("{\"ticket_hash\":\"") && text(&judged["voting_address"]).starts_with("Sc"));
    }
    let height = tickets[0]["mined_height"].to_string();
    let single = succeed(&[&options[..], &["--height", &height, text(&tickets[0]["tx_hex"])]].concat());
    assert_eq!(single.trim_end(), answers[0]);
}

#[test]
fn the_fields_of_a_verdict_come_in_a_fixed_order() {
    let recorded = vectors("tickets-simnet");
    let ticket = &recorded["tickets"][0];
    let height = ticket["mined_height"].to_string();
    let answer = succeed(&[
        "ticket",
        "--network",
        "simnet",
        "--json",
        "--cold-wallet-xpub",
        text(&recorded["cold_wallet_xpub"]),
        "--pool-fees",
        "7.5",
        "--height",
        &height,
        "--max-users",
        "100",
        text(&ticket["tx_hex"]),
    ]);
    let names = [
        "ticket_hash",
        "voting_address",
        "price_atoms",
        "fee_address",
        "committed_fee_atoms",
        "required_fee_atoms",
        "verdict",
    ];
    let places: Vec<usize> = names.iter().map(|name| answer.find(&format!("\"{name}\":")).unwrap()).collect();
    assert!(places.is_sorted() && answer.ends_with("}\n"), "{answer}");
}

#[test]
fn whatever_cannot_be_read_from_a_transaction_is_null() {
    let recorded = vectors("tickets-simnet");
    let xpub = text(&recorded["cold_wallet_xpub"]);
    let options = ["ticket", "--network", "simnet", "--json", "--cold-wallet-xpub", xpub, "--pool-fees", "7.5"];
    // No inputs, one output without a script.
    let plain = format!("010000000001{}", "00".repeat(20));
    let with_ticket = text(&recorded["tickets"][0]["tx_hex"]);
    // The same ticket, its voting right given to a public key hash.
    let start = with_ticket.find("18baa914").unwrap();
    let script = &with_ticket[start..start + 50];
    let to_key = with_ticket.replacen(script, &format!("1aba76a914{}88ac", &script[8..48]), 1);
    let lines = [plain, to_key].map(|hex| json!({"tx_hex": hex, "height": 200}).to_string());
    let answers = stream(&[&options[..], &["--max-users", "10", "-"]].concat(), &lines);
    let answers: Vec<Value> = answers.iter().map(|answer| serde_json::from_str(answer).unwrap()).collect();
    assert_eq!(answers[0]["verdict"], "not_a_pool_ticket", "{}", answers[0]);
    assert!(answers[0]["ticket_hash"].is_string() && answers[0]["price_atoms"].is_null());
    assert_eq!(answers[1]["verdict"], "not_a_pool_ticket", "{}", answers[1]);
    assert!(text(&answers[1]["voting_address"]).starts_with("Ss"), "{}", answers[1]);
    assert!(answers[1]["price_atoms"].is_number() && answers[1]["required_fee_atoms"].is_null());
}

#[test]
fn a_bad_line_is_answered_in_its_place_and_the_rest_goes_on() {
    let good = r#"{"price_atoms":200000000,"relay_fee_atoms":30000,"height":1000,"pool_fees":7.5}"#;
    let bad = [
        ("", "not a JSON object"),
        ("nonsense", "not a JSON object"),
        ("[1,1,1000,5]", "it is a list"),
        ("null", "it is null"),
        (r#"{"price_atoms":1,"relay_fee_atoms":1,"pool_fees":1}"#, "`height` is missing"),
        (r#"{"price_atoms":-1,"relay_fee_atoms":1,"height":1,"pool_fees":1}"#, "`price_atoms` cannot be used"),
        (r#"{"price_atoms":1,"relay_fee_atoms":1.5,"height":1,"pool_fees":1}"#, "`relay_fee_atoms` cannot be used"),
        (r#"{"price_atoms":1,"relay_fee_atoms":1,"height":-1,"pool_fees":1}"#, "`height` cannot be used"),
        (r#"{"price_atoms":1,"relay_fee_atoms":1,"height":1,"pool_fees":101}"#, "`pool_fees` cannot be used"),
        (r#"{"price_atoms":1,"relay_fee_atoms":1,"height":1,"pool_fees":"x"}"#, "`pool_fees` cannot be used"),
    ];
    let lines: Vec<String> = bad.iter().flat_map(|(line, _)| [(*line).to_owned(), good.to_owned()]).collect();
    let answers = stream(&["ticket-fee", "--network", "simnet", "--json", "-"], &lines);
    assert_eq!(answers.len(), lines.len());
    for (pair, (line, message)) in answers.chunks(2).zip(bad) {
        let error: Value = serde_json::from_str(&pair[0]).unwrap();
        assert!(text(&error["error"]).contains(message), "{line}: {error}");
        assert!(pair[1].starts_with("{\"required_fee_atoms\":"));
    }
}

#[test]
fn options_stand_in_for_fields_that_a_line_leaves_out() {
    let line = [r#"{"price_atoms":200000000,"relay_fee_atoms":30000,"height":1000}"#.to_owned()];
    let answers = stream(&["ticket-fee", "--network", "simnet", "--pool-fees", "7.5", "--json", "-"], &line);
    let whole = [r#"{"price_atoms":200000000,"relay_fee_atoms":30000,"height":1000,"pool_fees":7.5}"#.to_owned()];
    assert_eq!(answers, stream(&["ticket-fee", "--network", "simnet", "--json", "-"], &whole));
}

#[test]
fn legacy_simnet_has_its_own_subsidy() {
    let fee = |generation| {
        succeed_json(&[
            "ticket-fee",
            "--json",
            "--network",
            "simnet",
            "--price-atoms",
            "200000000",
            "--relay-fee-atoms",
            "1000",
            "--height",
            "1000",
            "--pool-fees",
            "7.5",
            "--generation",
            generation,
        ])
    };
    assert_ne!(fee("today"), fee("legacy"));
}

#[test]
fn bad_arguments_are_refused_on_one_line_that_names_them() {
    let recorded = vectors("simnet");
    let xpub = text(&recorded["keys"][0]["account_xpub"]);
    let user = text(&recorded["multisigs"][0]["pubkey_addresses"][1]);
    let p2sh = text(&recorded["multisigs"][0]["p2sh"]);
    let addresses = ["addresses", "--network", "simnet", "--xpub", xpub, "--from"];
    let fee = ["ticket-fee", "--network", "simnet", "--relay-fee-atoms", "1", "--height", "1", "--price-atoms"];
    let ticket = ["ticket", "--network", "simnet", "--cold-wallet-xpub", xpub, "--pool-fees", "5"];
    let cases: Vec<(Vec<&str>, &str)> = vec![
        (vec![], "command is missing"),
        (vec!["adresses"], "addresses"),
        ([&addresses[..], &["5", "--to", "4"]].concat(), "--from"),
        ([&addresses[..], &["0", "--to", "2147483648"]].concat(), "--to"),
        ([&addresses[..], &["0", "--to", "4294967296"]].concat(), "--to"),
        ([&addresses[..], &["-1", "--to", "4"]].concat(), "--from"),
        ([&addresses[..], &["0"]].concat(), "--to"),
        (vec!["addresses", "--network", "moonnet", "--xpub", xpub, "--from", "0", "--to", "1"], "mainnet, testnet"),
        (vec!["addresses", "--network", "mainnet", "--xpub", xpub, "--from", "0", "--to", "1"], "--xpub"),
        (vec!["addresses", "--network", "simnet", "--xpub", &xpub[1..], "--from", "0", "--to", "1"], "--xpub"),
        (vec!["multisig", "--network", "simnet", user, p2sh], "USER_PUBKEY_ADDRESS"),
        (vec!["multisig", "--network", "mainnet", user, user], "POOL_PUBKEY_ADDRESS"),
        (vec!["multisig", "--network", "simnet", user], "USER_PUBKEY_ADDRESS"),
        (vec!["multisig", "--network", "simnet", "a\nb", user], "POOL_PUBKEY_ADDRESS"),
        ([&fee[..], &["-5", "--pool-fees", "5"]].concat(), "--price-atoms"),
        ([&fee[..], &["5", "--pool-fees", "-5"]].concat(), "--pool-fees"),
        ([&fee[..], &["5", "--pool-fees", "100.1"]].concat(), "--pool-fees"),
        ([&fee[..], &["5"]].concat(), "--pool-fees"),
        ([&fee[..], &["5", "--pool-fees", "5", "stdin"]].concat(), "stdin"),
        ([&ticket[..], &["00"]].concat(), "--height"),
        ([&ticket[..], &["--height", "1", "zz"]].concat(), "TXHEX"),
        ([&ticket[..], &["--height", "1", "00"]].concat(), "TXHEX"),
        ([&ticket[..], &["--height", "1", "--max-users", "99999999", "00"]].concat(), "--max-users"),
    ];
    for (arguments, named) in cases {
        let message = refused(&arguments);
        assert!(message.contains(named), "{arguments:?}: {message}");
    }
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    let recorded = vectors("simnet");
    let xpub = text(&recorded["keys"][0]["account_xpub"]);
    let mut child =
        chain(&["addresses", "--network", "simnet", "--xpub", xpub, "--from", "0", "--to", "20000"]).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stderr), (Some(0), Vec::new()));
}

#[test]
fn answers_come_while_the_next_question_is_still_out() {
    use std::io::{BufRead, BufReader};
    let mut child = chain(&["ticket-fee", "--network", "simnet", "--json", "-"]).stdin(Stdio::piped()).spawn().unwrap();
    let (mut stdin, mut stdout) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
    for _ in 0..3 {
        writeln!(stdin, r#"{{"price_atoms":1,"relay_fee_atoms":1,"height":1,"pool_fees":1}}"#).unwrap();
        let mut answer = String::new();
        stdout.read_line(&mut answer).unwrap();
        assert_eq!(answer, "{\"required_fee_atoms\":0}\n");
    }
    drop(stdin);
    assert!(child.wait().unwrap().success());
}
