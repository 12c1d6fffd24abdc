//! The V2 server inside the proxy, for whoever has none.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::thread;

use tokio::sync::oneshot;
use windlass_v2_server::{Server, StartError};

/// A V2 server on threads of its own: its database work never delays the proxy.
#[derive(Debug)]
pub struct EmbeddedServer {
    address: SocketAddr,
    new_admin_password: Option<String>,
    stop: oneshot::Sender<()>,
    ended: oneshot::Receiver<()>,
}

/// Why the V2 server inside did not start.
#[derive(Debug, thiserror::Error)]
pub enum EmbeddedError {
    /// The server says why.
    #[error("failed to start the V2 server")]
    Start(#[from] StartError),
    /// The threads cannot be started.
    #[error("failed to start threads")]
    Threads(#[from] std::io::Error),
    /// It ended before it said anything.
    #[error("the V2 server ended while it started")]
    Ended,
}

impl EmbeddedServer {
    /// Starts a server that keeps its data in `data_dir`.
    pub async fn start(
        data_dir: PathBuf,
        listen: SocketAddr,
        admin_password: Option<String>,
    ) -> Result<Self, EmbeddedError> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .thread_name("windlass-server")
            .enable_all()
            .build()?;
        let mut builder = Server::builder(data_dir).listen(listen);
        if let Some(password) = admin_password {
            builder = builder.admin_password(password);
        }
        let (told, started) = oneshot::channel();
        let (stop, stopped) = oneshot::channel();
        let (done, ended) = oneshot::channel();
        thread::Builder::new()
            .name("windlass-server".to_owned())
            .spawn(move || {
                runtime.block_on(async {
                    match builder.start().await {
                        Ok(server) => {
                            let first = (
                                server.address(),
                                server.new_admin_password().map(str::to_owned),
                            );
                            // Who starts it waits for this.
                            let _ = told.send(Ok(first));
                            // An error means that it was dropped, which stops it too.
                            let _ = stopped.await;
                            server.stop().await;
                        }
                        Err(error) => {
                            let _ = told.send(Err(error));
                        }
                    }
                });
                drop(runtime);
                let _ = done.send(());
            })?;
        let (address, new_admin_password) = started.await.map_err(|_| EmbeddedError::Ended)??;
        Ok(Self {
            address,
            new_admin_password,
            stop,
            ended,
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The administrator's password, when this start made it up. It is kept nowhere else.
    pub fn new_admin_password(&self) -> Option<&str> {
        self.new_admin_password.as_deref()
    }

    /// Lets requests under way finish, and ends it.
    pub async fn stop(self) {
        // Nobody listens when it has ended already.
        let _ = self.stop.send(());
        let _ = self.ended.await;
    }
}
