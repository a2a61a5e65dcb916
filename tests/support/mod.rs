//! What the integration tests and the benches share.
//!
//! Included with `#[path = "support/mod.rs"] mod support;` (benches: `"../tests/support/mod.rs"`),
//! so each user compiles all of it and calls only a part.
#![allow(
    dead_code,
    unreachable_pub,
    unused_imports,
    reason = "every test and bench uses another part of this module"
)]

pub mod case_builder;
pub mod evtx_writer;
