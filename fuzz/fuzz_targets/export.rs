#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| vidimus_fuzz::run("export", input));
