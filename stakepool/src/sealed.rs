//! Secrets that lie encrypted: under a key in a file of its own, or under a passphrase (AES-256-GCM, Argon2id).

use std::fmt;

use argon2::{Algorithm, Argon2, Params, Version};
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::hkdf::{HKDF_SHA256, Salt};
use aws_lc_rs::rand;
use stakepool_core::secret::Secret;
use zeroize::Zeroizing;

/// Length of a key in bytes.
const KEY_LENGTH: usize = 32;
/// Length of the salt of a passphrase in bytes.
const SALT_LENGTH: usize = 16;
/// How a file under a passphrase begins.
const HEAD: &[u8] = b"stakepool sealed 1\n";
/// Memory (in KiB) and passes of Argon2id for a passphrase: under a second, once at a start. A debug build takes many times
/// as long, so that tests take the least that there is.
const COST: (u32, u32) = if cfg!(test) { (8, 1) } else { (64 * 1024, 4) };
/// The most that a file may ask for, so that none can take all memory.
const MOST: (u32, u32) = (1024 * 1024, 16);

/// Why something cannot be sealed or opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SealError {
    /// The machine gives no random numbers.
    #[error("nothing can be encrypted: the machine gives no random numbers")]
    Random,
    /// Another key, another place, or damaged.
    #[error("cannot be decrypted: the key or passphrase is another one, or the data is damaged or of another place")]
    Wrong,
    /// Not such a file.
    #[error("not a sealed file of the pool, or one of a later version")]
    Format,
    /// A passphrase without characters.
    #[error("the passphrase is empty")]
    Empty,
    /// The key cannot be made from the passphrase.
    #[error("no key can be made from the passphrase: there is not enough memory, or the file is damaged")]
    Derivation,
}

/// A key that seals and opens. It never prints itself, and is overwritten in memory when it is dropped.
pub struct SealingKey(Zeroizing<[u8; KEY_LENGTH]>);

impl SealingKey {
    /// A new key.
    ///
    /// # Errors
    /// [`SealError::Random`].
    pub fn random() -> Result<Self, SealError> {
        let mut key = Zeroizing::new([0; KEY_LENGTH]);
        fill(&mut *key)?;
        Ok(Self(key))
    }

    /// A key that was kept.
    pub fn from_bytes(bytes: &[u8; KEY_LENGTH]) -> Self {
        Self(Zeroizing::new(*bytes))
    }

    /// The bytes to keep.
    pub fn to_bytes(&self) -> Zeroizing<[u8; KEY_LENGTH]> {
        self.0.clone()
    }

    /// The key for a purpose that follows from a secret of the configuration (HKDF, RFC 5869), so that it need not be kept.
    ///
    /// # Errors
    /// [`SealError::Empty`], [`SealError::Derivation`].
    pub fn of_secret(secret: &Secret, purpose: &str) -> Result<Self, SealError> {
        if secret.is_empty() {
            return Err(SealError::Empty);
        }
        let purpose = [purpose.as_bytes()];
        let material = Salt::new(HKDF_SHA256, &[]).extract(secret.expose().as_bytes());
        let mut key = Zeroizing::new([0; KEY_LENGTH]);
        material
            .expand(&purpose, HKDF_SHA256)
            .and_then(|expanded| expanded.fill(&mut *key))
            .map_err(|Unspecified| SealError::Derivation)?;
        Ok(Self(key))
    }

    fn of_passphrase(passphrase: &Secret, salt: &[u8], (memory, passes): (u32, u32)) -> Result<Self, SealError> {
        if passphrase.is_empty() {
            return Err(SealError::Empty);
        }
        let params = Params::new(memory, passes, 1, Some(KEY_LENGTH)).map_err(|_| SealError::Derivation)?;
        let mut key = Zeroizing::new([0; KEY_LENGTH]);
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into(passphrase.expose().as_bytes(), salt, &mut *key)
            .map_err(|_| SealError::Derivation)?;
        Ok(Self(key))
    }

    /// Encrypts. `place` says what it is and where it belongs, so that it opens nowhere else.
    ///
    /// # Errors
    /// [`SealError::Random`].
    pub fn seal(&self, plain: &[u8], place: &[u8]) -> Result<Vec<u8>, SealError> {
        let mut nonce = [0; NONCE_LEN];
        fill(&mut nonce)?;
        let mut sealed = nonce.to_vec();
        let mut body = plain.to_vec();
        self.cipher()?
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(place), &mut body)
            .map_err(|Unspecified| SealError::Wrong)?;
        sealed.append(&mut body);
        Ok(sealed)
    }

    /// Decrypts what was sealed for the same place.
    ///
    /// # Errors
    /// [`SealError::Wrong`] for anything else.
    pub fn open(&self, sealed: &[u8], place: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let (nonce, body) = sealed.split_first_chunk::<NONCE_LEN>().ok_or(SealError::Wrong)?;
        let mut body = Zeroizing::new(body.to_vec());
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let opened = self.cipher()?.open_in_place(nonce, Aad::from(place), &mut body);
        let length = opened.map_err(|Unspecified| SealError::Wrong)?.len();
        body.truncate(length);
        Ok(body)
    }

    fn cipher(&self) -> Result<LessSafeKey, SealError> {
        UnboundKey::new(&AES_256_GCM, &*self.0).map(LessSafeKey::new).map_err(|Unspecified| SealError::Wrong)
    }
}

impl fmt::Debug for SealingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealingKey(…)")
    }
}

/// The content of a file that opens by a passphrase.
///
/// # Errors
/// [`SealError::Empty`], [`SealError::Random`], [`SealError::Derivation`].
pub fn seal_by_passphrase(plain: &[u8], passphrase: &Secret, place: &[u8]) -> Result<Vec<u8>, SealError> {
    let mut salt = [0; SALT_LENGTH];
    fill(&mut salt)?;
    let key = SealingKey::of_passphrase(passphrase, &salt, COST)?;
    let (memory, passes) = COST;
    let head = [HEAD, &memory.to_le_bytes(), &passes.to_le_bytes(), &salt].concat();
    Ok([&head[..], &key.seal(plain, place)?].concat())
}

/// Opens the content of such a file.
///
/// # Errors
/// [`SealError::Format`] for another file; [`SealError::Wrong`] for another passphrase, place, or a changed byte.
pub fn open_by_passphrase(file: &[u8], passphrase: &Secret, place: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
    let rest = file.strip_prefix(HEAD).ok_or(SealError::Format)?;
    let (memory, rest) = rest.split_first_chunk().ok_or(SealError::Format)?;
    let (passes, rest) = rest.split_first_chunk().ok_or(SealError::Format)?;
    let (salt, sealed) = rest.split_first_chunk::<SALT_LENGTH>().ok_or(SealError::Format)?;
    let cost = (u32::from_le_bytes(*memory), u32::from_le_bytes(*passes));
    if cost.0 > MOST.0 || cost.1 > MOST.1 {
        return Err(SealError::Format);
    }
    SealingKey::of_passphrase(passphrase, salt, cost)?.open(sealed, place)
}

fn fill(bytes: &mut [u8]) -> Result<(), SealError> {
    rand::fill(bytes).map_err(|Unspecified| SealError::Random)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sealed_opens_by_the_same_key_and_place_and_no_byte_may_change() {
        let key = SealingKey::from_bytes(&SealingKey::random().unwrap().to_bytes());
        let sealed = key.seal(b"a key", b"ticket 1").unwrap();
        assert_eq!(**key.open(&sealed, b"ticket 1").unwrap(), b"a key"[..]);
        assert_eq!(key.open(&sealed, b"ticket 2"), Err(SealError::Wrong));
        assert_eq!(SealingKey::random().unwrap().open(&sealed, b"ticket 1"), Err(SealError::Wrong));
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert_eq!(key.open(&changed, b"ticket 1"), Err(SealError::Wrong));
            assert_eq!(key.open(&sealed[..at], b"ticket 1"), Err(SealError::Wrong));
        }
        assert_ne!(sealed, key.seal(b"a key", b"ticket 1").unwrap(), "each time another nonce");
        assert_eq!(format!("{key:?}"), "SealingKey(…)");
    }

    #[test]
    fn a_file_opens_by_its_passphrase_alone() {
        let right = Secret::new("gull anvil ferry nine");
        let file = seal_by_passphrase(b"a key", &right, b"voting key").unwrap();
        assert!(!file.windows(5).any(|window| window == b"a key"));
        assert_eq!(**open_by_passphrase(&file, &right, b"voting key").unwrap(), b"a key"[..]);
        assert_eq!(open_by_passphrase(&file, &Secret::new("gull"), b"voting key"), Err(SealError::Wrong));
        assert_eq!(open_by_passphrase(&file, &Secret::default(), b"voting key"), Err(SealError::Empty));
        assert_eq!(seal_by_passphrase(b"a key", &Secret::default(), b"voting key"), Err(SealError::Empty));
    }

    #[test]
    fn files_that_are_none_or_ask_for_too_much_are_refused() {
        let passphrase = Secret::new("x");
        let asking = |memory: u32, passes: u32| {
            [HEAD, &memory.to_le_bytes(), &passes.to_le_bytes(), &[0; SALT_LENGTH + NONCE_LEN + 16]].concat()
        };
        for file in [Vec::new(), b"x".to_vec(), HEAD.to_vec(), asking(u32::MAX, 1), asking(8, 17)] {
            assert_eq!(open_by_passphrase(&file, &passphrase, b""), Err(SealError::Format));
        }
        assert_eq!(open_by_passphrase(&asking(0, 0), &passphrase, b""), Err(SealError::Derivation));
    }
}
