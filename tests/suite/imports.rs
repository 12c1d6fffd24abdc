//! Imports: the parts of an image that was analysed elsewhere.

use reqwest::Method;
use serde_json::{Value, json};
use windlass_tests::caller::Caller;
use windlass_tests::facts::{each, names};
use windlass_tests::image::{image, sbom};
use windlass_tests::story::Story;
use windlass_tests::world::{ADMIN_PASSWORD, World};
use windlass_v2_server::Limits;

/// The parts, as V1 names them; V2 has a dash for each underscore.
const PARTS: [&str; 8] = [
    "packages",
    "manifest",
    "image_config",
    "parent_manifest",
    "dockerfile",
    "secret_searches",
    "content_searches",
    "file_contents",
];

pub(crate) static STORY: Story = Story::new(|world| {
    Box::pin(async {
        operations_are_begun_and_listed(world).await;
        every_part_is_uploaded_and_listed(world).await;
        what_is_not_a_part_is_not_kept(world).await;
        unknown_operations_answer_as_each_version_did(world).await;
        operations_are_called_off(world).await;
    })
});

#[tokio::test]
async fn imports_are_filled_over_both_versions() {
    STORY.told().await;
}

#[tokio::test]
async fn uploads_beyond_the_limit_of_the_server_are_refused_with_its_problem_over_both_versions() {
    let limit = 1 << 20;
    let world = World::builder()
        .server_limits(Limits {
            upload_bytes: limit,
            ..Limits::default()
        })
        .start()
        .await;
    let (v1, v2) = world.admin();
    let (operation, _) = begin(&v1).await;
    let [over_v1, over_v2] = paths(&operation, "image_config");
    // The second is refused while most of it is still to come.
    for length in [limit + 1, 32 * limit] {
        let body = vec![b' '; length];
        let urls = [
            format!("{}/v1{over_v1}", world.proxy_url()),
            format!("{}/v2{over_v2}", world.proxy_url()),
        ];
        for url in &urls {
            let request = world
                .http()
                .post(url)
                .basic_auth("admin", Some(ADMIN_PASSWORD))
                .header("content-type", "application/json")
                .body(body.clone());
            let refused = world.send(request).await;
            let said = refused.json();
            assert_eq!(refused.status, 413, "{url}: {said}");
            assert_eq!(refused.header("content-type"), "application/problem+json");
            assert_eq!(said["status"], 413, "{url}: {said}");
            assert!(
                said.to_string().contains("`max_upload_bytes`"),
                "{url}: {said}"
            );
        }
    }
    assert_eq!(v2.get(&over_v2).await.ok(), json!([]));
}

/// The path of a part of an operation: in V1, then in V2.
fn paths(operation: &str, part: &str) -> [String; 2] {
    let path = |part: &str| format!("/imports/images/{operation}/{part}");
    [path(part), path(&part.replace('_', "-"))]
}

fn body(part: &str) -> Value {
    let image = image("docker.io/library/debian:12", '1');
    let place = json!({"path": "/etc/app.conf", "layerID": "sha256:1"});
    match part {
        "packages" => sbom(),
        "manifest" | "parent_manifest" => image.manifest,
        "image_config" => image.config,
        "file_contents" => json!([{"location": place, "contents": "aGVsbG8="}]),
        _ => json!([{"location": place, "content_searches": [
            {"classification": "key", "line_number": 3, "line_offset": 0, "seek_position": 20, "length": 8}]}]),
    }
}

async fn begin(caller: &Caller<'_>) -> (String, Value) {
    let begun = caller.post_empty("/imports/images").await.ok();
    assert_eq!(
        names(&begun),
        ["created_at", "expires_at", "status", "uuid"]
    );
    assert_eq!(begun["status"], "pending");
    (begun["uuid"].as_str().expect("an id").to_owned(), begun)
}

async fn operations_are_begun_and_listed(world: &World) {
    let (v1, v2) = world.admin();
    let (first, begun_v1) = begin(&v1).await;
    let (second, begun_v2) = begin(&v2).await;
    for caller in [&v1, &v2] {
        assert_eq!(
            caller.get("/imports/images").await.ok(),
            json!([begun_v1, begun_v2])
        );
        assert_eq!(
            caller.get(&format!("/imports/images/{first}")).await.ok(),
            begun_v1
        );
        assert_eq!(
            caller.get(&format!("/imports/images/{second}")).await.ok(),
            begun_v2
        );
    }
}

async fn every_part_is_uploaded_and_listed(world: &World) {
    let (v1, v2) = world.admin();
    let (over_v1, _) = begin(&v1).await;
    let (over_v2, _) = begin(&v2).await;
    for part in PARTS {
        let upload = async |caller: &Caller<'_>, path: &str| {
            if part == "dockerfile" {
                let text = image("", '1').dockerfile;
                caller
                    .send(Method::POST, path, "text/plain", text)
                    .await
                    .ok()
            } else {
                caller.post(path, &body(part)).await.ok()
            }
        };
        let kept_v1 = upload(&v1, &paths(&over_v1, part)[0]).await;
        let kept_v2 = upload(&v2, &paths(&over_v2, part)[1]).await;
        assert_eq!(names(&kept_v1), ["created_at", "digest"], "{part}");
        assert_eq!(
            kept_v1["digest"], kept_v2["digest"],
            "{part}: the same bytes arrived both ways"
        );
        for operation in [&over_v1, &over_v2] {
            let [v1_path, v2_path] = paths(operation, part);
            let listed = v2.get(&v2_path).await.ok();
            assert_eq!(listed.as_array().map(Vec::len), Some(1), "{part}: {listed}");
            assert_eq!(v1.get(&v1_path).await.ok(), listed, "{part}");
            assert!(
                listed
                    .to_string()
                    .contains(kept_v1["digest"].as_str().expect("a digest")),
                "{part}: {listed}"
            );
        }
    }
}

async fn what_is_not_a_part_is_not_kept(world: &World) {
    let (v1, v2) = world.admin();
    let (operation, _) = begin(&v1).await;
    for part in PARTS.into_iter().filter(|part| *part != "dockerfile") {
        let [v1_path, v2_path] = paths(&operation, part);
        for (caller, path) in [(&v1, &v1_path), (&v2, &v2_path)] {
            let broken = caller
                .send(Method::POST, path, "application/json", "{\"a\": ")
                .await;
            assert_eq!(broken.status, 400, "{part}: {}", broken.text());
            let no_text = [b"{\"a\": \"\xff\"}".as_slice(), b"[\"\xff\"]"];
            for bytes in no_text {
                let refused = caller
                    .send(Method::POST, path, "application/json", bytes)
                    .await;
                assert_eq!(refused.status, 400, "{part}: {}", refused.text());
            }
            let other = caller.post(path, &json!("a text")).await;
            assert_eq!(other.status, 400, "{part}: {}", other.text());
            assert_eq!(caller.get(path).await.ok(), json!([]), "{part}");
        }
    }
}

async fn unknown_operations_answer_as_each_version_did(world: &World) {
    let (v1, v2) = world.admin();
    let unknown = "00000000000000000000000000000000";
    let nested = v1
        .get(&format!("/imports/images/{unknown}"))
        .await
        .with(500);
    assert_eq!(names(&nested), ["detail", "httpcode", "message"]);
    let inner = nested["message"].as_str().expect("a message");
    let inner: Value =
        serde_json::from_str(inner).unwrap_or_else(|_| panic!("V1 put JSON there: {inner}"));
    assert_eq!(inner["httpcode"], 404, "{inner}");
    v2.get(&format!("/imports/images/{unknown}"))
        .await
        .with(404);
    for part in PARTS {
        let [v1_path, v2_path] = paths(unknown, part);
        assert_eq!(v1.get(&v1_path).await.ok(), json!([]), "{part}");
        v2.get(&v2_path).await.with(404);
    }
    v1.post(&paths(unknown, "manifest")[0], &body("manifest"))
        .await
        .with(500);
    v2.post(&paths(unknown, "manifest")[1], &body("manifest"))
        .await
        .with(404);
}

async fn operations_are_called_off(world: &World) {
    let (v1, v2) = world.admin();
    for caller in [&v1, &v2] {
        let (operation, _) = begin(caller).await;
        let path = format!("/imports/images/{operation}");
        assert_eq!(caller.delete(&path).await.ok()["status"], "expired");
        assert_eq!(v1.get(&path).await.ok(), v2.get(&path).await.ok());
        let [v1_path, v2_path] = paths(&operation, "manifest");
        assert!(v1.post(&v1_path, &body("manifest")).await.status >= 400);
        v2.post(&v2_path, &body("manifest")).await.with(409);
    }
    let all = v2.get("/imports/images").await.ok();
    assert!(
        each(&all, "status")
            .iter()
            .filter(|status| **status == "expired")
            .count()
            <= 2,
        "{all}"
    );
}
