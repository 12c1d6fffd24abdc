//! From request lines to operations.

use crate::set;
use http::Method;
use proptest::prelude::*;
use windlass_transforms::Mappings;
use windlass_transforms::route::{PathValues, Route};

/// Mappings with these operations: id, method and path, service.
fn mappings(operations: &[(&str, &str, Option<&str>)]) -> Mappings {
    let mut bundle = String::new();
    for (id, v1, service) in operations {
        let service = service.map_or(String::new(), |s| format!("service = \"{s}\"\n"));
        let head = format!("#--- operations/x/{id}.toml\nsummary = \"x\"\n{service}");
        bundle.extend([&*head, &format!("v1 = \"{v1}\"\n\n[answer]\nbody = 1\n")]);
    }
    set::compiled(&bundle)
}

fn images() -> Mappings {
    mappings(&[
        ("ping", "GET /", None),
        ("list_images", "GET /images", None),
        ("delete_images", "DELETE /images", None),
        ("get_image", "GET /images/{digest}", None),
        ("get_image_by_id", "GET /images/by_id/{id}", None),
        ("get_content", "GET /images/{digest}/content/{kind}", None),
        ("get_files", "GET /images/{digest}/content/files", None),
        ("import_part", "POST /imports/{id}/parts/{kind}", None),
        ("get_registry", "GET /registries/{registry...}", None),
        ("update_registry", "PUT /registries/{registry...}", None),
        ("list_registries", "GET /registries", None),
    ])
}

/// The operation's id and its values, or what else came of it.
fn found(mappings: &Mappings, method: &Method, path: &str) -> String {
    match mappings.routes().find(method, path) {
        Route::Found { operation, values } => {
            let values: Vec<String> = values
                .iter()
                .map(|(name, decoded)| format!(" {name}={decoded}"))
                .collect();
            format!("{}{}", operation.id, values.concat())
        }
        Route::WrongMethod { allowed } => format!("allowed {allowed:?}"),
        Route::Unknown => "unknown".to_owned(),
        Route::Malformed { what } => format!("malformed: {what}"),
    }
}

fn get(path: &str) -> String {
    found(&images(), &Method::GET, path)
}

fn values(path: &str) -> PathValues {
    match images().routes().find(&Method::GET, path) {
        Route::Found { values, .. } => values,
        other => panic!("{path}: {other:?}"),
    }
}

#[test]
fn literal_segments_win_over_parameters() {
    assert_eq!(get("/images/a/content/files"), "get_files digest=a");
    assert_eq!(
        get("/images/a/content/java"),
        "get_content digest=a kind=java"
    );
    assert_eq!(get("/images/by_id/7"), "get_image_by_id id=7");
}

#[test]
fn a_literal_that_leads_nowhere_gives_way_to_a_parameter() {
    assert_eq!(get("/images/by_id"), "get_image digest=by_id");
    assert_eq!(get("/images/by_id/content/files"), "get_files digest=by_id");
}

#[test]
fn doubled_and_trailing_slashes_do_not_matter() {
    for path in ["/images", "/images/", "//images", "/images//", "images"] {
        assert_eq!(get(path), "list_images", "{path}");
    }
    for path in ["", "/", "//"] {
        assert_eq!(get(path), "ping", "{path:?}");
    }
}

#[test]
fn the_rest_of_a_path_is_one_value_with_encoded_slashes() {
    let values = values("/registries/host:5000/team/app%2Fx");
    assert_eq!(values.raw("registry"), Some("host:5000%2Fteam%2Fapp%2Fx"));
    assert_eq!(values.decoded("registry"), Some("host:5000/team/app/x"));
    assert_eq!(get("/registries"), "list_registries");
}

#[test]
fn percent_encoding_is_kept_and_does_not_hide_a_literal() {
    let values = values("/images/sha256%3Aab");
    assert_eq!(values.raw("digest"), Some("sha256%3Aab"));
    assert_eq!(values.decoded("digest"), Some("sha256:ab"));
    assert_eq!(get("/im%61ges/a/content/f%69les"), "get_files digest=a");
}

#[test]
fn head_is_routed_as_get() {
    let mappings = images();
    assert_eq!(found(&mappings, &Method::HEAD, "/images"), "list_images");
    assert_eq!(
        found(&mappings, &Method::HEAD, "/imports/a/parts/b"),
        "allowed [POST]"
    );
}

#[test]
fn a_known_path_with_another_method_names_those_it_has() {
    let mappings = images();
    assert_eq!(
        found(&mappings, &Method::PUT, "/images"),
        "allowed [DELETE, GET, HEAD]"
    );
    assert_eq!(
        found(&mappings, &Method::POST, "/registries/a/b"),
        "allowed [GET, HEAD, PUT]"
    );
    assert_eq!(
        found(&mappings, &Method::POST, "/images/a/content/files"),
        "allowed [GET, HEAD]"
    );
}

#[test]
fn paths_without_an_operation_are_unknown() {
    for path in ["/image", "/images/a/b", "/images/a/content", "/imports"] {
        assert_eq!(get(path), "unknown", "{path}");
    }
}

#[test]
fn malformed_encodings_are_told_apart() {
    for path in ["/images/%", "/images/%4", "/images/%zz", "/%g0/x"] {
        assert_eq!(
            get(path),
            "malformed: a `%` that is not followed by two hexadecimal digits",
            "{path}"
        );
    }
    assert_eq!(
        get("/images/%ff"),
        "malformed: a percent-encoded byte sequence that is not UTF-8"
    );
    assert_eq!(get("/images/a%00b"), "malformed: a NUL character");
}

#[test]
fn no_path_value_can_climb_out_of_its_place() {
    for path in [
        "/images/..",
        "/images/%2e%2E",
        "/images/./x",
        "/registries/a/../b",
        "/registries/a%2F..%2Fb",
        "/registries/a%5C..%5Cb",
    ] {
        assert_eq!(get(path), "malformed: a `.` or `..` segment", "{path}");
    }
    assert_eq!(get("/images/..."), "get_image digest=...");
}

#[test]
fn the_main_service_wins_a_shared_route() {
    let mappings = mappings(&[
        ("get_health", "GET /health", None),
        ("get_rbac_health", "GET /health", Some("rbac")),
        ("list_roles", "GET /roles", Some("rbac")),
    ]);
    assert_eq!(found(&mappings, &Method::GET, "/health"), "get_health");
    assert_eq!(found(&mappings, &Method::GET, "/roles"), "list_roles");
    let rbac = mappings.service_routes("rbac").unwrap();
    let Route::Found { operation, .. } = rbac.find(&Method::GET, "/health") else {
        panic!("the service has its own health operation");
    };
    assert_eq!(operation.id, "get_rbac_health");
    assert!(mappings.service_routes("reports").is_none());
}

#[test]
fn an_operation_may_be_on_the_ports_of_other_services_too() {
    let mappings = set::compiled(
        r#"
#--- operations/x/health.toml
summary = "x"
also_on = ["rbac"]
v1 = "GET /health"

[answer]
body = 1

#--- operations/x/list_roles.toml
summary = "x"
service = "rbac"
v1 = "GET /roles"

[answer]
body = 1

#--- operations/x/list_images.toml
summary = "x"
v1 = "GET /images"

[answer]
body = 1
"#,
    );
    let rbac = mappings.service_routes("rbac").unwrap();
    let find = |path| match rbac.find(&Method::GET, path) {
        Route::Found { operation, .. } => operation.id.clone(),
        other => format!("{other:?}"),
    };
    assert_eq!(find("/health"), "health");
    assert_eq!(find("/roles"), "list_roles");
    assert_eq!(find("/images"), "Unknown");
    assert_eq!(found(&mappings, &Method::GET, "/health"), "health");
}

#[test]
fn operations_are_found_by_id() {
    let mappings = images();
    assert_eq!(mappings.operation("ping").unwrap().id, "ping");
    assert!(mappings.operation("pong").is_none());
    assert!(mappings.operations().is_sorted_by_key(|o| &o.id));
}

proptest! {
    #[test]
    fn no_path_panics(path in "\\PC{0,60}") {
        let mappings = images();
        for method in [Method::GET, Method::HEAD, Method::DELETE] {
            mappings.routes().find(&method, &path);
        }
    }

    #[test]
    fn paths_of_url_parts_never_panic(
        parts in prop::collection::vec(
            prop::sample::select(vec![
                "images", "by_id", "content", "files", "registries", "/", "//", "%2F", "%",
                "%e2%82", ".", "..", "%2e", "é", "a", "", "?", "\0",
            ]),
            0..8,
        )
    ) {
        images().routes().find(&Method::GET, &parts.join("/"));
    }

    #[test]
    fn a_value_comes_back_as_it_was_sent(raw in "([a-zA-Z0-9:@_~-]|%3[A-F]|%2[0-9A-D]|%C3%A9){1,20}") {
        let values = values(&format!("/images/{raw}"));
        prop_assert_eq!(values.raw("digest"), Some(raw.as_str()));
        let decoded = percent_encoding::percent_decode_str(&raw).decode_utf8().unwrap();
        prop_assert_eq!(values.decoded("digest"), Some(&*decoded));
    }
}
