//! Lets a client finish sending a body nobody wants.
//!
//! Some clients send every request without credentials first, body and all, and read the 401 only
//! after that. Closing the connection meanwhile would cost them the answer.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use http::header;
use http_body::{Frame, SizeHint};

/// Bytes that are read and thrown away; beyond, the connection is closed.
const LONGEST: usize = 64 << 20;

/// Reads the rest of the body before a refusal is answered.
pub(crate) async fn drain(request: Request, next: Next) -> Response {
    // A client that asks before it sends need not be asked for what nobody wants.
    let asks_first = request.headers().contains_key(header::EXPECT);
    if asks_first || request.body().is_end_stream() {
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    let mut shared = Shared(Arc::new(Mutex::new(body)));
    let request = Request::from_parts(parts, Body::new(shared.clone()));
    let response = next.run(request).await;
    if !response.status().is_success() {
        shared.throw_away().await;
    }
    response
}

/// A body that two may read, one after the other.
#[derive(Clone)]
struct Shared(Arc<Mutex<Body>>);

impl Shared {
    async fn throw_away(&mut self) {
        let mut length = 0;
        while let Some(Ok(frame)) =
            std::future::poll_fn(|context| Pin::new(&mut *self).poll_frame(context)).await
        {
            length += frame.data_ref().map_or(0, Bytes::len);
            if length > LONGEST {
                return;
            }
        }
    }

    fn body(&self) -> std::sync::MutexGuard<'_, Body> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl HttpBody for Shared {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut *self.body()).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body().is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body().size_hint()
    }
}
