//! The admin listener: metrics and probes, never on the port of the API.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{Method, Uri, header};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::serve::{self, Door};
use crate::admin::Page;
use crate::resources::images::analysis;
use crate::resources::probes::readiness;
use crate::state::AppState;

/// How long a page under way may take at the end.
const GRACE: Duration = Duration::from_secs(1);

/// A running admin listener.
pub(super) struct Admin {
    address: SocketAddr,
    stop: watch::Sender<()>,
    serving: JoinHandle<()>,
}

impl Admin {
    /// Answers on `listener`, which is at `address`.
    pub(super) fn start(listener: TcpListener, address: SocketAddr, state: &AppState) -> Self {
        let app = Router::new().fallback(answer).with_state(state.clone());
        let (stop, stopped) = watch::channel(());
        let door = Door::new(app, None, None);
        let serving = tokio::spawn(serve::serve(listener, door, stopped, GRACE));
        Self {
            address,
            stop,
            serving,
        }
    }

    /// Where it listens.
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Ends it; the last thing a server does, so that probes see it stop.
    pub(super) async fn stop(self) {
        drop(self.stop);
        if self.serving.await.is_err() {
            tracing::error!("the admin listener ended with a panic");
        }
    }
}

async fn answer(State(state): State<AppState>, method: Method, uri: Uri) -> Response {
    let (mut not_ready, mut waiting) = (None, None);
    match uri.path() {
        "/readyz" => not_ready = readiness::unready(&state).await,
        "/metrics" => waiting = analysis::waiting(&state).await,
        _ => {}
    }
    let not_ready = not_ready.map(|reason| reason.to_string());
    let page = Page::answer(&method, uri.path(), not_ready.as_deref(), || {
        state.metrics.render(waiting)
    });
    let kind = [(header::CONTENT_TYPE, page.content_type)];
    (page.status, kind, page.body).into_response()
}
