//! Randomness that repeats itself.

use std::sync::atomic::{AtomicU64, Ordering};

use sha2::{Digest, Sha256};

use crate::accounts::SecureRandom;

/// Bytes that look random and are the same for the same seed. For tests alone: whoever knows the seed knows them all.
#[derive(Debug)]
pub struct TestRandom {
    seed: u64,
    drawn: AtomicU64,
}

impl TestRandom {
    /// A source that a seed determines.
    pub const fn seeded(seed: u64) -> Self {
        Self { seed, drawn: AtomicU64::new(0) }
    }
}

impl SecureRandom for TestRandom {
    fn fill(&self, buffer: &mut [u8]) {
        for chunk in buffer.chunks_mut(32) {
            let drawn = self.drawn.fetch_add(1, Ordering::SeqCst);
            let hash = Sha256::new().chain_update(self.seed.to_le_bytes()).chain_update(drawn.to_le_bytes()).finalize();
            chunk.copy_from_slice(&hash[..chunk.len()]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_repeats_its_bytes_and_no_two_draws_are_alike() {
        let draw = |source: &TestRandom| {
            let mut bytes = [0; 40];
            source.fill(&mut bytes);
            bytes
        };
        let (one, two) = (TestRandom::seeded(1), TestRandom::seeded(1));
        let first = draw(&one);
        assert_eq!(first, draw(&two));
        assert_ne!(first, draw(&one));
        assert_ne!(first, draw(&TestRandom::seeded(2)));
    }
}
