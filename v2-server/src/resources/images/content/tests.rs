//! Content listings, called through the whole router.

use serde_json::json;

use crate::resources::images::testing::{ImageParts, digest};
use crate::testing::{TestServer, is_error};

const TAG: &str = "docker.io/library/app-a:1.0";

fn path(content_type: &str) -> String {
    format!("/v2/images/{}/content/{content_type}", digest(1))
}

async fn analyzed() -> TestServer {
    let server = TestServer::start().await;
    ImageParts::new(1, TAG).analyzed(&server).await;
    server
}

#[tokio::test]
async fn the_types_are_the_same_for_every_image() {
    let server = TestServer::start().await;
    let types = server
        .get(&format!("/v2/images/{}/content", digest(1)))
        .await;
    assert_eq!(types.status, 200);
    let types: Vec<_> = types
        .body
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one.as_str().unwrap())
        .collect();
    assert_eq!(
        types[..9],
        [
            "os", "files", "npm", "gem", "python", "java", "binary", "go", "malware"
        ]
    );
    assert!(types.contains(&"nuget"));
}

#[tokio::test]
async fn packages_are_listed_by_type() {
    let server = analyzed().await;
    let os = server.get(&path("os")).await;
    assert_eq!(
        os.body,
        json!({
            "image_digest": digest(1), "content_type": "os",
            "content": [
                {
                    "package": "busybox", "version": "1.31.1-r16", "size": "1000", "type": "APKG", "origin": "N/A",
                    "licenses": ["GPL-2.0-only"],
                    "cpes": ["cpe:2.3:a:busybox:busybox:1.31.1-r16:*:*:*:*:*:*:*"],
                    "metadata": { "installedSize": 1000 },
                },
                {
                    "package": "musl", "version": "1.1.24-r8", "size": "4096", "type": "APKG",
                    "origin": "M <m@example.com>", "licenses": ["MIT"],
                    "cpes": ["cpe:2.3:a:musl-libc:musl:1.1.24-r8:*:*:*:*:*:*:*"], "metadata_type": "ApkMetadata",
                    "metadata": { "package": "musl", "originPackage": "musl", "maintainer": "M <m@example.com>",
                        "installedSize": 4096 },
                    "purl": "pkg:alpine/musl@1.1.24-r8",
                },
            ],
        })
    );
    let npm = server.get(&path("npm")).await;
    assert_eq!(
        npm.body["content"],
        json!([{
            "package": "lodash", "version": "4.17.4", "type": "NPM", "origin": "a", "licenses": ["MIT"],
            "location": "/app/node_modules/lodash/package.json", "cpes": [], "metadata": { "author": "a" },
            "purl": "pkg:npm/lodash@4.17.4",
        }])
    );
    let java = server.get(&path("java")).await;
    assert_eq!(
        java.body,
        json!({
            "image_digest": digest(1), "content_type": "java",
            "content": [{
                "package": "log4j-core", "version": "2.14.1", "implementation-version": "N/A",
                "specification-version": "N/A", "maven-version": "2.14.1", "location": "/app/log4j-core-2.14.1.jar",
                "type": "JAVA-JAR", "origin": "org.apache.logging.log4j", "cpes": [],
            }],
        })
    );
}

#[tokio::test]
async fn files_are_listed_by_path() {
    let server = analyzed().await;
    assert_eq!(
        server.get(&path("files")).await.body,
        json!({
            "image_digest": digest(1), "content_type": "files",
            "content": [
                { "filename": "/bin/su", "gid": 0, "linkdest": null, "mode": "04755", "sha256": null, "size": 0,
                    "type": "file", "uid": 0 },
                { "filename": "/etc/passwd", "gid": 0, "linkdest": null, "mode": "00644", "sha256": "00", "size": 31,
                    "type": "file", "uid": 0 },
            ],
        })
    );
}

#[tokio::test]
async fn what_an_image_has_none_of_is_an_empty_list() {
    let server = analyzed().await;
    for content_type in ["gem", "python", "go", "binary", "malware", "nuget", "other"] {
        assert_eq!(
            server.get(&path(content_type)).await.body,
            json!({ "image_digest": digest(1), "content_type": content_type, "content": [] })
        );
    }
}

#[tokio::test]
async fn unknown_types_and_images_are_404() {
    let server = analyzed().await;
    is_error(
        &server.get(&path("nosuch")).await,
        404,
        "content type (nosuch) not available",
    );
    let other = format!("/v2/images/{}/content/os", digest(7));
    is_error(&server.get(&other).await, 404, "image not found in DB");
    ImageParts::new(2, TAG).add(&server).await;
    for content_type in ["os", "java", "files", "malware"] {
        let waiting = format!("/v2/images/{}/content/{content_type}", digest(2));
        is_error(
            &server.get(&waiting).await,
            404,
            "image is not analyzed - analysis_status: not_analyzed",
        );
    }
}

#[tokio::test]
async fn a_listing_of_many_pieces_is_whole() {
    let server = TestServer::start().await;
    let mut parts = ImageParts::new(1, TAG);
    let file = |number: u32| {
        json!({ "id": "x", "location": { "path": format!("/usr/share/{number:06}") },
            "metadata": { "mode": 644, "type": "RegularFile", "size": number } })
    };
    parts.packages["files"] = (0..5000).map(file).collect();
    parts.analyzed(&server).await;
    let listing = server.get(&path("files")).await;
    assert!(listing.text.len() > 3 * crate::analysis::listing::PIECE_BYTES);
    assert!(
        listing.headers.get("content-length").is_none(),
        "it streams"
    );
    let sizes: Vec<_> = listing.body["content"]
        .as_array()
        .unwrap()
        .iter()
        .map(|file| file["size"].as_u64().unwrap())
        .collect();
    assert_eq!(sizes, (0..5000).collect::<Vec<_>>());
}
