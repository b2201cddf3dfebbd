//! What the fuzz targets call, with the seeds from which they begin and with random bytes.

use std::fs;
use std::path::PathBuf;

use proptest::collection::vec;
use proptest::prelude::{any, proptest};
use stakepool_core::testkit::fuzzing::ALL;

fn folder(of: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "..", "fuzz", of].iter().collect()
}

#[test]
fn every_seed_is_read_by_its_target_and_so_is_what_a_byte_makes_of_it() {
    for (name, reads) in ALL {
        let seeds: Vec<_> = fs::read_dir(folder("seeds").join(name)).unwrap().collect();
        assert!(!seeds.is_empty(), "{name} has no seed");
        for seed in seeds {
            let bytes = fs::read(seed.unwrap().path()).unwrap();
            reads(&bytes);
            for at in (0..bytes.len()).step_by(1 + bytes.len() / 50) {
                let mut changed = bytes.clone();
                changed[at] ^= 0x41;
                reads(&changed);
                reads(&bytes[..at]);
            }
        }
    }
}

#[test]
fn every_target_has_its_program() {
    let programs = fs::read_dir(folder("fuzz_targets")).unwrap();
    let mut programs: Vec<_> =
        programs.map(|file| file.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned()).collect();
    programs.sort_unstable();
    let mut targets = ALL.map(|(name, _)| name);
    targets.sort_unstable();
    assert_eq!(programs, targets);
}

proptest! {
    #[test]
    fn random_bytes_make_nothing_panic(bytes in vec(any::<u8>(), 0..2000)) {
        ALL.iter().for_each(|(_, reads)| reads(&bytes));
    }
}
