//! Counts every request, from its head to the last byte of its answer.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Instant;

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::{Method, StatusCode};
use http_body::{Frame, SizeHint};

use crate::metrics::Present;
use crate::state::AppState;

/// Counts the request once its answer is sent, or nobody waits for it any more.
pub(crate) async fn measure(
    State(state): State<AppState>,
    request: Request,
    next: Next,
) -> Response {
    let mut exchange = Exchange {
        _under_way: state.metrics.request(),
        began: Instant::now(),
        path: request.extensions().get().cloned(),
        method: request.method().clone(),
        status: None,
        state,
    };
    let response = next.run(request).await;
    exchange.status = Some(response.status());
    response.map(|body| {
        Body::new(Measured {
            body,
            _exchange: exchange,
        })
    })
}

/// A request under way. Counted when it is dropped.
struct Exchange {
    state: AppState,
    path: Option<MatchedPath>,
    method: Method,
    began: Instant,
    status: Option<StatusCode>,
    _under_way: Present,
}

impl Drop for Exchange {
    fn drop(&mut self) {
        let metrics = &self.state.metrics;
        let path = self.path.as_ref().map(MatchedPath::as_str);
        let operation = metrics.operation(path, &self.method);
        metrics.count(operation, &self.method, self.status, self.began.elapsed());
    }
}

/// A body that the exchange ends with.
struct Measured {
    body: Body,
    _exchange: Exchange,
}

impl HttpBody for Measured {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
