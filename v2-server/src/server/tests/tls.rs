//! TLS, with certificates made for the test.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rcgen::{CertifiedKey, KeyPair, generate_simple_self_signed};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::{Server, builder, client, send};
use crate::server::tls::{Certificate, keep_fresh};
use crate::server::{StartError, Tls};

/// A certificate for `localhost` that signs itself.
fn make() -> CertifiedKey<KeyPair> {
    generate_simple_self_signed(["localhost".to_owned()]).unwrap()
}

fn write(made: &CertifiedKey<KeyPair>, files: &Tls) {
    std::fs::write(&files.certificate, made.cert.pem()).unwrap();
    std::fs::write(&files.key, made.signing_key.serialize_pem()).unwrap();
}

fn files(folder: &Path) -> Tls {
    Tls {
        certificate: folder.join("cert.pem"),
        key: folder.join("key.pem"),
    }
}

/// A server with a certificate, in a folder that the certificate is in too.
async fn start() -> (Server, CertifiedKey<KeyPair>, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let (made, files) = (make(), files(folder.path()));
    write(&made, &files);
    let server = builder(folder.path())
        .admin_password("admin-password")
        .tls(files)
        .start()
        .await
        .unwrap();
    (server, made, folder)
}

/// A connection of a client that trusts this certificate and offers these protocols.
async fn connect(
    server: &Server,
    trusted: &CertifiedKey<KeyPair>,
    versions: &[&'static SupportedProtocolVersion],
    protocols: &[&str],
) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.cert.der().clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = protocols.iter().map(|p| p.as_bytes().to_vec()).collect();
    let stream = TcpStream::connect(server.address()).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    TlsConnector::from(Arc::new(config))
        .connect(name, stream)
        .await
}

/// The whole answer to one request over HTTP/1.1.
async fn ask(stream: &mut (impl AsyncReadExt + AsyncWriteExt + Unpin)) -> String {
    let request = "GET /v2/version HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

/// The status of an answer over HTTP/2.
async fn ask_over_http_2<S>(stream: S) -> u16
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Send + Unpin + 'static,
{
    let (mut sender, connection) = h2::client::handshake(stream).await.unwrap();
    tokio::spawn(connection);
    let request = http::Request::get("https://localhost/v2/version")
        .body(())
        .unwrap();
    let (answer, _) = sender.send_request(request, true).unwrap();
    answer.await.unwrap().status().as_u16()
}

#[tokio::test]
async fn both_versions_of_tls_and_of_http_are_spoken() {
    let (server, made, _folder) = start().await;
    assert!(server.url().starts_with("https://127.0.0.1:"));
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        for protocols in [&["http/1.1"][..], &[]] {
            let mut stream = connect(&server, &made, &[version], protocols)
                .await
                .unwrap();
            let answer = ask(&mut stream).await;
            assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
        }
        let stream = connect(&server, &made, &[version], &["h2", "http/1.1"])
            .await
            .unwrap();
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
        assert_eq!(ask_over_http_2(stream).await, 200);
    }
    server.stop().await;
}

#[tokio::test]
async fn http_2_is_spoken_without_tls_to_those_who_begin_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let server = builder(folder.path()).start().await.unwrap();
    assert!(server.url().starts_with("http://127.0.0.1:"));
    let stream = TcpStream::connect(server.address()).await.unwrap();
    assert_eq!(ask_over_http_2(stream).await, 200);
    server.stop().await;
}

#[tokio::test]
async fn services_are_where_the_scheme_says() {
    let (server, made, _folder) = start().await;
    let client = client()
        .tls_certs_only([reqwest::Certificate::from_pem(made.cert.pem().as_bytes()).unwrap()])
        .build()
        .unwrap();
    let url = format!("https://localhost:{}/v2/system", server.address().port());
    let request = client.get(url).basic_auth("admin", Some("admin-password"));
    let answer: serde_json::Value = request.send().await.unwrap().json().await.unwrap();
    assert_eq!(answer["service_states"][0]["base_url"], server.url());
    server.stop().await;
}

#[tokio::test]
async fn clients_without_tls_are_told_and_hold_nobody_up() {
    let (server, made, _folder) = start().await;
    let mut plain = TcpStream::connect(server.address()).await.unwrap();
    let answer = ask(&mut plain).await;
    assert!(
        answer.starts_with("HTTP/1.1 400 Bad Request\r\n"),
        "{answer}"
    );
    assert!(answer.ends_with("\r\n\r\nThis port speaks TLS: begin with https://\n"));
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(answer.contains(&format!("content-length: {}\r\n", body.len())));

    // Some never begin, some send what is no TLS: others are served meanwhile.
    let mut clients = Vec::new();
    for said in [&b""[..], b"\x16", b"\x16\x03\x01\x02\x00", b"\0nonsense"] {
        let mut stream = TcpStream::connect(server.address()).await.unwrap();
        stream.write_all(said).await.unwrap();
        clients.push(stream);
    }
    let mut stream = connect(&server, &made, rustls::ALL_VERSIONS, &[])
        .await
        .unwrap();
    assert!(ask(&mut stream).await.starts_with("HTTP/1.1 200 OK\r\n"));
    // Nor is a stop.
    tokio::time::timeout(Duration::from_secs(10), server.stop())
        .await
        .unwrap();
}

#[tokio::test]
async fn a_certificate_is_renewed_on_demand_and_a_bad_one_changes_nothing() {
    let (server, first, folder) = start().await;
    let files = files(folder.path());
    let second = make();
    assert!(
        connect(&server, &second, rustls::ALL_VERSIONS, &[])
            .await
            .is_err()
    );
    // Half of a renewal: the key is still the former one.
    std::fs::write(&files.certificate, second.cert.pem()).unwrap();
    server.renew_certificate().await;
    let mut kept = connect(&server, &first, rustls::ALL_VERSIONS, &[])
        .await
        .unwrap();
    write(&second, &files);
    server.renew_certificate().await;
    assert!(
        connect(&server, &first, rustls::ALL_VERSIONS, &[])
            .await
            .is_err()
    );
    let mut stream = connect(&server, &second, rustls::ALL_VERSIONS, &[])
        .await
        .unwrap();
    for stream in [&mut kept, &mut stream] {
        assert!(ask(stream).await.starts_with("HTTP/1.1 200 OK\r\n"));
    }
    server.stop().await;
}

#[tokio::test]
async fn changed_files_are_read_again_without_being_asked() {
    let folder = tempfile::tempdir().unwrap();
    let files = files(folder.path());
    write(&make(), &files);
    let certificate = Certificate::read(files.clone()).unwrap();
    let before = certificate.certified();
    let (stop, stopped) = watch::channel(());
    let often = Duration::from_millis(5);
    let keeping = tokio::spawn(keep_fresh(Arc::clone(&certificate), often, stopped));
    std::fs::remove_file(&files.key).unwrap();
    write(&make(), &files);
    while Arc::ptr_eq(&before, &certificate.certified()) {
        tokio::task::yield_now().await;
    }
    drop(stop);
    keeping.await.unwrap();
}

#[tokio::test]
async fn files_that_cannot_be_used_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let (files, made) = (files(folder.path()), make());
    let told = async || match builder(folder.path()).tls(files.clone()).start().await {
        Err(StartError::Tls(error)) => error.to_string(),
        Err(error) => panic!("{error}"),
        Ok(_) => panic!("it started"),
    };
    let (certificate, key) = (files.certificate.display(), files.key.display());
    let good = (made.cert.pem(), made.signing_key.serialize_pem());
    let other = make().signing_key.serialize_pem();
    let wrapped = |word: &str, inner: &str| {
        format!("-----BEGIN {word}-----\n{inner}\n-----END {word}-----\n")
    };
    assert_eq!(told().await, format!("failed to read `{certificate}`"));
    for (written, expected) in [
        (
            ("no certificate", good.1.as_str()),
            format!("`{certificate}` has no certificate in PEM form"),
        ),
        (
            (&good.1, &good.1),
            format!("`{certificate}` has no certificate in PEM form"),
        ),
        (
            (&wrapped("CERTIFICATE", "%"), &good.1),
            format!("`{certificate}` has no certificate that can be used: "),
        ),
        (
            (&wrapped("CERTIFICATE", "bm9uc2Vuc2U="), &good.1),
            format!("`{certificate}` has no certificate that can be used: "),
        ),
        (
            (&good.0, "no key"),
            format!("`{key}` has no private key in PEM form"),
        ),
        (
            (&good.0, &good.0),
            format!("`{key}` has no private key in PEM form"),
        ),
        (
            (&good.0, &wrapped("PRIVATE KEY", "bm9uc2Vuc2U=")),
            format!("`{key}` has no private key that can be used: "),
        ),
        (
            (&good.0, &other),
            format!("the key in `{key}` is not the key of the certificate in `{certificate}`"),
        ),
    ] {
        std::fs::write(&files.certificate, written.0).unwrap();
        std::fs::write(&files.key, written.1).unwrap();
        let told = told().await;
        assert!(told.starts_with(&expected), "{told}\n{expected}");
    }
    std::fs::remove_file(&files.key).unwrap();
    assert_eq!(told().await, format!("failed to read `{key}`"));
    assert!(
        !folder.path().join("windlass.db").exists(),
        "nothing is begun"
    );
}

#[tokio::test]
async fn a_request_over_tls_may_finish_when_the_server_stops() {
    let (server, made, _folder) = start().await;
    let address = server.address();
    let mut stream = connect(&server, &made, rustls::ALL_VERSIONS, &[])
        .await
        .unwrap();
    let head = "POST /v2/oauth/token HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\n\
                content-type: application/x-www-form-urlencoded\r\ncontent-length: 38\r\n\r\n";
    let answer = send(&mut stream, head).await;
    assert!(answer.starts_with("HTTP/1.1 100 Continue\r\n"), "{answer}");
    let stopping = tokio::spawn(server.stop());
    while TcpStream::connect(address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    let answer = send(&mut stream, "username=admin&password=admin-password").await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    stopping.await.unwrap();
}
