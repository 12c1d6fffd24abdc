//! The ports of V1 services that had one of their own.

use std::net::SocketAddr;

use windlass_proxy::{Proxy, StartError, UpstreamUrl, Versionless};
use windlass_transforms::exchange::Outcome;

use crate::support::{Client, FakeUpstream, Script, TestProxy};

fn upstream() -> FakeUpstream {
    FakeUpstream::start(|_| Script::json(200, r#"{"items":["ada"]}"#))
}

fn with_owners(upstream: &FakeUpstream) -> TestProxy {
    TestProxy::with(upstream.address(), |builder| {
        builder.service_listen("owners", "127.0.0.1:0")
    })
}

fn owners(proxy: &TestProxy) -> SocketAddr {
    let [(service, address)] = proxy.proxy().service_addresses() else {
        panic!("one service has a port");
    };
    assert_eq!(service, "owners");
    *address
}

#[test]
fn a_service_is_served_on_its_own_port_and_on_the_main_one() {
    let upstream = upstream();
    let proxy = with_owners(&upstream);
    for address in [owners(&proxy), proxy.address()] {
        for path in ["/v1/owners", "/owners"] {
            let answer = Client::connect(address).get(path);
            assert_eq!((answer.status, answer.text()), (200, r#"["ada"]"#));
        }
    }
    let asked: Vec<String> = upstream.received().into_iter().map(|r| r.target).collect();
    assert_eq!(asked, ["/v2/all-owners"; 4]);
}

#[test]
fn the_port_of_a_service_answers_its_probes() {
    let upstream = upstream();
    let proxy = with_owners(&upstream);
    for path in ["/v1/state", "/state"] {
        assert_eq!(Client::connect(owners(&proxy)).get(path).status, 200);
    }
    assert_eq!(upstream.received()[0].target, "/v2/state");
}

#[test]
fn the_port_of_a_service_knows_nothing_else() {
    let upstream = upstream();
    let proxy = with_owners(&upstream);
    for path in ["/v1/things", "/things", "/v2/all-owners", "/v2"] {
        let answer = Client::connect(owners(&proxy)).get(path);
        assert_eq!(answer.status, 404, "{path}");
        assert_eq!(
            answer.header("content-type"),
            Some("application/problem+json")
        );
    }
    assert!(upstream.received().is_empty());
}

#[test]
fn versions_are_enforced_on_the_port_of_a_service_too() {
    let upstream = upstream();
    let proxy = TestProxy::with(upstream.address(), |builder| {
        builder
            .service_listen("owners", "127.0.0.1:0")
            .versionless(Versionless::Enforce)
    });
    assert_eq!(Client::connect(owners(&proxy)).get("/owners").status, 404);
    let answer = Client::connect(owners(&proxy)).get("/v1/owners");
    assert_eq!(answer.status, 200);
}

#[test]
fn requests_of_all_ports_are_recorded_together() {
    let upstream = upstream();
    let proxy = with_owners(&upstream);
    Client::connect(owners(&proxy)).get("/v1/owners");
    proxy.client().get("/v1/things");
    let records = proxy.records();
    let operations: Vec<_> = records.iter().map(|r| r.v1_operation.as_deref()).collect();
    assert_eq!(operations, [Some("list_owners"), Some("list_things")]);
    assert!(records.iter().all(|r| r.outcome == Outcome::Rewritten));
}

#[test]
fn a_port_for_a_service_that_nobody_has_is_refused() {
    let mappings = std::sync::Arc::default();
    let upstream = upstream();
    let refused = Proxy::builder(UpstreamUrl::plain(upstream.address()), mappings)
        .listen("127.0.0.1:0")
        .service_listen("owners", "127.0.0.1:0")
        .start()
        .unwrap_err();
    assert!(matches!(refused, StartError::Service(service) if service == "owners"));
}
