//! SBOMs of images, called through the whole router.

use crate::resources::images::testing::{ImageParts, digest, sbom};
use crate::testing::{TestServer, is_error};

const TAG: &str = "docker.io/library/app-a:1.0";

fn path(form: &str) -> String {
    format!("/v2/images/{}/sboms/{form}", digest(1))
}

#[tokio::test]
async fn the_native_form_is_what_was_uploaded() {
    let server = TestServer::start().await;
    ImageParts::new(1, TAG).analyzed(&server).await;
    assert_eq!(server.get(&path("native-json")).await.body, sbom());
}

#[tokio::test]
async fn every_package_is_in_every_form() {
    let server = TestServer::start().await;
    ImageParts::new(1, TAG).analyzed(&server).await;
    let spdx = server.get(&path("spdx-json")).await.body;
    assert_eq!(spdx["spdxVersion"], "SPDX-2.3");
    assert_eq!(spdx["name"], "docker.io/library/app-a");
    let cyclonedx = server.get(&path("cyclonedx-json")).await.body;
    assert_eq!(cyclonedx["bomFormat"], "CycloneDX");
    assert_eq!(cyclonedx["metadata"]["component"]["version"], digest(1));
    for (list, expected) in [(&spdx["packages"], 5), (&cyclonedx["components"], 5)] {
        let names: Vec<_> = list
            .as_array()
            .unwrap()
            .iter()
            .map(|package| package["name"].as_str().unwrap())
            .collect();
        assert_eq!(names.len(), expected, "{names:?}");
        for name in ["musl", "busybox", "lodash", "log4j-core"] {
            assert!(names.contains(&name), "{names:?}");
        }
    }
}

#[tokio::test]
async fn the_same_image_gives_the_same_document() {
    let server = TestServer::start().await;
    ImageParts::new(1, TAG).analyzed(&server).await;
    for form in ["spdx-json", "cyclonedx-json"] {
        let first = server.get(&path(form)).await.text;
        server.clock.advance(60);
        assert_eq!(server.get(&path(form)).await.text, first);
    }
}

#[tokio::test]
async fn an_image_that_is_not_analyzed_has_no_sbom_yet() {
    let server = TestServer::start().await;
    for form in ["native-json", "spdx-json", "cyclonedx-json"] {
        is_error(&server.get(&path(form)).await, 404, "image not found in DB");
    }
    ImageParts::new(1, TAG).add(&server).await;
    for form in ["native-json", "spdx-json", "cyclonedx-json"] {
        is_error(
            &server.get(&path(form)).await,
            404,
            "image is not analyzed - analysis_status: not_analyzed",
        );
    }
}
