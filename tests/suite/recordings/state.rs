//! The state behind the recorded answers that no recorded request made: images that came in
//! beside the tour, seeded vulnerability data, and rights that every user had.

use reqwest::Method;
use rusqlite::{Connection, params};
use serde_json::{Map, Value, json};
use windlass_tests::world::{ADMIN_PASSWORD, World};

use super::tour::{self, Recording};

/// An image of the recorded server.
struct Image {
    account: &'static str,
    tag: &'static str,
    digest: &'static str,
    id: &'static str,
}

/// The image that the tour itself brings in.
const FIRST: Image = Image {
    account: "admin",
    tag: "docker.io/library/app-a:1.0",
    digest: "sha256:f75da3366bfd3d95ae0f3ae90f96b7f8d02ad2a24cf818d38fb89203d3eb2982",
    id: "c5275eeed016b15900eb7906b1e18347a590d0cc1f054cb73a691c02584a9991",
};

/// Images that were there when the first was analysed.
const OTHERS: [Image; 3] = [
    Image {
        account: "admin",
        tag: "docker.io/library/app-b:2.0",
        digest: "sha256:3877d19ff73b852e6e6424415efa0c2be6dcc9a532571a21db17ecac820bf01c",
        id: "9bfea0b617f0d5c751584e76a13791a4727a92bff8912e893606f168f6f0ec5b",
    },
    Image {
        account: "acme",
        tag: "docker.io/acme/private:latest",
        digest: "sha256:b0fbac225aed0d1df0fa83aac047bb1ea673487aed686689a58d8a3b6508f84f",
        id: "22bc7d41839ee43d209b987db3bc0c3a92138ee1bf0f11fd10e65423792e94d5",
    },
    Image {
        account: "admin",
        tag: "docker.io/library/app-late:0.1",
        digest: "sha256:b4f49d429b7fd9597564e8ed156b9b76b53a0084c0f449512eb0130fe77e1c3d",
        id: "f32ea683d7f479332c73d5ec07445404e20a656fa2178d968d1dafaff613c502",
    },
];

/// What the tag of the first moved to after the checks.
const MOVED: Image = Image {
    account: "admin",
    tag: FIRST.tag,
    digest: "sha256:31f8dd5d75d62f99b82ce0bd8eb735378cf228bac03436c59f004ec39657cbce",
    id: "8475928b395e8d922d577015a3996a519042e8c574a069efadd19c6f1003d68e",
};

/// Before the tour: feeds, and an analysis that waits until it was seen waiting.
pub(super) fn prepare(world: &World, tour: &[Recording]) {
    let store = world.sqlite();
    store
        .execute_batch(
            "CREATE TRIGGER analysis_waits BEFORE UPDATE OF analysis_status ON images
             WHEN NEW.analysis_status = 'analyzing'
             BEGIN SELECT RAISE(ABORT, 'the tour looks at images that wait first'); END",
        )
        .expect("the store takes a trigger");
    seed_feeds(&store, &tour::case(tour, "feeds").response.body);
}

/// After a recorded exchange: what the recorded server did before the next one.
pub(super) async fn follow(world: &World, tour: &[Recording], case: &str) {
    match case {
        // That server had no roles: every user could do everything in the own account.
        "user_create" => grant(world, "alice").await,
        "user_create_second" => grant(world, "bob").await,
        "imagetags_some_not_analyzed" => {
            world
                .sqlite()
                .execute_batch("DROP TRIGGER analysis_waits")
                .expect("the trigger is there");
            for image in &OTHERS {
                import(world, tour, image).await;
            }
            analyzed(world, &FIRST).await;
            for image in &OTHERS {
                analyzed(world, image).await;
            }
            let rows = &tour::case(tour, "vuln_all_vendor_only_false").response.body;
            seed_vulnerabilities(world, &FIRST, rows);
        }
        "check_by_id_unknown" => {
            import(world, tour, &MOVED).await;
            analyzed(world, &MOVED).await;
        }
        // Its background work ran more often.
        "image_delete_by_id_unknown" => {
            world
                .sqlite()
                .execute("DELETE FROM images WHERE image_status = 'deleting'", [])
                .expect("images are removed");
        }
        _ => {}
    }
}

async fn grant(world: &World, user: &str) {
    let member = json!({"username": user, "for_account": "acme"});
    let path = "/rbac-manager/roles/full-control/members";
    let answer = world.v2(Method::POST, path, Some(&member)).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
}

/// A call over V1 in an account.
async fn call(world: &World, account: &str, path: &str, content_type: &str, body: String) -> Value {
    let answer = world
        .http()
        .post(format!("{}/v1{path}", world.proxy_url()))
        .basic_auth("admin", Some(ADMIN_PASSWORD))
        .header("x-anchore-account", account)
        .header("content-type", content_type)
        .body(body)
        .send()
        .await
        .expect("the proxy answers");
    let (status, text) = (answer.status(), answer.text().await.expect("a whole body"));
    assert_eq!(status, 200, "{path}: {text}");
    serde_json::from_str(&text).expect("JSON")
}

/// Imports an image like the tour did, with the same packages of the operating system.
async fn import(world: &World, tour: &[Recording], image: &Image) {
    let json = "application/json";
    let operation = call(world, image.account, "/imports/images", json, String::new()).await;
    let operation = operation["uuid"].as_str().expect("an id").to_owned();
    let mut contents = Map::new();
    for part in ["packages", "manifest", "image_config", "dockerfile"] {
        let recorded = &tour::case(tour, &format!("import_upload_{part}"))
            .request
            .body;
        let (content_type, body) = match recorded {
            Value::String(text) => ("text/plain; utf-8", text.clone()),
            body => {
                let mut body = body.clone();
                if let Some(Value::Array(packages)) = body.get_mut("artifacts") {
                    packages.retain(|package| package["type"] == "apk");
                }
                (json, body.to_string())
            }
        };
        let body = body
            .replace(FIRST.tag, image.tag)
            .replace(FIRST.digest, image.digest)
            .replace(FIRST.id, image.id);
        let path = format!("/imports/images/{operation}/{part}");
        let uploaded = call(world, image.account, &path, content_type, body).await;
        contents.insert(part.to_owned(), uploaded["digest"].clone());
    }
    let source = json!({"source": {"import": {
        "operation_uuid": operation, "digest": image.digest, "local_image_id": image.id,
        "tags": [image.tag], "contents": contents,
    }}});
    call(world, image.account, "/images", json, source.to_string()).await;
}

/// Waits until an image is analysed.
async fn analyzed(world: &World, image: &Image) {
    world.analyzed_in(image.account, image.digest).await;
}

fn seed_feeds(store: &Connection, feeds: &Value) {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    for feed in feeds.as_array().expect("feeds") {
        store
            .execute(
                "INSERT INTO feeds (name, enabled, created_at, updated_at, last_full_sync)
                 VALUES (?1, 1, ?2, ?3, ?4)
                 ON CONFLICT (name) DO UPDATE SET created_at = excluded.created_at,
                     updated_at = excluded.updated_at, last_full_sync = excluded.last_full_sync",
                params![
                    text(&feed["name"]),
                    text(&feed["created_at"]),
                    text(&feed["updated_at"]),
                    text(&feed["last_full_sync"])
                ],
            )
            .expect("a feed is stored");
        for group in feed["groups"].as_array().expect("groups") {
            store
                .execute(
                    "INSERT INTO feed_groups (feed, name, enabled, created_at, updated_at, last_sync, record_count)
                     VALUES (?1, ?2, 1, ?3, ?4, ?5, ?6)",
                    params![
                        text(&feed["name"]),
                        text(&group["name"]),
                        text(&group["created_at"]),
                        text(&group["updated_at"]),
                        text(&group["last_sync"]),
                        group["record_count"].as_i64()
                    ],
                )
                .expect("a group is stored");
        }
    }
}

/// The matches of the recorded server as those of an image.
fn seed_vulnerabilities(world: &World, image: &Image, recorded: &Value) {
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let known = |value: &Value| Some(text(value)).filter(|text| text != "None");
    let store = world.sqlite();
    for row in recorded["vulnerabilities"].as_array().expect("matches") {
        let mut report = row.as_object().expect("a match").clone();
        // Not a member of V2.
        report.remove("package_cpe23");
        report.insert("detected_at".to_owned(), json!("2026-11-23T09:16:12Z"));
        let severity = text(&row["severity"]);
        let ranks = ["Critical", "High", "Medium", "Low", "Negligible", "Unknown"];
        let rank = ranks.iter().position(|rank| *rank == severity);
        let class = if row["package_type"] == "APKG" {
            "os"
        } else {
            "non-os"
        };
        store
            .execute(
                "INSERT INTO image_vulnerabilities (
                     image, severity_rank, vulnerability_id, package_name, package_version, package_type,
                     package_path, feed, feed_group, package_class, severity, fix, url, package_cpe,
                     will_not_fix, nvd_data, vendor_data, detected_at, report)
                 SELECT id, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17,
                        '2026-11-23T09:16:12Z', ?18
                 FROM images WHERE image_digest = ?1",
                params![
                    image.digest,
                    i64::try_from(rank.expect("a severity")).expect("there are six"),
                    text(&row["vuln"]),
                    text(&row["package_name"]),
                    text(&row["package_version"]),
                    text(&row["package_type"]),
                    text(&row["package_path"]),
                    text(&row["feed"]),
                    text(&row["feed_group"]),
                    class,
                    severity,
                    known(&row["fix"]),
                    known(&row["url"]),
                    known(&row["package_cpe"]),
                    row["will_not_fix"] == true,
                    row["nvd_data"].to_string(),
                    row["vendor_data"].to_string(),
                    Value::Object(report).to_string(),
                ],
            )
            .expect("a match is stored");
    }
}
