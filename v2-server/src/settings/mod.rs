//! Settings of a program: a TOML file, then environment variables, then flags; later wins.
//!
//! A program says what its settings are as data, and everything follows from that: the flag
//! `--request-timeout-seconds`, the variable `WINDLASS_REQUEST_TIMEOUT_SECONDS`, the key
//! `request_timeout_seconds` in the file, the line in `--help`, and the messages. A key with a dot,
//! such as `upstream.url`, is `url` in the table `[upstream]` of the file, `--upstream-url` and
//! `WINDLASS_UPSTREAM_URL`.
//!
//! ```
//! use std::net::SocketAddr;
//! use windlass_v2_server::settings::{Group, Program, Setting};
//!
//! const PROGRAM: Program = Program {
//!     name: "example",
//!     version: "1.0.0",
//!     about: "Shows how settings are declared.",
//!     after_help: "",
//!     groups: &[Group {
//!         heading: "Network",
//!         settings: &[Setting::new("listen", "ADDRESS", "Where to listen").or("127.0.0.1:8228")],
//!     }],
//! };
//!
//! let flags = ["example", "--listen", "127.0.0.1:9000"];
//! let settings = PROGRAM.read_from(flags, |_variable| None).expect("the flag is known");
//! let listen: SocketAddr = settings.get("listen").expect("it is an address");
//! assert_eq!(listen.port(), 9000);
//! ```

mod error;
mod file;
mod nearest;
mod program;

pub use error::Error;
pub use program::{Group, Program, Setting, Settings};

#[cfg(test)]
mod tests;
