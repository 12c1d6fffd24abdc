//! Whether the server can work.

use std::fmt;
use std::time::Duration;

use crate::http::ApiResult;
use crate::params;
use crate::state::AppState;

/// How long the database may take to answer a probe before it counts as gone.
pub(crate) const DATABASE_ANSWERS_WITHIN: Duration = Duration::from_secs(5);

/// Why a server cannot work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unready {
    /// It finishes what it has begun, and takes nothing new.
    Stopping,
    /// Its database does not answer.
    Database,
}

impl fmt::Display for Unready {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Stopping => "the server is stopping",
            Self::Database => "the database does not answer",
        })
    }
}

/// Why the server cannot work, if it cannot.
pub(crate) async fn unready(state: &AppState) -> Option<Unready> {
    if state.is_stopping() {
        return Some(Unready::Stopping);
    }
    let answers = database_answers(state, DATABASE_ANSWERS_WITHIN).await;
    (!answers).then_some(Unready::Database)
}

/// Whether the database answers in time. It is logged where it does not: monitors hear little.
pub(super) async fn database_answers(state: &AppState, limit: Duration) -> bool {
    let asking = state.read(|tx| -> ApiResult<i64> { Ok(tx.query_value("SELECT 1", params![])?) });
    match tokio::time::timeout(limit, asking).await {
        Ok(Ok(_)) => true,
        Ok(Err(error)) => {
            tracing::warn!("the database does not answer: {error}");
            false
        }
        Err(_) => {
            tracing::warn!("the database took longer than {limit:?} to answer");
            false
        }
    }
}
