#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| exo_tests::oracle::sealed_message(bytes));
