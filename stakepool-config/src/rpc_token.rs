//! The token that the web and its daemons share, checked here so that `--check-config` tells of a bad one.

use crate::reader::Reader;
use stakepool_core::secret::Secret;

/// How many characters a token may have: what gRPC's metadata carries, and too many to be guessed.
const LENGTHS: std::ops::RangeInclusive<usize> = 16..=512;

/// Reads `rpctoken`, which may be missing. A token that the services would not take is refused without being shown.
pub(crate) fn read(reader: &mut Reader<'_>) -> Option<Secret> {
    let token = reader.secret("rpctoken")?;
    reader.accept("rpctoken", check(token.expose()))?;
    Some(token)
}

fn check(token: &str) -> Result<(), String> {
    if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err("the token may only have letters, digits and punctuation of ASCII, without spaces".to_owned());
    }
    if !LENGTHS.contains(&token.len()) {
        return Err(format!(
            "the token has {} characters: give {} to {}, such as the output of `openssl rand -hex 32`",
            token.len(),
            LENGTHS.start(),
            LENGTHS.end()
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_tokens_that_the_services_take_pass() {
        for good in ["0123456789abcdef", &"x".repeat(512), "!\"#$%&'()*+,-./~"] {
            assert_eq!(check(good), Ok(()), "{good}");
        }
        for bad in ["0123456789abcde", &"x".repeat(513), "with a space in it", "\u{fc}mlaut-\u{fc}mlaut-\u{fc}mlaut"] {
            assert!(check(bad).is_err_and(|reason| !reason.contains(bad)), "{bad}");
        }
    }
}
