//! The compatibility proxy: V1 clients on one side, a V2 service on the other.
//!
//! ```text
//!  client ──▶ routing ──▶ V2 request: passed through by pingora, untouched
//!                │
//!                └──────▶ V1 request: relay ──▶ request ──▶ upstream
//!  client ◀──────────────────────────── response ◀─────────────┘
//! ```
//!
//! What differs between V1 and V2 is data ([`windlass_transforms::Mappings`]); this crate knows
//! the life of a request, limits and records, and no name of any field.
//!
//! A test starts exactly what the program starts:
//!
//! ```no_run
//! # async fn start() -> Result<(), Box<dyn std::error::Error>> {
//! use windlass_proxy::{Proxy, UpstreamUrl};
//!
//! let upstream = UpstreamUrl::parse("http://127.0.0.1:8328")?;
//! let mappings = std::sync::Arc::new(windlass_mappings::compile().map_err(|d| d[0].to_string())?);
//! let proxy = Proxy::builder(upstream, mappings)
//!     .listen("127.0.0.1:0")
//!     .start()?;
//! println!("GET http://{}/v1/images", proxy.address());
//! proxy.stop().await;
//! # Ok(())
//! # }
//! ```

mod admin;
mod app;
mod calling;
pub mod config;
mod context;
mod drain;
mod embedded;
mod error;
mod headers;
mod limits;
mod linger;
mod lookups;
mod metrics;
mod observe;
mod phases;
mod record;
mod relay;
mod request;
mod response;
mod routing;
mod serve;
mod start;
mod upstream;

pub use embedded::{EmbeddedError, EmbeddedServer};
pub use limits::{Limits, Timeouts};
pub use routing::Versionless;
pub use start::{Proxy, ProxyBuilder, StartError, Tls};
pub use upstream::UpstreamUrl;
