//! The real `anchore-cli`, a V1 client that nobody here wrote, does its daily work through
//! the proxy and notices nothing.

mod administration;
mod agreement;
mod collections;
mod images;
mod policies;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use windlass_tests::clients::{AnchoreCli, syft};
use windlass_tests::image::image;
use windlass_tests::nginx::Nginx;
use windlass_tests::program;
use windlass_tests::registry::Registry;
use windlass_tests::relay::Relay;
use windlass_tests::world::{ADMIN_PASSWORD, World};
use windlass_transforms::route::Route;

const TAG: &str = "docker.io/team/app:1.0";

/// Imports an image over V1 with the SBOM that the real Syft makes of its files.
async fn import(world: &World) -> Option<String> {
    let root = world.folder().join("root");
    windlass_tests::image::write_root(&root);
    let sbom = syft(&root)?;
    let image = image(TAG, '1');
    world.import_over_v1(&image, &sbom).await;
    world.analyzed(&image.digest).await;
    Some(image.digest)
}

/// What wrote down the tour besides the proxy: an nginx in front, and a relay behind it.
struct Watched {
    nginx: Nginx,
    relay: Relay,
}

#[tokio::test(flavor = "multi_thread")]
async fn the_whole_tour_works_with_v1_in_the_url_behind_nginx() {
    let world = World::start().await;
    let relay = Relay::start(world.proxy_url()).await;
    let Some(nginx) = Nginx::start(&world.folder().join("nginx"), &relay.url()) else {
        return;
    };
    let url = format!("{}/v1", nginx.url());
    tour(world, &url, Some(Watched { nginx, relay })).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_whole_tour_works_without_a_version_in_the_url() {
    let world = World::start().await;
    let url = world.proxy_url();
    tour(world, &url, None).await;
}

async fn tour(mut world: World, url: &str, watched: Option<Watched>) {
    let Some(cli) = AnchoreCli::find(url, "admin", ADMIN_PASSWORD) else {
        return;
    };
    let Some(digest) = import(&world).await else {
        return;
    };
    let registry = Registry::start().await;
    let visit = || {
        administration::system(&cli);
        administration::accounts(&cli);
        administration::registries(&cli);
        policies::policies(&cli);
        images::images(&cli, &digest);
        policies::evaluation(&cli, &digest);
        images::events_and_subscriptions(&cli);
        collections::repositories(&cli, &registry.name());
        collections::queries(&cli, &digest);
        collections::archive(&cli, &digest);
        collections::image_import(&cli);
        collections::corrections(&cli);
        images::failures(&cli);
    };
    tokio::task::block_in_place(visit);
    let archive = world.folder().join("tour.har");
    let log = watched.map(|watched| {
        watched.relay.write(&archive);
        watched.nginx.stop()
    });
    let records = world.stop().await;
    audit(&cli, &records);
    if let Some(log) = log {
        agreement::of_three_sources(&cli, &records, &log, &archive);
        agreement::of_plans_and_answers(&archive);
    }
}

/// The audit of the tour lists every operation the client used, none it did not, as often as
/// the client says it called it, and no secret.
fn audit(cli: &AnchoreCli, records: &Path) {
    let mut expected = BTreeMap::new();
    for call in cli.calls() {
        let path = call.path.split('?').next().expect("the first part");
        let path = path.strip_prefix("/v1").unwrap_or(path);
        let method = call.method.parse().expect("a method");
        let id = match windlass_mappings::mappings().routes().find(&method, path) {
            Route::Found { operation, .. } => operation.id.clone(),
            Route::Unknown if path == "/imageimport" => continue,
            other => panic!("{call:?}: {other:?}"),
        };
        *expected.entry(id).or_insert(0) += 1;
    }
    assert!(expected.len() > 30, "{expected:?}");
    let text = std::fs::read_to_string(records).expect("records were written");
    let windlass = program::windlass();
    let output = Command::new(windlass)
        .args(["audit", "--format", "json"])
        .arg(records)
        .output()
        .expect("windlass starts");
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let json = String::from_utf8(output.stdout).expect("UTF-8");
    let report: Value = serde_json::from_str(&json).expect("JSON");
    let mut found = BTreeMap::new();
    for client in report["clients"].as_array().expect("clients") {
        if client["user_agent"] == "python-requests/2.26.0" {
            for operation in client["operations"].as_array().expect("operations") {
                let id = operation["operation"].as_str().expect("an id");
                *found.entry(id.to_owned()).or_insert(0) +=
                    operation["calls"].as_u64().expect("a count");
                let mapped = windlass_mappings::mappings().operation(id);
                let is_whole = mapped.is_some_and(|operation| operation.losses.is_empty());
                let readiness = if is_whole { "covered" } else { "at-risk" };
                assert_eq!(operation["readiness"], readiness, "{operation}");
            }
        }
    }
    assert_eq!(found, expected);
    let encoded = windlass_tests::base64(&format!("admin:{ADMIN_PASSWORD}"));
    for secret in [
        ADMIN_PASSWORD,
        encoded.as_str(),
        "registry-secret",
        "other-secret",
        "alice-password",
        "another-password",
        windlass_tests::registry::PASSWORD,
    ] {
        assert!(
            !text.contains(secret) && !json.contains(secret),
            "a secret was recorded: {secret}"
        );
    }
}
