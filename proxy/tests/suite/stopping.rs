//! A stop lets requests under way finish and takes no new ones.

use std::net::TcpStream;
use std::time::Duration;

use windlass_proxy::Timeouts;

use crate::support::{Client, FakeUpstream, Script, Signal, TestProxy, eventually};

#[test]
fn a_stop_waits_for_the_answer_under_way_and_closes_idle_connections() {
    let go_on = Signal::default();
    let upstream = FakeUpstream::always(
        Script::new()
            .wait(&go_on)
            .send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]"),
    );
    let mut proxy = TestProxy::start(upstream.address());
    let mut idle = proxy.client();
    let mut busy = proxy.client();
    busy.send("GET /v2/images HTTP/1.1\r\nHost: a\r\n\r\n");
    eventually("the request is under way", || {
        proxy.proxy().requests_under_way() == 1
    });
    let address = proxy.address();
    let admin = proxy.proxy().admin_address().unwrap();
    let stopping = std::thread::spawn(move || {
        proxy.stop();
        proxy
    });
    assert!(idle.is_closed());
    eventually("the listener is closed", || {
        TcpStream::connect(address).is_err()
    });
    let mut probe = Client::connect(admin);
    assert_eq!(probe.get("/readyz").status, 503);
    go_on.give();
    let answer = busy.answer();
    assert_eq!(answer.text(), "[]");
    assert_eq!(answer.header("connection"), Some("close"));
    let proxy = stopping.join().unwrap();
    assert_eq!(proxy.records().len(), 1);
}

#[test]
fn a_stop_gives_up_after_the_drain_timeout() {
    let never = Signal::default();
    let upstream = FakeUpstream::always(Script::new().wait(&never));
    let mut proxy = TestProxy::with(upstream.address(), |builder| {
        builder.timeouts(Timeouts {
            drain: Duration::from_millis(50),
            ..Timeouts::default()
        })
    });
    let mut busy = proxy.client();
    busy.send("GET /v2/images HTTP/1.1\r\nHost: a\r\n\r\n");
    eventually("the request is under way", || {
        proxy.proxy().requests_under_way() == 1
    });
    proxy.stop();
    assert!(busy.is_closed());
    never.give();
}
