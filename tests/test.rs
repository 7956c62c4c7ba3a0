//! One binary for all integration tests: linking Typst once is enough.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "tests touch files, and a failing step is a failing test"
)]

mod suite;
