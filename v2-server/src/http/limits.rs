//! Around every request: an id, a line in the log, and an end to waiting.

use std::time::{Duration, Instant};

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::HeaderValue;
use tracing::Instrument;
use uuid::Uuid;

use super::Problem;
use crate::state::AppState;

/// Header with the id of a request, taken from the client where it is fit to be logged.
pub(crate) const REQUEST_ID_HEADER: &str = "x-request-id";

/// The longest id a client may choose.
const LONGEST_ID: usize = 128;

tokio::task_local! {
    static REQUEST_ID: String;
}

/// The id of the request that is being answered, for records that tell which one it was.
pub(crate) fn current_request_id() -> Option<String> {
    REQUEST_ID.try_with(String::clone).ok()
}

/// Gives the request an id, answers with it, and logs one line for each request. Paths are logged as
/// templates: what stands in them may be a name, what stands in a query may be anything.
pub(crate) async fn request_id(request: Request, next: Next) -> Response {
    let id = request
        .headers()
        .get(REQUEST_ID_HEADER)
        .and_then(|value| value.to_str().ok())
        .filter(|id| is_fit(id))
        .map_or_else(|| Uuid::new_v4().to_string(), str::to_owned);
    let header = HeaderValue::from_str(&id).expect("an id is printable ASCII");
    let began = Instant::now();
    let method = request.method().clone();
    let template = request
        .extensions()
        .get::<MatchedPath>()
        .map_or("unknown", MatchedPath::as_str)
        .to_owned();
    let span = tracing::info_span!("request", request.id = %id);
    let answered = next.run(request).instrument(span.clone());
    let mut response = REQUEST_ID.scope(id, answered).await;
    response.headers_mut().insert(REQUEST_ID_HEADER, header);
    let status = response.status().as_u16();
    let duration_ms = began.elapsed().as_millis();
    span.in_scope(|| {
        tracing::info!(
            http.method = %method,
            http.route = template,
            downstream.status = status,
            duration_ms,
            "answered {method} {template} with {status}"
        );
    });
    response
}

fn is_fit(id: &str) -> bool {
    (1..=LONGEST_ID).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Ends requests that take too long, such as those of clients that stop in the middle of a body.
pub(crate) async fn time_limit(
    State(state): State<AppState>,
    request: Request,
    next: Next,
) -> Response {
    let seconds = state.limits.request_seconds;
    match tokio::time::timeout(Duration::from_secs(seconds), next.run(request)).await {
        Ok(response) => response,
        Err(_) => Problem::too_slow(seconds).into_response(),
    }
}
