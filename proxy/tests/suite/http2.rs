//! Clients that speak HTTP/2.

use bytes::Bytes;
use http::{Method, Request, Response};

use crate::support::proxy::block_on;
use crate::support::{FakeUpstream, Script, TestProxy};

/// One request over HTTP/2, with its answer; an error when the stream was reset.
async fn ask(proxy: &TestProxy, request: Request<Bytes>) -> Result<Response<Vec<u8>>, h2::Error> {
    let stream = tokio::net::TcpStream::connect(proxy.address())
        .await
        .unwrap();
    let (mut sender, connection) = h2::client::handshake(stream).await?;
    tokio::spawn(connection);
    let (head, body) = request.into_parts();
    let is_empty = body.is_empty();
    let (answer, mut send) = sender.send_request(Request::from_parts(head, ()), is_empty)?;
    if !is_empty {
        send.send_data(body, true)?;
    }
    let (head, mut body) = answer.await?.into_parts();
    let mut received = Vec::new();
    while let Some(piece) = body.data().await {
        let piece = piece?;
        body.flow_control().release_capacity(piece.len())?;
        received.extend_from_slice(&piece);
    }
    Ok(Response::from_parts(head, received))
}

fn request(method: Method, path: &str, body: &'static str) -> Request<Bytes> {
    Request::builder()
        .method(method)
        .uri(format!("http://proxy.test{path}"))
        .header("authorization", "Basic YWRtaW46Zm9vYmFy")
        .header("content-type", "application/json")
        .body(Bytes::from_static(body.as_bytes()))
        .unwrap()
}

fn start(upstream: &FakeUpstream) -> TestProxy {
    TestProxy::with(upstream.address(), |builder| builder.h2c(true))
}

#[test]
fn v1_and_v2_requests_work_over_http_2() {
    let upstream = FakeUpstream::start(|request| match request.target.as_str() {
        "/v2/all-things/large" => {
            let things: Vec<String> = (0..20_000).map(|n| format!("{n}")).collect();
            Script::json(
                200,
                &format!(r#"{{"thing_id":"a","n":[{}]}}"#, things.join(",")),
            )
        }
        _ => Script::json(200, r#"{"thing_id":"a"}"#),
    });
    let proxy = start(&upstream);
    block_on(async {
        let answer = ask(
            &proxy,
            request(Method::POST, "/v1/things", r#"{"thingId":"x"}"#),
        )
        .await
        .unwrap();
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.body(), br#"{"thingId":"a"}"#);
        assert!(!answer.headers().contains_key("transfer-encoding"));
        let answer = ask(&proxy, request(Method::GET, "/v2/all-things", ""))
            .await
            .unwrap();
        assert_eq!(answer.body(), br#"{"thing_id":"a"}"#);
        let answer = ask(&proxy, request(Method::GET, "/v1/things/large", ""))
            .await
            .unwrap();
        assert!(answer.body().starts_with(br#"[{"thingId":"a","n":[0,1,"#));
        assert!(answer.body().ends_with(b"19999]}]"));
        let answer = ask(&proxy, request(Method::GET, "/v1/nosuch", ""))
            .await
            .unwrap();
        assert_eq!(answer.status(), 404);
    });
    let received = upstream.received();
    assert_eq!(received[0].text(), r#"{"thing_id":"x"}"#);
    assert_eq!(received[0].header("host"), Some("proxy.test"));
}

#[test]
fn a_stream_that_breaks_off_is_reset() {
    let things: Vec<String> = (0..20_000).map(|n| format!("{n}")).collect();
    let upstream = FakeUpstream::always(
        Script::new()
            .send("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")
            .chunk(format!(r#"{{"thing_id":"a","n":[{}"#, things.join(",")))
            .close(),
    );
    let proxy = start(&upstream);
    block_on(async {
        let outcome = ask(&proxy, request(Method::GET, "/v1/things/a", "")).await;
        assert!(outcome.unwrap_err().is_reset());
    });
}

#[test]
fn clients_of_http_1_are_served_on_the_same_port() {
    let upstream = FakeUpstream::always(Script::json(200, r#"{"thing_id":"a"}"#));
    let proxy = start(&upstream);
    assert_eq!(
        proxy.client().get("/v1/things/a").text(),
        r#"[{"thingId":"a"}]"#
    );
}
