//! A stop lets requests in flight finish, and waits for nobody else.

use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::{Server, builder, client, send};

const GET: &str = "GET /v2/version HTTP/1.1\r\nhost: x\r\n\r\n";

/// Ends with a panic where the server takes longer to stop than it may.
async fn stops_within(server: Server, limit: Duration) {
    tokio::time::timeout(limit, server.stop()).await.unwrap();
}

#[tokio::test]
async fn stopping_lets_a_request_in_flight_finish_and_takes_no_more() {
    let folder = tempfile::tempdir().unwrap();
    let server = builder(folder.path())
        .admin_password("admin-password")
        .start()
        .await
        .unwrap();
    let address = server.address();
    let mut stream = TcpStream::connect(address).await.unwrap();
    let answer = send(&mut stream, "GET /v2/version HTTP/1.1\r\nhost: x\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");

    // The head is sent, the body is not: the request is in flight.
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
    tokio::time::timeout(Duration::from_secs(10), stopping)
        .await
        .unwrap()
        .unwrap();
}

#[tokio::test]
async fn a_kept_connection_is_closed_and_not_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let server = builder(folder.path()).start().await.unwrap();
    let mut idle = TcpStream::connect(server.address()).await.unwrap();
    let answer = send(&mut idle, GET).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    // One that has never said a word is let go as well.
    let mut silent = TcpStream::connect(server.address()).await.unwrap();
    stops_within(server, Duration::from_secs(10)).await;
    for stream in [&mut idle, &mut silent] {
        assert_eq!(stream.read(&mut [0; 16]).await.unwrap_or(0), 0);
    }
}

/// Clients that stop in the middle: of a head, of a body, of reading an answer, of HTTP/2.
#[tokio::test]
async fn clients_that_stall_hold_a_stop_no_longer_than_the_grace() {
    const GRACE: Duration = Duration::from_millis(300);
    let folder = tempfile::tempdir().unwrap();
    let server = builder(folder.path()).grace(GRACE).start().await.unwrap();
    let mut clients = Vec::new();
    for said in [
        "GET /v2/vers",
        "POST /v2/oauth/token HTTP/1.1\r\nhost: x\r\ncontent-type: \
         application/x-www-form-urlencoded\r\ncontent-length: 38\r\n\r\nusername=",
        "PRI * HTTP/2.0\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ] {
        let mut stream = TcpStream::connect(server.address()).await.unwrap();
        stream.write_all(said.as_bytes()).await.unwrap();
        clients.push(stream);
    }
    // It asks again and again, and reads nothing.
    let deaf = TcpStream::connect(server.address()).await.unwrap();
    let asking = "GET /v2/openapi.json HTTP/1.1\r\nhost: x\r\n\r\n".repeat(100);
    deaf.writable().await.unwrap();
    assert!(deaf.try_write(asking.as_bytes()).unwrap() > 1000);
    // All of them are accepted in order, so they are under way once a later one is answered.
    let mut last = TcpStream::connect(server.address()).await.unwrap();
    let answer = send(&mut last, GET).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");

    let began = Instant::now();
    stops_within(server, GRACE + Duration::from_secs(5)).await;
    assert!(began.elapsed() >= GRACE, "the clients did not stall");
    for mut stream in clients {
        // Broken off, with or without a word.
        let mut said = Vec::new();
        let _ = stream.read_to_end(&mut said).await;
    }
}

#[tokio::test]
async fn a_server_that_has_stopped_is_known_to_the_next_one_and_can_be_forgotten() {
    let folder = tempfile::tempdir().unwrap();
    let builder = || builder(folder.path()).admin_password("admin-password");
    builder()
        .host_id("first")
        .start()
        .await
        .unwrap()
        .stop()
        .await;
    let server = builder().host_id("second").start().await.unwrap();
    let call = async |method: &str, path: &str| {
        let url = format!(
            "http://{}/v2/system/services/catalog{path}",
            server.address()
        );
        let request = client()
            .build()
            .unwrap()
            .request(method.parse().unwrap(), url);
        let request = request.basic_auth("admin", Some("admin-password"));
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    let services: serde_json::Value = serde_json::from_str(&call("GET", "").await.1).unwrap();
    let told = |at: usize| {
        (
            services[at]["host_id"].clone(),
            services[at]["status"].clone(),
        )
    };
    assert_eq!(told(0), ("first".into(), false.into()));
    assert_eq!(told(1), ("second".into(), true.into()));
    assert_eq!(call("DELETE", "/second").await.0, 409);
    assert_eq!(call("DELETE", "/first").await, (200, String::new()));
    assert_eq!(call("DELETE", "/first").await.0, 404);
    server.stop().await;
}
