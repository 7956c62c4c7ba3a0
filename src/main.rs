//! The binary: parse, call, exit code.

use std::process::ExitCode;

/// Layout allocates much and frees it in another order: a fifth of a batch was spent in the allocator of the system.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    countersign::cli::run()
}
