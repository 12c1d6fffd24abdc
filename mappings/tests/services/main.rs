//! The services that had ports of their own: are all their operations there, and does each say
//! what it rests on? What V1 and V2 have is read from the folder that `WINDLASS_REFERENCE` names;
//! without it these tests say that they were skipped.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::{env, fs};

use windlass_mappings::mappings;
use windlass_transforms::plan::operation::{Kind, Operation};
use windlass_transforms::route::Route;

/// The operations of a service.
fn of(service: &str) -> impl Iterator<Item = &'static Arc<Operation>> {
    mappings()
        .operations()
        .iter()
        .filter(move |operation| operation.service.as_deref() == Some(service))
}

/// The V2 operation behind a V1 one.
fn v2(operation: &Operation) -> String {
    match &operation.kind {
        Kind::Call(call) => call.v2().to_string(),
        other => panic!("`{}` is no call: {other:?}", operation.id),
    }
}

#[test]
fn the_port_of_the_rbac_manager_has_all_its_operations() {
    let Some(v1) = specified("v1-rbac.yaml") else {
        return;
    };
    assert_eq!(v1.len(), 17);
    let routes = mappings()
        .service_routes("rbac")
        .expect("it has operations");
    for wanted in v1 {
        let (method, path) = wanted.split_once(' ').expect("made that way");
        let method = method.parse().expect("made that way");
        match routes.find(&method, &path.replace(['{', '}'], "")) {
            Route::Found { operation, .. } => assert_eq!(operation.v1.to_string(), wanted),
            other => panic!("{wanted}: {other:?}"),
        }
    }
}

#[test]
fn probes_are_on_the_port_of_every_service() {
    for service in ["notifications", "rbac", "reports"] {
        let routes = mappings()
            .service_routes(service)
            .expect("it has operations");
        for probe in ["/health", "/version", "/status"] {
            let found = routes.find(&http::Method::GET, probe);
            assert!(matches!(found, Route::Found { .. }), "{service} {probe}");
        }
        let images = routes.find(&http::Method::GET, "/images");
        assert!(matches!(images, Route::Unknown), "{service}: {images:?}");
    }
}

/// What rests on no specification although its service has one.
const NOT_SPECIFIED: [&str; 3] = ["get_source_policy_check", "openapi", "swagger"];

#[test]
fn services_without_a_specification_are_assumed_and_the_others_are_not() {
    for operation in mappings().operations() {
        let service = operation.service.as_deref();
        let unspecified = matches!(service, Some("notifications" | "reports"));
        let expected = unspecified || NOT_SPECIFIED.contains(&operation.id.as_str());
        assert_eq!(operation.assumed.is_some(), expected, "{}", operation.id);
    }
}

#[test]
fn notifications_are_those_of_v2_under_the_same_paths() {
    let Some(mut wanted) = specified("v2-5.0.0.yaml") else {
        return;
    };
    wanted.retain(|operation| operation.contains(" /notifications/"));
    let wanted = BTreeSet::from_iter(wanted);
    let mapped: BTreeSet<String> = of("notifications").map(|operation| v2(operation)).collect();
    assert_eq!(mapped, wanted);
    assert_eq!(mapped.len(), 81);
    for operation in of("notifications") {
        assert_eq!(operation.v1.to_string(), v2(operation), "{}", operation.id);
        let explained = &operation.explanation;
        assert!(explained.request.is_none(), "{}", operation.id);
        assert!(
            explained.responses.iter().all(|response| response.common),
            "{}",
            operation.id
        );
        assert!(
            explained
                .path
                .iter()
                .all(|parameter| parameter.v2.as_ref() == Some(&parameter.v1)),
            "{}",
            operation.id
        );
    }
}

#[test]
fn every_saved_result_of_v2_has_a_v1_path() {
    let Some(mut wanted) = specified("v2-5.0.0.yaml") else {
        return;
    };
    wanted.retain(|operation| operation.contains(" /reporting/"));
    assert_eq!(wanted.len(), 2);
    for wanted in wanted {
        let operation = of("reports")
            .find(|operation| v2(operation) == wanted)
            .unwrap_or_else(|| panic!("nothing leads to {wanted}"));
        // V1 had underscores where V2 has hyphens, and no `/reporting` in front.
        let v1 = wanted.replace('-', "_").replacen("/reporting", "", 1);
        assert_eq!(operation.v1.to_string(), v1);
    }
}

#[test]
fn graphql_passes_both_ways() {
    let graphql: Vec<_> = of("reports")
        .filter(|operation| operation.v1.to_string().ends_with("/graphql"))
        .collect();
    assert_eq!(graphql.len(), 4);
    for operation in graphql {
        assert_eq!(operation.v1.to_string(), v2(operation));
        let explained = &operation.explanation;
        assert!(explained.request.is_none(), "{}", operation.id);
        let all_common = explained.responses.iter().all(|response| response.common);
        assert!(all_common, "{}", operation.id);
    }
}

/// The operations of a specification, as `GET /path`. Its paths stand two columns in and its
/// methods four, which is all that is read of it.
#[expect(clippy::print_stdout, reason = "a skipped test says so")]
fn specified(file: &str) -> Option<Vec<String>> {
    let Some(folder) = env::var_os("WINDLASS_REFERENCE") else {
        println!("skipped: WINDLASS_REFERENCE names no folder with the specifications");
        return None;
    };
    let path = PathBuf::from(folder).join(file);
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) => panic!("failed to read {}: {error}", path.display()),
    };
    let mut operations = Vec::new();
    let mut at = "";
    for line in text.lines() {
        let Some(key) = line.trim_start().strip_suffix(':') else {
            continue;
        };
        match line.len() - line.trim_start().len() {
            2 => at = key,
            4 if at.starts_with('/') && key.parse::<http::Method>().is_ok() => {
                let method = key.to_uppercase();
                if ["GET", "POST", "PUT", "PATCH", "DELETE"].contains(&method.as_str()) {
                    operations.push(format!("{method} {at}"));
                }
            }
            _ => {}
        }
    }
    Some(operations)
}
