//! Services, feeds and error codes as clients see them.

use serde::Serialize;
use utoipa::ToSchema;

use super::servers::store::{self, Registered, State};
use crate::http::ApiResult;
use crate::resources::probes::types::StatusResponse;
use crate::state::AppState;
use crate::time::Timestamp;

/// All services of the system.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SystemStatusResponse {
    /// The services.
    pub(crate) service_states: Vec<Service>,
}

/// A service. This server is one program; it shows the parts clients know by name.
#[expect(
    clippy::struct_field_names,
    reason = "the fields are named as in the specification"
)]
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Service {
    /// The server it runs on.
    pub(crate) host_id: String,
    /// The name of the service.
    pub(crate) service_name: String,
    /// Where it is reached.
    base_url: String,
    /// The state in a word.
    status_message: &'static str,
    /// How it feels.
    service_detail: StatusResponse,
    /// Whether it runs and takes requests.
    status: bool,
    /// The release of the service.
    version: String,
}

impl Service {
    /// The services of all servers that share the database.
    ///
    /// # Errors
    /// The database failed.
    pub(super) async fn all(state: &AppState) -> ApiResult<Vec<Self>> {
        let now = state.now();
        let services = state.read(move |tx| Ok(store::services(tx, now)?)).await?;
        let service = |service: Registered| {
            // Who answers is there, whatever was written down.
            let is_own = service.host_id == state.host_id && service.base_url == state.base_url;
            let (condition, service_detail) = if is_own {
                (State::of(state), StatusResponse::of(state))
            } else {
                (service.state, StatusResponse::of_another(service.state))
            };
            Self {
                service_detail,
                status: condition == State::Up,
                status_message: condition.message(),
                service_name: service.service_name,
                host_id: service.host_id,
                base_url: service.base_url,
                version: service.version,
            }
        };
        Ok(services.into_iter().map(service).collect())
    }
}

/// A source of vulnerability data.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FeedMetadata {
    /// The name of the feed.
    pub(crate) name: String,
    /// When it was first seen.
    pub(crate) created_at: Timestamp,
    /// When something about it was last changed.
    pub(crate) updated_at: Timestamp,
    /// Its parts.
    pub(crate) groups: Vec<FeedGroupMetadata>,
    /// When all of it was last read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) last_full_sync: Option<Timestamp>,
    /// Whether it is read at all.
    pub(crate) enabled: bool,
}

/// A part of a feed, such as one distribution.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FeedGroupMetadata {
    /// The name of the group.
    pub(crate) name: String,
    /// When it was first seen.
    pub(crate) created_at: Timestamp,
    /// When it was last read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) last_sync: Option<Timestamp>,
    /// Records in it.
    pub(crate) record_count: i64,
    /// Whether it is read at all.
    pub(crate) enabled: bool,
}

/// A word that errors carry in `detail.error_codes`.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AnchoreErrorCode {
    /// The word.
    name: &'static str,
    /// What it means.
    description: &'static str,
}

/// All error codes.
pub(super) const ERROR_CODES: [AnchoreErrorCode; 8] = [
    AnchoreErrorCode {
        name: "REGISTRY_PERMISSION_DENIED",
        description: "The registry does not let this login see the image",
    },
    AnchoreErrorCode {
        name: "REGISTRY_IMAGE_NOT_FOUND",
        description: "The registry has no image of this tag or digest",
    },
    AnchoreErrorCode {
        name: "REGISTRY_NOT_ACCESSIBLE",
        description: "The registry cannot be reached over the network",
    },
    AnchoreErrorCode {
        name: "REGISTRY_NOT_SUPPORTED",
        description: "The registry does not speak a protocol this system knows",
    },
    AnchoreErrorCode {
        name: "SKOPEO_UNKNOWN_ERROR",
        description: "Reading the image from the registry failed for a reason that has no code",
    },
    AnchoreErrorCode {
        name: "UNKNOWN",
        description: "The reason is not known",
    },
    AnchoreErrorCode {
        name: "FEED_SYNC_ALREADY_IN_PROGRESS",
        description: "The feeds are being read already",
    },
    AnchoreErrorCode {
        name: "OSARCH_MISMATCH",
        description: "The image is not made for the architecture or system that was asked for",
    },
];
