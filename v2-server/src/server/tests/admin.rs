//! Metrics and probes, on an address of their own.

use std::collections::BTreeMap;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use super::{Server, builder, client, send};

async fn start(folder: &std::path::Path) -> Server {
    builder(folder)
        .admin_password("admin-password")
        .metrics_listen(([127, 0, 0, 1], 0).into())
        .start()
        .await
        .unwrap()
}

async fn page(server: &Server, path: &str) -> (u16, String) {
    let address = server.metrics_address().unwrap();
    let request = client()
        .build()
        .unwrap()
        .get(format!("http://{address}{path}"));
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

/// Values by name and labels.
async fn metrics(server: &Server) -> BTreeMap<String, f64> {
    let (status, text) = page(server, "/metrics").await;
    assert_eq!(status, 200);
    text.lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| {
            let (name, value) = line.rsplit_once(' ').unwrap();
            (name.to_owned(), value.parse().unwrap())
        })
        .collect()
}

#[tokio::test]
async fn what_the_server_does_is_counted_by_operation_and_never_by_path() {
    let folder = tempfile::tempdir().unwrap();
    let server = start(folder.path()).await;
    let http = client().build().unwrap();
    let call = async |method: &str, path: &str| {
        let url = format!("http://{}{path}", server.address());
        let request = http.request(method.parse().unwrap(), url);
        let request = request.basic_auth("admin", Some("admin-password"));
        let answer = request.send().await.unwrap();
        answer.bytes().await.unwrap();
    };
    for (method, path) in [
        ("GET", "/v2/registries/secret-name"),
        ("HEAD", "/v2/registries"),
        ("GET", "/v2/registries"),
        ("GET", "/v2/registries"),
        ("GET", "/version"),
        ("BREW", "/v2/registries"),
        ("GET", "/nosuch/secret-name"),
        ("POST", "/v2/accounts"),
    ] {
        call(method, path).await;
    }
    let found = metrics(&server).await;
    let requests: Vec<String> = found
        .iter()
        .filter_map(|(name, value)| {
            let labels = name.strip_prefix("server_requests_total")?;
            Some(format!("{labels} {value}"))
        })
        .collect();
    assert_eq!(
        requests,
        [
            r#"{method="GET",operation="get_registry",status="4xx"} 1"#,
            r#"{method="GET",operation="list_registries",status="2xx"} 2"#,
            r#"{method="GET",operation="unknown",status="4xx"} 1"#,
            r#"{method="GET",operation="version_check",status="2xx"} 1"#,
            r#"{method="HEAD",operation="list_registries",status="2xx"} 1"#,
            r#"{method="POST",operation="create_account",status="4xx"} 1"#,
            r#"{method="other",operation="unknown",status="4xx"} 1"#,
        ]
    );
    for (name, least) in [
        (
            r#"server_request_seconds_count{operation="list_registries"}"#,
            3.0,
        ),
        (r#"server_database_seconds_count{access="read"}"#, 4.0),
        (r#"server_database_seconds_count{access="write"}"#, 1.0),
        ("server_connections", 1.0),
        (
            concat!(
                r#"server_build_info{version=""#,
                env!("CARGO_PKG_VERSION"),
                r#""}"#
            ),
            1.0,
        ),
    ] {
        assert!(found[name] >= least, "{name}: {}", found[name]);
    }
    for name in [
        "server_requests_under_way",
        "server_database_repeats_total",
        r#"server_analyses{state="running"}"#,
        r#"server_analyses{state="waiting"}"#,
    ] {
        assert!(found[name].abs() < f64::EPSILON, "{name}: {}", found[name]);
    }
    server.stop().await;
}

#[tokio::test]
async fn the_port_of_the_api_has_none_of_them() {
    let folder = tempfile::tempdir().unwrap();
    let server = start(folder.path()).await;
    let http = client().build().unwrap();
    for path in ["/metrics", "/livez", "/readyz", "/v2/metrics"] {
        let url = format!("http://{}{path}", server.address());
        assert_eq!(http.get(url).send().await.unwrap().status(), 404, "{path}");
    }
    assert_eq!(page(&server, "/v2/version").await.0, 404);
    assert_eq!(page(&server, "/livez").await, (200, "alive\n".to_owned()));
    server.stop().await;
    let none = builder(folder.path()).start().await.unwrap();
    assert_eq!(none.metrics_address(), None);
    none.stop().await;
}

/// A load balancer looks here, and sends requests elsewhere before there is nobody to answer.
#[tokio::test]
async fn a_server_that_stops_is_not_ready_and_answers_what_it_has() {
    let folder = tempfile::tempdir().unwrap();
    let server = start(folder.path()).await;
    assert_eq!(page(&server, "/readyz").await, (200, "ready\n".to_owned()));
    let (address, admin) = (server.address(), server.metrics_address().unwrap());
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head = "POST /v2/oauth/token HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\n\
                content-type: application/x-www-form-urlencoded\r\ncontent-length: 38\r\n\r\n";
    let answer = send(&mut stream, head).await;
    assert!(answer.starts_with("HTTP/1.1 100 Continue\r\n"), "{answer}");
    let stopping = tokio::spawn(server.stop());
    while TcpStream::connect(address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    let mut probe = TcpStream::connect(admin).await.unwrap();
    let answer = send(&mut probe, "GET /readyz HTTP/1.1\r\nhost: x\r\n\r\n").await;
    assert!(
        answer.starts_with("HTTP/1.1 503 Service Unavailable\r\n"),
        "{answer}"
    );
    assert!(answer.ends_with("the server is stopping\n"), "{answer}");
    stream
        .write_all(b"username=admin&password=admin-password")
        .await
        .unwrap();
    assert!(
        send(&mut stream, "")
            .await
            .starts_with("HTTP/1.1 200 OK\r\n")
    );
    stopping.await.unwrap();
    assert!(TcpStream::connect(admin).await.is_err());
}
