//! One binary for all integration tests: linking Typst once is enough.

mod suite;
