//! What an administrator searches for, in the forms in which it may be stored.

use stakepool_core::accounts::Email;
use stakepool_core::typed::{hash, pasted};

/// Digits of a hash.
const HASH_DIGITS: usize = 64;

/// The texts to search for, the likeliest first; the next one where that finds nothing.
pub fn texts(typed: &str) -> Vec<String> {
    let text = pasted(typed);
    let hash = hash(&text);
    if hash.len() == HASH_DIGITS && hash.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return vec![hash];
    }
    let mut texts: Vec<String> = Email::spellings(&text).iter().map(|email| email.as_str().to_owned()).collect();
    // A part of an address, a number, or an address of before with what is not seen in it.
    for other in [text.as_str(), typed.trim()] {
        let lower = other.to_ascii_lowercase();
        if texts.iter().all(|known| *known != other && (*known != lower || !other.is_ascii())) {
            texts.push(other.to_owned());
        }
    }
    texts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_pasted_is_searched_for_as_it_is_stored() {
        let hash = "ab".repeat(32);
        assert_eq!(texts(&format!(" \u{200b}0x{} ", hash.to_uppercase())), [hash]);
        assert_eq!(
            texts(" \u{201c}Alice@Example.org\u{201d}, "),
            ["alice@example.org", "\u{201c}Alice@Example.org\u{201d},"]
        );
        assert_eq!(texts("12\u{a0}"), ["12"]);
        assert_eq!(texts("SsVG8Gga9NP7"), ["SsVG8Gga9NP7"], "case counts in addresses of the chain");
        assert_eq!(texts("bob@bücher.example")[..2], ["bob@xn--bcher-kva.example", "bob@bücher.example"]);
        assert_eq!(texts("a\u{200b}b")[..], ["ab", "a\u{200b}b"]);
        assert_eq!(texts(""), [""]);
    }
}
