//! What people paste in place of a public key address, and what prints the right thing.

use stakepool_core::chain::{Address, AddressError, AddressKind, Network};
use stakepool_core::registration::RegistrationError;

use super::{example, network_flag};

/// A mistake in words.
#[derive(Debug, PartialEq, Eq)]
pub struct Mistake {
    /// What was given, and what is needed.
    pub text: String,
    /// The command that prints what is needed.
    pub command: Option<String>,
    /// Whether what was given must be shown to nobody.
    pub secret: bool,
}

/// Fewest words of a wallet's seed.
const SEED_WORDS: usize = 12;

impl Mistake {
    /// What is wrong with `typed`, which registration refused with `error`.
    pub fn find(typed: &str, error: &RegistrationError, network: Network) -> Self {
        let typed = typed.trim();
        if let Some(mistake) = secret(typed) {
            return mistake;
        }
        let new_key = Some(new_address(network));
        let begins = example(network);
        let tell = |text: String, command| Self { text, command, secret: false };
        if typed.is_empty() {
            return tell(
                "the field is empty. Ask your wallet for an address, and then for its public key.".into(),
                new_key,
            );
        }
        if is_extended_key(typed) {
            let text =
                "this is an extended public key, from which all addresses of an account follow. Give the key of \
                        one address only."
                    .to_owned();
            return tell(text, new_key);
        }
        // A hash address is shorter than a public key address, so that its kind says more than its length.
        if let Ok(address) = typed.parse::<Address>() {
            return of_address(typed, &address, network);
        }
        match error {
            RegistrationError::TooShort(_) | RegistrationError::TooLong(_) => {
                tell(format!("{error}: it has about 53 and begins with {begins}. Copy the whole of it."), new_key)
            }
            RegistrationError::Undecodable(AddressError::Checksum(_)) => {
                tell(format!("{error}. One character or more is wrong or missing."), new_key)
            }
            _ => tell(format!("{error}. A public key address begins with {begins}."), new_key),
        }
    }
}

fn of_address(typed: &str, address: &Address, network: Network) -> Mistake {
    let tell = |text: String, command| Mistake { text, command: Some(command), secret: false };
    if address.network() != network {
        let text = format!(
            "`{typed}` is an address of {}, but this pool runs on {network}. Ask a wallet that runs on {network}.",
            address.network()
        );
        return tell(text, new_address(network));
    }
    match address.kind() {
        AddressKind::PubKeyHash(_) => tell(
            "this is an address for payments, which shows only a hash of its key. If it is your wallet's, this command \
             prints the key: copy what comes after “pubkeyaddr”."
                .to_owned(),
            format!("exccctl {}--wallet validateaddress {typed}", network_flag(network)),
        ),
        AddressKind::ScriptHash(_) => tell(
            "this is the address of a script, such as the pool's voting addresses. The pool needs a key of your own \
             wallet."
                .to_owned(),
            new_address(network),
        ),
        // Cannot be: this is what is asked for.
        AddressKind::PubKey(_) => tell("it was not accepted. Copy it again.".to_owned(), new_address(network)),
    }
}

/// Prints a new address, whose key is asked for next.
fn new_address(network: Network) -> String {
    format!("exccctl {}--wallet getnewaddress", network_flag(network))
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
        command: None,
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
        assert_eq!(mistake.command.as_deref(), Some(command));
        assert!(mistake.text.contains("address for payments"));
    }

    #[test]
    fn an_address_of_another_network_is_named() {
        let typed = "TkQ5D4h37rpN4qDfDjFQfJyToe1SKkqw3H7zkHRH8n8Mmd9msKdFW";
        let mistake = find(typed, &RegistrationError::TooShort(1));
        assert!(mistake.text.contains("is an address of testnet, but this pool runs on simnet"), "{}", mistake.text);
        assert_eq!(mistake.command.as_deref(), Some("exccctl --simnet --wallet getnewaddress"));
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
        assert!(short.text.contains("5 characters") && short.text.contains("begins with Sk"), "{}", short.text);
        assert!(find("", &RegistrationError::TooShort(0)).text.contains("empty"));
        assert!(find("spubVW5P9", &RegistrationError::TooLong(111)).text.contains("extended public key"));
        let mistyped = RegistrationError::Undecodable(AddressError::Checksum("SkX".into()));
        assert!(find("SkX", &mistyped).text.contains("mistyped"));
    }
}
