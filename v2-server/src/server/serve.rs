//! Connections: accepting them, and letting them end in peace.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use super::protocol::{self, Begun, Protocol};
use crate::state::AppState;

/// How long a client may take to send the head of a request, the pause before it included.
const HEAD: Duration = Duration::from_secs(60);
/// How long a client may take to agree on TLS.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// How often a client of HTTP/2 is asked whether it is still there, and how long it may take to
/// answer.
const ASK: Duration = Duration::from_secs(30);
/// How long a new client may still take to say something once the server stops.
const LAST_CALL: Duration = Duration::from_secs(1);
/// How long to wait when the system has no descriptor left for one more connection.
const BREATH: Duration = Duration::from_millis(100);

/// Serves connections until `stopped` says so, then waits for the requests in flight, at most
/// `grace`. What is not done by then is broken off.
pub(super) async fn serve(
    listener: TcpListener,
    door: Door,
    mut stopped: watch::Receiver<()>,
    grace: Duration,
) {
    let door = Arc::new(door);
    let graceful = GracefulShutdown::new();
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            Some(ended) = connections.join_next() => {
                tell_panic(ended);
                continue;
            }
            _ = stopped.changed() => break,
        };
        match accepted {
            Ok((stream, _)) => {
                let attending =
                    Arc::clone(&door).attend(stream, graceful.watcher(), stopped.clone());
                connections.spawn(attending);
            }
            Err(error) => rest(error).await,
        }
    }
    drop(listener);
    if tokio::time::timeout(grace, graceful.shutdown())
        .await
        .is_err()
    {
        tracing::warn!("stopped with requests still in flight");
    }
    connections.shutdown().await;
}

/// What a connection needs.
pub(super) struct Door {
    app: Router,
    tls: Option<TlsAcceptor>,
    /// Who counts connections, if they are counted.
    counting: Option<AppState>,
    http1: Builder<TokioExecutor>,
    http2: Builder<TokioExecutor>,
}

impl Door {
    pub(super) fn new(app: Router, tls: Option<TlsAcceptor>, counting: Option<AppState>) -> Self {
        let mut http1 = Builder::new(TokioExecutor::new()).http1_only();
        http1
            .http1()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD);
        let mut http2 = Builder::new(TokioExecutor::new()).http2_only();
        http2
            .http2()
            .timer(TokioTimer::new())
            .keep_alive_interval(ASK)
            .keep_alive_timeout(ASK);
        Self {
            app,
            tls,
            counting,
            http1,
            http2,
        }
    }

    /// All of one connection. Whatever a client does, only its own connection waits for it.
    async fn attend(
        self: Arc<Self>,
        stream: TcpStream,
        watcher: Watcher,
        mut stopped: watch::Receiver<()>,
    ) {
        let counting = self.counting.as_ref();
        let _connected = counting.map(|state| state.metrics.connection());
        // Answers are written whole; waiting for more to send would only delay them.
        let _ = stream.set_nodelay(true);
        let last_call = async move {
            let _ = stopped.changed().await;
            tokio::time::sleep(LAST_CALL).await;
        };
        let attended = match &self.tls {
            None => match before(last_call, HEAD, protocol::begin(stream)).await {
                Ok(Some(begun)) => self.talk(begun, watcher).await,
                other => other.map(drop),
            },
            Some(tls) => {
                let begin = async {
                    let Some(stream) = agree(tls, stream).await? else {
                        return Ok(None);
                    };
                    protocol::begin(stream).await
                };
                match before(last_call, HEAD, begin).await {
                    Ok(Some(begun)) => self.talk(begun, watcher).await,
                    other => other.map(drop),
                }
            }
        };
        // A client that goes away or talks nonsense is none of our trouble.
        if let Err(error) = attended {
            tracing::debug!("a connection ended: {error}");
        }
    }

    /// Answers requests until the client has no more, or `watcher` says that the server stops.
    async fn talk<S>(
        &self,
        (protocol, stream): (Protocol, Begun<S>),
        watcher: Watcher,
    ) -> io::Result<()>
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let builder = match protocol {
            Protocol::Http1 => &self.http1,
            Protocol::Http2 => &self.http2,
        };
        let service = TowerToHyperService::new(self.app.clone());
        let connection = builder.serve_connection(TokioIo::new(stream), service);
        watcher.watch(connection).await.map_err(io::Error::other)
    }
}

/// What `work` makes of a new connection, unless it takes longer than `limit` or `last_call`.
async fn before<T>(
    last_call: impl Future<Output = ()>,
    limit: Duration,
    work: impl Future<Output = io::Result<T>>,
) -> io::Result<T> {
    tokio::select! {
        done = tokio::time::timeout(limit, work) => done?,
        () = last_call => Err(io::Error::other("the server stops")),
    }
}

/// Agrees on TLS with a client; nothing when it does not want any.
async fn agree(
    tls: &TlsAcceptor,
    stream: TcpStream,
) -> io::Result<Option<tokio_rustls::server::TlsStream<TcpStream>>> {
    let agreeing = async {
        let mut first = [0];
        let is_text = stream.peek(&mut first).await? == 1 && first[0].is_ascii_uppercase();
        if is_text {
            refuse(stream).await?;
            return Ok(None);
        }
        tls.accept(stream).await.map(Some)
    };
    tokio::time::timeout(HANDSHAKE, agreeing).await?
}

/// Tells a client that speaks HTTP where TLS is spoken.
async fn refuse(mut stream: TcpStream) -> io::Result<()> {
    const ANSWER: &str = "HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain; charset=utf-8\r\n\
                          content-length: 42\r\nconnection: close\r\n\r\n\
                          This port speaks TLS: begin with https://\n";
    /// What is read of a request nobody answers, so that the client sees the refusal.
    const LONGEST: u64 = 64 << 10;
    stream.write_all(ANSWER.as_bytes()).await?;
    stream.shutdown().await?;
    let mut rest = stream.take(LONGEST);
    tokio::io::copy(&mut rest, &mut tokio::io::sink()).await?;
    Ok(())
}

fn tell_panic(ended: Result<(), tokio::task::JoinError>) {
    if ended.is_err_and(|error| error.is_panic()) {
        tracing::error!("a connection ended with a panic");
    }
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
