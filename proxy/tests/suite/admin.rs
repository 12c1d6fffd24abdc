//! Metrics and probes.

use crate::support::{Client, FakeUpstream, Script, TestProxy};

#[test]
fn metrics_count_what_was_passed_through() {
    let upstream = FakeUpstream::always(Script::json(200, "[]"));
    let proxy = TestProxy::start(upstream.address());
    proxy.client().get("/v2/images");
    let mut admin = Client::connect(proxy.proxy().admin_address().unwrap());
    crate::support::eventually("the request is counted", || {
        let text = admin.get("/metrics").text().to_owned();
        text.contains("proxy_requests_total{operation=\"v2\",outcome=\"passed_through\"} 1")
    });
}

#[test]
fn probes_answer_on_the_admin_address_only() {
    let upstream = FakeUpstream::always(Script::json(200, "[]"));
    let proxy = TestProxy::start(upstream.address());
    let mut admin = Client::connect(proxy.proxy().admin_address().unwrap());
    assert_eq!(admin.get("/livez").status, 200);
    assert_eq!(admin.get("/readyz").text(), "ready\n");
    assert_eq!(admin.get("/other").status, 404);
    assert_eq!(proxy.client().get("/livez").status, 404);
    assert!(upstream.received().is_empty());
}
