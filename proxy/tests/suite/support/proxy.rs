//! A proxy on free ports, stopped when the test is over.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use tempfile::TempDir;
use windlass_proxy::{Proxy, ProxyBuilder, UpstreamUrl};
use windlass_transforms::diagnostic::Diagnostic;
use windlass_transforms::exchange::Exchange;
use windlass_transforms::{MappingSet, Mappings};

use super::Client;
use super::mappings::MAPPINGS;

/// A proxy in front of an upstream.
pub(crate) struct TestProxy {
    proxy: Option<Proxy>,
    address: SocketAddr,
    folder: TempDir,
}

impl TestProxy {
    /// A proxy with the usual settings.
    pub(crate) fn start(upstream: SocketAddr) -> Self {
        Self::with(upstream, |builder| builder)
    }

    /// A proxy with settings of its own.
    pub(crate) fn with(
        upstream: SocketAddr,
        set: impl FnOnce(ProxyBuilder) -> ProxyBuilder,
    ) -> Self {
        Self::in_front_of(UpstreamUrl::plain(upstream), set)
    }

    /// The same with an upstream named by its URL.
    pub(crate) fn in_front_of(
        upstream: UpstreamUrl,
        set: impl FnOnce(ProxyBuilder) -> ProxyBuilder,
    ) -> Self {
        Self::with_mappings(upstream, compile(MAPPINGS), set)
    }

    /// The same with mappings of its own.
    pub(crate) fn with_mappings(
        upstream: UpstreamUrl,
        mappings: Arc<Mappings>,
        set: impl FnOnce(ProxyBuilder) -> ProxyBuilder,
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let builder = Proxy::builder(upstream, mappings)
            .listen("127.0.0.1:0")
            .admin_listen("127.0.0.1:0")
            .records(Some(folder.path().join("records.jsonl")))
            .threads(Some(2));
        let proxy = set(builder).start().unwrap();
        Self {
            address: proxy.address(),
            proxy: Some(proxy),
            folder,
        }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn proxy(&self) -> &Proxy {
        self.proxy.as_ref().unwrap()
    }

    /// A new connection.
    pub(crate) fn client(&self) -> Client {
        Client::connect(self.address)
    }

    fn records_path(&self) -> PathBuf {
        self.folder.path().join("records.jsonl")
    }

    /// Stops the proxy, and returns what it recorded.
    pub(crate) fn records(mut self) -> Vec<Exchange> {
        self.stop();
        self.record_text()
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    /// What stands in the file of records at the moment.
    pub(crate) fn record_text(&self) -> String {
        std::fs::read_to_string(self.records_path()).unwrap()
    }

    /// Stops the proxy and waits for its end.
    pub(crate) fn stop(&mut self) {
        if let Some(proxy) = self.proxy.take() {
            block_on(proxy.stop());
        }
    }
}

impl Drop for TestProxy {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Waits for a future without a runtime around.
pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(future)
}

fn compile(files: &[(&str, &str)]) -> Arc<Mappings> {
    let wrong = |diagnostics: Vec<Diagnostic>| -> Mappings {
        panic!(
            "{}",
            diagnostics
                .iter()
                .map(Diagnostic::to_string)
                .collect::<String>()
        )
    };
    let set = match MappingSet::parse(files.iter().copied()) {
        Ok(set) => set,
        Err(diagnostics) => return Arc::new(wrong(diagnostics)),
    };
    Arc::new(Mappings::compile(&set, &[]).unwrap_or_else(wrong))
}
