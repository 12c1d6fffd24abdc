//! A server on a real socket.

mod admin;
mod stopping;
mod tls;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::{Server, ServerBuilder, StartError};
use crate::access::password::PasswordCost;

fn builder(folder: &std::path::Path) -> ServerBuilder {
    Server::builder(folder)
        .listen(([127, 0, 0, 1], 0).into())
        .password_cost(PasswordCost::Least)
}

/// A client whose cryptography is the server's; who builds the first one is left to chance.
fn client() -> reqwest::ClientBuilder {
    // An error means that it is there already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
}

async fn send(stream: &mut (impl AsyncReadExt + AsyncWriteExt + Unpin), request: &str) -> String {
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = vec![0; 4096];
    let length = stream.read(&mut answer).await.unwrap();
    String::from_utf8_lossy(&answer[..length]).into_owned()
}

#[tokio::test]
async fn the_first_start_makes_up_a_password_and_later_ones_do_not() {
    let folder = tempfile::tempdir().unwrap();
    let server = builder(folder.path()).start().await.unwrap();
    let password = server.new_admin_password().unwrap().to_owned();
    let url = format!("http://{}/v2/user", server.address());
    let ask = |password: String| {
        let request = client()
            .build()
            .unwrap()
            .get(&url)
            .basic_auth("admin", Some(password));
        async { request.send().await.unwrap().status().as_u16() }
    };
    assert_eq!(ask(password.clone()).await, 200);
    assert_eq!(ask("another".to_owned()).await, 401);
    server.stop().await;

    let server = builder(folder.path())
        .admin_password("ignored-now")
        .start()
        .await
        .unwrap();
    assert_eq!(server.new_admin_password(), None);
    let url = format!("http://{}/v2/user", server.address());
    let request = client()
        .build()
        .unwrap()
        .get(url)
        .basic_auth("admin", Some(password));
    assert_eq!(request.send().await.unwrap().status().as_u16(), 200);
    server.stop().await;
}

#[tokio::test]
async fn what_stands_in_the_way_of_a_start_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let server = builder(folder.path()).start().await.unwrap();
    let taken = builder(folder.path())
        .listen(server.address())
        .start()
        .await;
    assert!(matches!(taken, Err(StartError::Listen { .. })));
    server.stop().await;

    let file = folder.path().join("a-file");
    std::fs::write(&file, "").unwrap();
    let error = builder(&file).start().await.err().unwrap();
    assert!(error.to_string().contains("as data folder"), "{error}");
    let short = builder(folder.path()).token_key("short").start().await;
    assert!(matches!(short, Err(StartError::ShortKey)));
}

/// Some clients send everything before they read the challenge.
#[tokio::test]
async fn a_refused_body_is_read_to_its_end_and_the_connection_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let server = builder(folder.path()).start().await.unwrap();
    let mut stream = TcpStream::connect(server.address()).await.unwrap();
    let body = "x".repeat(5 << 20);
    let head = format!(
        "POST /v2/accounts HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(body.as_bytes()).await.unwrap();
    let answer = send(&mut stream, "").await;
    assert!(
        answer.starts_with("HTTP/1.1 401 Unauthorized\r\n"),
        "{answer}"
    );
    assert!(
        answer.contains("www-authenticate: basic realm="),
        "{answer}"
    );
    let answer = send(&mut stream, "GET /v2/version HTTP/1.1\r\nhost: x\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    server.stop().await;
}
