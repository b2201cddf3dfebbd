#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| stakepool_core::testkit::fuzzing::bolt_pages(bytes));
