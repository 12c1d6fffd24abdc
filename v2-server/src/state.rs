//! What every handler can reach.

use std::ops::Deref;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::sync::Notify;
use uuid::Uuid;

use crate::access::password::Passwords;
use crate::access::token::Tokens;
use crate::distribution::Distribution;
use crate::http::ApiResult;
use crate::http::guard::Demands;
use crate::ids::IdSource;
use crate::metrics::Metrics;
use crate::resources::inventories::InventorySettings;
use crate::resources::notifications::Sender;
use crate::resources::rbac_manager::saml::Sso;
use crate::store::{Store, Transaction};
use crate::time::{Clock, Timestamp};
use crate::webhooks::Webhooks;

/// Sizes and times a request may take.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Bytes of a request body, unless its route allows more.
    pub body_bytes: usize,
    /// Bytes of one uploaded part of an import.
    pub upload_bytes: usize,
    /// Seconds from the first byte of a request to the last of its answer.
    pub request_seconds: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes: 8 << 20,
            upload_bytes: 256 << 20,
            request_seconds: 300,
        }
    }
}

/// Shared by all requests of a server. Cloning is cheap.
#[derive(Clone)]
pub(crate) struct AppState(Arc<Parts>);

/// The parts of [`AppState`].
pub(crate) struct Parts {
    pub(crate) store: Store,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) ids: Arc<dyn IdSource>,
    pub(crate) limits: Limits,
    pub(crate) passwords: Passwords,
    pub(crate) tokens: Tokens,
    pub(crate) demands: Demands,
    /// The OpenAPI document as it is served.
    pub(crate) document: String,
    /// The same as YAML, once somebody has asked for it.
    pub(crate) document_yaml: OnceLock<String>,
    /// Name of this server among those that share the database.
    pub(crate) host_id: String,
    /// Where clients reach this server.
    pub(crate) base_url: String,
    /// Asks image registries.
    pub(crate) distribution: Distribution,
    /// How inventories are kept.
    pub(crate) inventory: InventorySettings,
    /// Logins at identity providers.
    pub(crate) sso: Sso,
    /// Addresses that are told what happens.
    pub(crate) webhooks: Webhooks,
    /// Time from one check of watched tags to the next.
    pub(crate) alerts_every: Duration,
    /// Time from one sending of notifications to the next.
    pub(crate) notifications_every: Duration,
    /// Sends notifications.
    pub(crate) sender: Sender,
    /// Notified when an image waits for its analysis.
    pub(crate) analysis_wanted: Notify,
    /// What is counted.
    pub(crate) metrics: Metrics,
    /// Whether the server finishes what it has begun, and takes nothing new.
    pub(crate) stopping: AtomicBool,
}

impl AppState {
    pub(crate) fn new(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }

    /// The present moment.
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// From now on probes are told that the server stops.
    pub(crate) fn begin_stopping(&self) {
        self.stopping.store(true, Ordering::Release);
    }

    /// Whether the server stops.
    pub(crate) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Acquire)
    }

    /// A new identifier.
    pub(crate) fn uuid(&self) -> Uuid {
        self.ids.uuid()
    }

    /// [`Store::read`] with the errors of handlers.
    pub(crate) async fn read<T, F>(&self, work: F) -> ApiResult<T>
    where
        F: Fn(&mut Transaction<'_>) -> ApiResult<T> + Send + 'static,
        T: Send + 'static,
    {
        self.store.read(work).await
    }

    /// [`Store::peek`] with the errors of handlers.
    pub(crate) async fn peek<T, F>(&self, work: F) -> ApiResult<T>
    where
        F: Fn(&mut Transaction<'_>) -> ApiResult<T> + Send + 'static,
        T: Send + 'static,
    {
        self.store.peek(work).await
    }

    /// [`Store::write`] with the errors of handlers.
    pub(crate) async fn write<T, F>(&self, work: F) -> ApiResult<T>
    where
        F: Fn(&mut Transaction<'_>) -> ApiResult<T> + Send + 'static,
        T: Send + 'static,
    {
        self.store.write(work).await
    }
}

impl Deref for AppState {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}
