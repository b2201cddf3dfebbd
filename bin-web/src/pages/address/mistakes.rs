//! What people paste in place of a public key address, and what prints the right thing.

use stakepool::registration::RegistrationError;
use stakepool_core::chain::{Address, AddressError, AddressKind, Network};
use stakepool_core::typed::pasted;

use crate::view::network::{example, network_flag};

/// A mistake in words.
#[derive(Debug, PartialEq, Eq)]
pub struct Mistake {
    /// What was given, and what is needed.
    pub text: String,
    /// The commands that print what is needed, in their order.
    pub commands: Vec<String>,
    /// Whether what was given must be shown to nobody.
    pub secret: bool,
}

/// Fewest words of a wallet's seed.
const SEED_WORDS: usize = 12;

impl Mistake {
    /// What is wrong with `typed`, which registration refused with `error`.
    pub fn find(typed: &str, error: &RegistrationError, network: Network) -> Self {
        let typed = pasted(typed);
        let typed = typed.as_str();
        if let Some(mistake) = secret(typed) {
            return mistake;
        }
        let begins = example(network);
        let mistake = |text: String| Self { text, commands: new_key(network), secret: false };
        if typed.is_empty() {
            return mistake("the field is empty. Ask your wallet for an address, and then for its public key.".into());
        }
        if is_extended_key(typed) {
            let text =
                "this is an extended public key, from which all addresses of an account follow. Give the key of \
                        one address only."
                    .to_owned();
            return mistake(text);
        }
        if is_raw_key(typed) {
            let text = "this is the raw public key, which has no checksum. Copy what comes after “pubkeyaddr” instead, a line \
                        that the same command prints.";
            return mistake(text.to_owned());
        }
        // A hash address is shorter than a public key address, so that its kind says more than its length.
        if let Ok(address) = typed.parse::<Address>() {
            return of_address(typed, &address, network);
        }
        match error {
            RegistrationError::TooShort(length) => mistake(format!(
                "what you gave is too short, with {} where a public key address has about 53. Copy the whole of it; it \
                 begins with {begins}.",
                characters(*length)
            )),
            RegistrationError::TooLong(length) => mistake(format!(
                "what you gave is too long, with {} where a public key address has about 53. Copy the address alone; it \
                 begins with {begins}.",
                characters(*length)
            )),
            RegistrationError::Undecodable(AddressError::Checksum(_)) => {
                mistake(format!("{}. One character or more is wrong or missing.", quoted(&error.to_string())))
            }
            _ => mistake(format!("{}. A public key address begins with {begins}.", quoted(&error.to_string()))),
        }
    }
}

fn of_address(typed: &str, address: &Address, network: Network) -> Mistake {
    let mistake = |text: String, commands| Mistake { text, commands, secret: false };
    if address.network() != network {
        let text = format!(
            "“{typed}” is an address of {}, but this pool runs on {network}. Ask a wallet that runs on {network}.",
            address.network()
        );
        return mistake(text, new_key(network));
    }
    match address.kind() {
        AddressKind::PubKeyHash(_) => mistake(
            "this is an address for payments, which shows only a hash of its key. If it is your wallet’s, this command \
             prints the key. Copy what comes after “pubkeyaddr”."
                .to_owned(),
            vec![validate(typed, network)],
        ),
        AddressKind::ScriptHash(_) => mistake(
            "this is the address of a script, such as the pool’s voting addresses. The pool needs a key of your own \
             wallet."
                .to_owned(),
            new_key(network),
        ),
        // Cannot be: this is what is asked for.
        AddressKind::PubKey(_) => mistake("it was not accepted. Copy it again.".to_owned(), new_key(network)),
    }
}

/// Print a new address, and then, with that in place of `ADDRESS`, its key.
fn new_key(network: Network) -> Vec<String> {
    vec![format!("exccctl {}--wallet getnewaddress", network_flag(network)), validate("ADDRESS", network)]
}

fn validate(address: &str, network: Network) -> String {
    format!("exccctl {}--wallet validateaddress {address}", network_flag(network))
}

fn characters(count: usize) -> String {
    format!("{count} character{}", if count == 1 { "" } else { "s" })
}

/// A text for a terminal, where what was typed stands between backticks, as a page shows it.
fn quoted(text: &str) -> String {
    let mut opens = false;
    let quote = |c: char| match c {
        '`' => {
            opens = !opens;
            if opens { '“' } else { '”' }
        }
        c => c,
    };
    text.chars().map(quote).collect()
}

/// A compressed public key in hexadecimal digits.
fn is_raw_key(typed: &str) -> bool {
    let is_hex = typed.len() == 66 && typed.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_hex && (typed.starts_with("02") || typed.starts_with("03"))
}

/// A wallet's seed or a private key: to be named, and never to be shown again.
fn secret(typed: &str) -> Option<Mistake> {
    let words = typed.split_whitespace().filter(|word| word.chars().all(char::is_alphabetic)).count();
    let is_seed = words >= SEED_WORDS || (typed.len() == 64 && typed.bytes().all(|byte| byte.is_ascii_hexdigit()));
    let is_private = ["xprv", "tprv", "sprv"].iter().any(|start| typed.starts_with(start));
    (is_seed || is_private).then(|| Mistake {
        text:
            "this looks like a secret of your wallet: its seed or a private key. Whoever has it can take your coins. \
               The pool did not keep it, and never asks for it. If it is real, move your coins to a new wallet."
                .to_owned(),
        commands: Vec::new(),
        secret: true,
    })
}

fn is_extended_key(typed: &str) -> bool {
    ["xpub", "tpub", "spub"].iter().any(|start| typed.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(typed: &str, error: &RegistrationError) -> Mistake {
        Mistake::find(typed, error, Network::Simnet)
    }

    #[test]
    fn an_address_for_payments_is_turned_into_the_command_that_prints_its_key() {
        let mistake = find("SsVG8Gga9NP7fYkCkn9W7MQcvmA3GsSrW8f", &RegistrationError::TooShort(35));
        let command = "exccctl --simnet --wallet validateaddress SsVG8Gga9NP7fYkCkn9W7MQcvmA3GsSrW8f";
        assert_eq!(mistake.commands, [command]);
        assert!(mistake.text.contains("address for payments"));
    }

    #[test]
    fn an_address_of_another_network_is_named() {
        let typed = "TkQ5D4h37rpN4qDfDjFQfJyToe1SKkqw3H7zkHRH8n8Mmd9msKdFW";
        let mistake = find(typed, &RegistrationError::TooShort(1));
        assert!(mistake.text.contains("is an address of testnet, but this pool runs on simnet"), "{}", mistake.text);
        let commands = ["exccctl --simnet --wallet getnewaddress", "exccctl --simnet --wallet validateaddress ADDRESS"];
        assert_eq!(mistake.commands, commands);
    }

    #[test]
    fn a_secret_is_not_shown_again() {
        let seed = "island ".repeat(33);
        for typed in [seed.as_str(), &"ab".repeat(32), "sprvZ9xyz"] {
            let mistake = find(typed, &RegistrationError::TooLong(200));
            assert!(mistake.secret && !mistake.text.contains(typed), "{typed}");
        }
        assert!(!find("short", &RegistrationError::TooShort(5)).secret);
    }

    #[test]
    fn other_mistakes_say_what_is_needed() {
        let short = find("short", &RegistrationError::TooShort(5));
        assert!(
            short.text.contains("too short, with 5 characters")
                && short.text.contains("the whole of it; it begins with Sk")
        );
        let long = find(&"x".repeat(70), &RegistrationError::TooLong(70));
        assert!(long.text.contains("too long, with 70 characters") && !long.text.contains("whole"), "{}", long.text);
        let raw = find(&format!("02{}", "ab".repeat(32)), &RegistrationError::TooLong(66));
        assert!(raw.text.contains("raw public key") && raw.text.contains("pubkeyaddr") && !raw.secret, "{}", raw.text);
        assert!(find("", &RegistrationError::TooShort(0)).text.contains("empty"));
        assert!(find("spubVW5P9", &RegistrationError::TooLong(111)).text.contains("extended public key"));
        let mistyped = RegistrationError::Undecodable(AddressError::Checksum("SkX".into()));
        let text = find("SkX", &mistyped).text;
        assert!(text.contains("“SkX” is mistyped") && !text.contains('`'), "{text}");
    }
}
