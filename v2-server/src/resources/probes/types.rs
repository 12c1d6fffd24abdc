//! What the server says about itself.

use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::resources::system::servers::store::State;
use crate::state::AppState;
use crate::store;

/// The release of the V2 service whose behaviour this server has. Clients compare it: from 5.11 on
/// some register themselves at routes that are not here.
pub(crate) const SERVICE_VERSION: &str = "5.0.0";

/// Versions of the service, its API and its tables.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ServiceVersion {
    service: ServiceRelease,
    api: ApiGeneration,
    db: DatabaseSchema,
}

/// The release of the service.
#[derive(Debug, Serialize, ToSchema)]
struct ServiceRelease {
    /// Semantic version.
    version: &'static str,
}

/// The generation of the API. Clients look for exactly `2`.
#[derive(Debug, Serialize, ToSchema)]
struct ApiGeneration {
    /// The generation: `2`.
    version: &'static str,
}

/// The state of the tables.
#[derive(Debug, Serialize, ToSchema)]
struct DatabaseSchema {
    /// Semantic version.
    schema_version: String,
}

impl ServiceVersion {
    pub(super) fn current() -> Self {
        Self {
            service: ServiceRelease {
                version: SERVICE_VERSION,
            },
            api: ApiGeneration { version: "2" },
            db: DatabaseSchema {
                schema_version: store::schema_version(),
            },
        }
    }
}

/// How a service feels.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StatusResponse {
    /// Whether it takes requests.
    available: bool,
    /// Whether it is too busy for more.
    busy: bool,
    /// Whether it runs.
    up: bool,
    /// The same in words.
    message: &'static str,
    /// The release of the service.
    version: &'static str,
    /// The version of the tables.
    db_version: String,
    /// More about it.
    #[schema(value_type = Object)]
    detail: Map<String, Value>,
}

impl StatusResponse {
    /// The status of this server.
    pub(crate) fn of(state: &AppState) -> Self {
        let (available, busy) = (!state.is_stopping(), state.store.is_busy());
        let message = match (available, busy) {
            (false, _) => "stopping: requests in flight may finish",
            (true, true) => "busy: requests wait for the database",
            (true, false) => "all good",
        };
        Self {
            available,
            busy,
            up: true,
            message,
            version: SERVICE_VERSION,
            db_version: store::schema_version(),
            detail: Map::new(),
        }
    }

    /// The status of another server, as far as it has told.
    pub(crate) fn of_another(state: State) -> Self {
        let available = state == State::Up;
        Self {
            available,
            busy: false,
            up: state.is_running(),
            message: if available {
                "all good"
            } else {
                state.message()
            },
            version: SERVICE_VERSION,
            db_version: store::schema_version(),
            detail: Map::new(),
        }
    }
}
