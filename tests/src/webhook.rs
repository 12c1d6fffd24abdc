//! A receiver of webhooks on this machine: takes everything, and remembers it.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::routing::post;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// Runs until it is dropped.
#[derive(Debug)]
pub struct Webhook {
    address: SocketAddr,
    taken: Arc<Mutex<Vec<Value>>>,
    task: JoinHandle<()>,
}

impl Webhook {
    /// Starts it on a free port.
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("it listens");
        let taken: Arc<Mutex<Vec<Value>>> = Arc::default();
        let keeping = Arc::clone(&taken);
        let take = post(
            move |axum::Json(notification): axum::Json<Value>| async move {
                let mut taken = keeping.lock().expect("no test panicked with it");
                taken.push(notification);
            },
        );
        let app = Router::new().route("/hook", take);
        let task = tokio::spawn(async move {
            axum::serve(listener, app)
                .await
                .expect("it serves until it is dropped");
        });
        Self {
            address,
            taken,
            task,
        }
    }

    /// Its address.
    pub(crate) fn url(&self) -> String {
        format!("http://{}/hook", self.address)
    }

    /// What came so far, oldest first.
    pub fn taken(&self) -> Vec<Value> {
        self.taken.lock().expect("no test panicked with it").clone()
    }
}

impl Drop for Webhook {
    fn drop(&mut self) {
        self.task.abort();
    }
}
