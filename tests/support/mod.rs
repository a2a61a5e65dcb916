//! What the integration tests and the benches share.
//!
//! Included with `#[path = "support/mod.rs"] mod support;` (benches: `"../tests/support/mod.rs"`),
//! so each user compiles all of it and calls only a part.
#![allow(
    clippy::disallowed_methods,
    dead_code,
    unreachable_pub,
    unused_imports,
    reason = "every test and bench uses another part of this module; proptest is told by the environment"
)]

pub mod case_builder;
pub mod desk;
pub mod evtx_writer;
pub mod story;

/// So many cases, the same in every run, so that a change is judged by what it changed. `PROPTEST_CASES` and
/// `PROPTEST_RNG_SEED` look elsewhere; what they find becomes a test of its own.
#[expect(
    clippy::disallowed_methods,
    reason = "how much is tried is asked of the developer, not of the tool"
)]
pub fn proptest_config(cases: u32) -> proptest::test_runner::Config {
    use proptest::test_runner::{Config, RngSeed};
    let asked = Config::default();
    let seed = match asked.rng_seed {
        RngSeed::Random => RngSeed::Fixed(20_260_101),
        fixed => fixed,
    };
    let told = std::env::var_os("PROPTEST_CASES").is_some();
    let cases = if told { asked.cases } else { cases };
    Config { cases, rng_seed: seed, failure_persistence: None, ..asked }
}
