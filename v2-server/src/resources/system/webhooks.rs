//! `/system/webhooks`: trying out the webhooks of the settings.

use axum::extract::State;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};

use crate::http::error::ApiErrorResponse;
use crate::http::{ApiError, ApiResult, Caller, Path, Query};
use crate::params;
use crate::state::AppState;

/// Seconds a notification is worth sending.
const WORTH: i64 = 3600;

/// One kind of webhook.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(super) struct WebhookPath {
    /// `general`, or a kind of notification that has a webhook of its own.
    webhook_type: String,
}

/// What to send.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct WebhookTestQuery {
    /// The kind of notification.
    #[param(inline, default = "tag_update")]
    notification_type: Option<NotificationType>,
}

/// A kind of notification.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum NotificationType {
    /// A tag points at another image.
    TagUpdate,
    /// An image is analysed.
    AnalysisUpdate,
    /// The vulnerabilities of an image have changed.
    VulnUpdate,
    /// The evaluation of an image has changed.
    PolicyEval,
}

impl NotificationType {
    const fn as_str(self) -> &'static str {
        match self {
            Self::TagUpdate => "tag_update",
            Self::AnalysisUpdate => "analysis_update",
            Self::VulnUpdate => "vuln_update",
            Self::PolicyEval => "policy_eval",
        }
    }

    /// An example of what such notifications tell.
    fn example(self) -> Value {
        let image = "test_image_digest";
        match self {
            Self::TagUpdate => json!({ "curr_eval": [image], "last_eval": [image] }),
            Self::AnalysisUpdate => {
                let at = |status: &str| json!({ "analysis_status": status, "annotations": ["test"], "image_digest": image });
                json!({ "curr_eval": at("analyzed"), "last_eval": at("analyzing") })
            }
            Self::VulnUpdate => json!({
                "diff_vulnerability_result": { "added": ["test1"], "updated": ["test2"], "removed": ["test3"] },
                "image_digest": image,
            }),
            Self::PolicyEval => {
                let pass = json!({ "image_digest": image, "status": "pass" });
                json!({ "curr_eval": pass, "last_eval": pass })
            }
        }
    }
}

/// Send a test notification to a webhook
///
/// For administrators. Webhooks are configured by settings of the server: `webhook_general_url` and its like.
#[utoipa::path(
    post, path = "/system/webhooks/{webhook_type}/test", tag = "System", params(WebhookPath, WebhookTestQuery),
    extensions(("x-anchore-authz-action" = json!("None"))),
    responses(
        (status = 200, description = "It was taken"),
        (status = 400, description = "No such webhook is configured, or it did not take the notification", body = ApiErrorResponse),
    ),
)]
pub(super) async fn test_webhook(
    State(state): State<AppState>,
    caller: Caller,
    Path(path): Path<WebhookPath>,
    Query(query): Query<WebhookTestQuery>,
) -> ApiResult<()> {
    if !caller.identity.is_administrator {
        return Err(ApiError::forbidden(
            "Not authorized. Webhooks are tested by users of the account admin",
        ));
    }
    let kind = query
        .notification_type
        .unwrap_or(NotificationType::TagUpdate);
    let account = caller.account();
    let of = account.clone();
    let email: Option<String> = state
        .read(move |tx| {
            let found = tx.query_opt(
                "SELECT email FROM accounts WHERE name = $1",
                params![of],
                |row| row.get(0),
            )?;
            Ok(found.flatten())
        })
        .await?;
    let now = state.now().unix();
    let id = || state.uuid().to_string();
    let mut payload = kind.example();
    payload["account_name"] = json!(account);
    payload["subscription_key"] = json!(id());
    payload["subscription_type"] = json!(kind.as_str());
    payload["notification_id"] = json!(id());
    payload["annotations"] = json!(["test"]);
    let notification = json!({
        "queue_id": kind.as_str(), "account_name": account, "data_id": id(),
        "created_at": now, "last_updated": now, "record_state_key": "active",
        "tries": 0, "max_tries": now + WORTH,
        "data": {
            "notification_user": account, "notification_user_email": email,
            "notification_type": kind.as_str(), "notification_payload": payload,
        },
    });
    state
        .webhooks
        .send(&path.webhook_type, &account, kind.as_str(), &notification)
        .await
        .map_err(|error| ApiError::bad_request(error.to_string()))
}
