//! Connections: accepting them, and letting them end in peace.

use std::io;
use std::time::Duration;

use axum::Router;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// How long a client may take to send the head of a request, the pause before it included.
const HEAD: Duration = Duration::from_secs(60);
/// How long to wait when the system has no descriptor left for one more connection.
const BREATH: Duration = Duration::from_millis(100);

/// Serves connections until `stopped` says so, then waits for the requests in flight, at most
/// `grace`.
pub(super) async fn serve(
    listener: TcpListener,
    app: Router,
    mut stopped: watch::Receiver<()>,
    grace: Duration,
) {
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD);
    builder.http2().timer(TokioTimer::new());
    let connections = GracefulShutdown::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stopped.changed() => break,
        };
        match accepted {
            Ok((stream, _)) => begin(stream, &builder, &app, &connections),
            Err(error) => rest(error).await,
        }
    }
    drop(listener);
    if tokio::time::timeout(grace, connections.shutdown())
        .await
        .is_err()
    {
        tracing::warn!("stopped with requests still in flight");
    }
}

fn begin(
    stream: TcpStream,
    builder: &Builder<TokioExecutor>,
    app: &Router,
    connections: &GracefulShutdown,
) {
    // Answers are written whole; waiting for more to send would only delay them.
    let _ = stream.set_nodelay(true);
    let service = TowerToHyperService::new(app.clone());
    let connection = builder
        .serve_connection(TokioIo::new(stream), service)
        .into_owned();
    let connection = connections.watch(connection);
    tokio::spawn(async move {
        // A client that goes away or talks nonsense is none of our trouble.
        if let Err(error) = connection.await {
            tracing::debug!("a connection ended: {error}");
        }
    });
}

/// One failed connection is the client's; a system out of descriptors needs a moment.
async fn rest(error: io::Error) {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    if !matches!(
        error.kind(),
        ConnectionAborted | ConnectionRefused | ConnectionReset
    ) {
        tracing::warn!("failed to accept a connection: {error}");
        tokio::time::sleep(BREATH).await;
    }
}
