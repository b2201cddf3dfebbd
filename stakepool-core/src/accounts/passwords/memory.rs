//! The memory in which passwords are hashed. It is taken once and kept: memory that is taken for each hash anew, on
//! whichever thread, is scattered over the allocator's arenas and stays there, up to gigabytes on a large machine.

use std::sync::{Mutex, PoisonError};

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::password_hash::{Error, Result};
use argon2::{Algorithm, Argon2, Block, Params, Version};

/// The buffers that are not in use at this moment. There are never more than hashes at a time.
#[derive(Debug, Default)]
pub(super) struct Memory {
    buffers: Mutex<Vec<Vec<Block>>>,
    #[cfg(test)]
    pub(super) made: std::sync::atomic::AtomicUsize,
}

impl Memory {
    /// Hashes a password into PHC format.
    pub(super) fn hash(&self, argon2: &Argon2<'_>, password: &[u8], salt: &[u8]) -> Result<PasswordHash> {
        let (params, salt) = (argon2.params(), Salt::new(salt)?);
        let output = self.output(argon2, password, &salt)?;
        Ok(PasswordHash {
            algorithm: Algorithm::Argon2id.ident(),
            version: Some(Version::V0x13.into()),
            params: ParamsString::try_from(params)?,
            salt: Some(salt),
            hash: Some(output),
        })
    }

    /// Whether a password is the one of a hash in PHC format, whatever its costs were.
    pub(super) fn is_right(&self, password: &[u8], hash: &str) -> Result<bool> {
        let hash = PasswordHash::new(hash)?;
        let (Some(salt), Some(expected)) = (&hash.salt, &hash.hash) else { return Ok(false) };
        let algorithm = Algorithm::try_from(hash.algorithm.as_str())?;
        let version = hash.version.map(Version::try_from).transpose()?.unwrap_or_default();
        let argon2 = Argon2::new(algorithm, version, Params::try_from(&hash)?);
        // The comparison of outputs takes the same time for all.
        Ok(self.output(&argon2, password, salt)? == *expected)
    }

    fn output(&self, argon2: &Argon2<'_>, password: &[u8], salt: &[u8]) -> Result<Output> {
        let mut buffer = [0; Output::MAX_LENGTH];
        let length = argon2.params().output_len().unwrap_or(Params::DEFAULT_OUTPUT_LEN);
        let out = buffer.get_mut(..length).ok_or(Error::OutputSize)?;
        let mut blocks = self.take();
        let needed = argon2.params().block_count();
        if blocks.len() < needed {
            // Exactly as much as is needed, and not beside what there was.
            blocks = Vec::new();
            blocks.resize(needed, Block::new());
        }
        let hashed = argon2.hash_password_into_with_memory(password, salt, out, &mut blocks);
        self.give_back(blocks);
        hashed?;
        Ok(Output::new(out)?)
    }

    fn take(&self) -> Vec<Block> {
        let kept = self.buffers.lock().unwrap_or_else(PoisonError::into_inner).pop();
        #[cfg(test)]
        if kept.is_none() {
            self.made.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        }
        kept.unwrap_or_default()
    }

    fn give_back(&self, blocks: Vec<Block>) {
        self.buffers.lock().unwrap_or_else(PoisonError::into_inner).push(blocks);
    }
}
