//! TLS on both sides.

use std::path::PathBuf;
use std::sync::Arc;

use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use windlass_proxy::{Tls, UpstreamUrl};

use crate::support::proxy::block_on;
use crate::support::{FakeUpstream, Script, TestProxy};

/// A certificate for `localhost` that signs itself, as files.
struct Certificate {
    made: CertifiedKey<rcgen::KeyPair>,
    folder: TempDir,
}

impl Certificate {
    fn make() -> Self {
        let made = generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("cert.pem"), made.cert.pem()).unwrap();
        std::fs::write(
            folder.path().join("key.pem"),
            made.signing_key.serialize_pem(),
        )
        .unwrap();
        Self { made, folder }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("cert.pem")
    }

    fn tls(&self) -> Tls {
        Tls {
            certificate: self.path(),
            key: self.folder.path().join("key.pem"),
        }
    }

    /// A connection of a client that trusts it and offers these protocols.
    async fn connect(&self, proxy: &TestProxy, protocols: &[&str]) -> TlsStream<TcpStream> {
        let mut roots = RootCertStore::empty();
        roots.add(self.made.cert.der().clone()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = protocols.iter().map(|p| p.as_bytes().to_vec()).collect();
        let stream = TcpStream::connect(proxy.address()).await.unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        TlsConnector::from(Arc::new(config))
            .connect(name, stream)
            .await
            .unwrap()
    }
}

fn things() -> FakeUpstream {
    FakeUpstream::always(Script::json(200, r#"{"thing_id":"a"}"#))
}

#[test]
fn clients_of_http_1_and_http_2_are_served_over_tls() {
    let certificate = Certificate::make();
    let upstream = things();
    let proxy = TestProxy::with(upstream.address(), |builder| {
        builder.tls(Some(certificate.tls()))
    });
    block_on(async {
        let mut stream = certificate.connect(&proxy, &["http/1.1"]).await;
        let request = "GET /v1/things/a HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
        assert!(answer.ends_with(r#"[{"thingId":"a"}]"#), "{answer}");

        let stream = certificate.connect(&proxy, &["h2", "http/1.1"]).await;
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
        let (mut sender, connection) = h2::client::handshake(stream).await.unwrap();
        tokio::spawn(connection);
        let request = http::Request::get("https://localhost/v1/things/a")
            .body(())
            .unwrap();
        let (answer, _) = sender.send_request(request, true).unwrap();
        let mut body = answer.await.unwrap().into_body();
        assert_eq!(body.data().await.unwrap().unwrap(), r#"[{"thingId":"a"}]"#);
    });
}

#[test]
fn an_upstream_is_reached_over_tls_when_its_certificate_is_trusted() {
    let certificate = Certificate::make();
    let things = things();
    let upstream = TestProxy::with(things.address(), |builder| {
        builder.tls(Some(certificate.tls()))
    });
    let url = format!("https://localhost:{}", upstream.address().port());
    let url = UpstreamUrl::parse(&url).unwrap();

    let trusting = TestProxy::in_front_of(url.clone(), |builder| {
        builder.upstream_ca(Some(certificate.path()))
    });
    let mut client = trusting.client();
    assert_eq!(client.get("/v2/things").text(), r#"{"thing_id":"a"}"#);
    assert_eq!(client.get("/v1/things/a").text(), r#"[{"thingId":"a"}]"#);

    let doubting = TestProxy::in_front_of(url, |builder| builder);
    for path in ["/v1/things/a", "/v2/things"] {
        let answer = doubting.client().get(path);
        assert_eq!(answer.status, 502, "{path}");
        assert!(
            answer.json()["message"].to_string().contains("TLS"),
            "{path}"
        );
    }
    assert_eq!(things.received().len(), 2);
}
