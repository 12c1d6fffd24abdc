//! A server for the V2 Anchore Enterprise API.
//!
//! One binary, one database. [`Server::builder`] starts in tests exactly what `windlass-server`
//! starts:
//!
//! ```no_run
//! # async fn start() -> Result<(), windlass_v2_server::StartError> {
//! use windlass_v2_server::Server;
//!
//! let server = Server::builder("./windlass-data")
//!     .listen(([127, 0, 0, 1], 0).into())
//!     .admin_password("correct horse")
//!     .start()
//!     .await?;
//! println!("GET http://{}/v2/images", server.address());
//! server.stop().await;
//! # Ok(())
//! # }
//! ```

mod access;
pub mod admin;
mod analysis;
mod bootstrap;
mod distribution;
mod hex;
mod http;
mod ids;
mod jobs;
mod metrics;
mod openapi;
mod resources;
mod router;
mod saml;
mod server;
pub mod settings;
mod state;
pub mod store;
mod time;
mod webhooks;

#[cfg(test)]
mod testing;

pub use access::password::PasswordCost;
pub use ids::{IdSource, RandomIds};
pub use openapi::{DOCUMENT, document};
pub use resources::inventories::InventorySettings;
pub use resources::rbac_manager::saml::SsoSettings;
pub use server::{Server, ServerBuilder, StartError, Tls, TlsError};
pub use state::Limits;
pub use time::{Clock, NoTime, SystemClock, Timestamp};
pub use webhooks::{WEBHOOK_TYPES, Webhooks};
