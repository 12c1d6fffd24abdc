//! The harness of the end-to-end tests: programs started in process on free ports, the real
//! `anchore-cli` and Syft where they are installed.
//!
//! Worlds run on SQLite; on PostgreSQL where `WINDLASS_TEST_DATABASE` is the address of one; and on two
//! servers that share it and are killed in turn where `WINDLASS_TEST_SERVERS` is 2 as well.

pub mod caller;
pub mod calls;
pub mod clients;
pub mod contract;
pub mod database;
pub mod facts;
pub mod identity_provider;
pub mod image;
pub mod nginx;
mod pair;
pub mod program;
pub mod registry;
pub mod relay;
pub mod story;
pub mod webhook;
pub mod world;

use std::io::Write as _;

/// Prints a line even where the test runner captures output: what was skipped must be seen.
pub fn say(line: &str) {
    let name = std::thread::current().name().unwrap_or("test").to_owned();
    // Nothing sensible can be done when standard error is gone.
    let _ = writeln!(std::io::stderr(), "{name}: {line}");
}

/// Standard base64, for Basic credentials.
pub fn base64(text: &str) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(text)
}
