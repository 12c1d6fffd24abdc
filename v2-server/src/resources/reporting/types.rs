//! Saved results as clients see them.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

/// One page of what a scheduled query found, in the form of the reports API.
#[derive(ToSchema)]
#[expect(
    dead_code,
    reason = "it describes text that is stored as it is answered"
)]
pub(crate) struct ScheduledQueryResultPage(HashMap<String, Value>);

/// One saved result.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct ResultPath {
    /// Id of the result.
    #[param(pattern = "^[0-9a-z-]+$")]
    pub(crate) result_uuid: String,
}

/// Which page of the result.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ResultQuery {
    /// The page; the first is 1.
    #[param(default = 1, minimum = 1)]
    pub(crate) page: Option<i64>,
}
