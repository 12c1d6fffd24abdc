//! What policies read about images.

use super::{
    Dockerfile, DockerfileMode, ImageMetadata, Package, PackageClass, evaluation_input, files,
};
use crate::resources::images::testing::{ImageParts, digest};
use crate::testing::TestServer;

const TAG: &str = "docker.io/library/app-a:1.0";

#[tokio::test]
async fn everything_an_analysis_found_can_be_asked_about() {
    let server = TestServer::start().await;
    let mut parts = ImageParts::new(1, TAG);
    parts.tags.push("quay.io/team/app:2".to_owned());
    parts.dockerfile = Some("FROM alpine\n");
    parts.analyzed(&server).await;
    let input = server
        .state
        .read(|tx| evaluation_input(tx, "admin", &digest(1)))
        .await
        .unwrap();
    assert_eq!(
        (input.image_digest, input.parent_digest),
        (digest(1), digest(1))
    );
    assert_eq!(input.image_id, format!("{:064}", 501));
    let tags: Vec<_> = input
        .tags
        .iter()
        .map(|tag| {
            (
                tag.registry.as_str(),
                tag.repository.as_str(),
                tag.tag.as_str(),
            )
        })
        .collect();
    assert_eq!(
        tags,
        [
            ("docker.io", "library/app-a", "1.0"),
            ("quay.io", "team/app", "2")
        ]
    );
    assert_eq!(
        input.metadata,
        ImageMetadata {
            arch: Some("amd64".into()),
            os: Some("linux".into()),
            distro: Some("alpine".into()),
            distro_version: Some("3.12.0".into()),
            like_distro: Vec::new(),
            image_size: Some(2_797_641),
            layer_count: Some(2),
        }
    );
    let dockerfile = Dockerfile {
        mode: DockerfileMode::Actual,
        text: "FROM alpine\n".into(),
    };
    assert_eq!(input.dockerfile, Some(dockerfile));
    let names: Vec<_> = input
        .packages
        .iter()
        .map(|package| package.name.as_str())
        .collect();
    assert_eq!(names, ["busybox", "musl", "log4j-core", "lodash"]);
    assert_eq!(
        input.packages[3],
        Package {
            name: "lodash".into(),
            version: "4.17.4".into(),
            package_type: "npm".into(),
            class: PackageClass::NonOs,
            licenses: vec!["MIT".into()],
            location: "/app/node_modules/lodash/package.json".into(),
        }
    );
    assert!(input.vulnerabilities.is_empty());
}

#[tokio::test]
async fn files_are_read_with_their_permission_bits() {
    let server = TestServer::start().await;
    ImageParts::new(1, TAG).analyzed(&server).await;
    let files = server
        .state
        .read(|tx| files(tx, "admin", &digest(1)))
        .await
        .unwrap();
    let found: Vec<_> = files
        .iter()
        .map(|file| (file.path.as_str(), file.mode, file.size))
        .collect();
    assert_eq!(found, [("/bin/su", 0o4755, 0), ("/etc/passwd", 0o644, 31)]);
}

#[tokio::test]
async fn an_image_that_is_not_analyzed_cannot_be_asked() {
    let server = TestServer::start().await;
    ImageParts::new(1, TAG).add(&server).await;
    let refused = server
        .state
        .read(|tx| evaluation_input(tx, "admin", &digest(1)))
        .await
        .unwrap_err();
    assert_eq!(
        refused.to_string(),
        "image is not analyzed - analysis_status: not_analyzed"
    );
    let refused = server
        .state
        .read(|tx| files(tx, "acme", &digest(1)))
        .await
        .unwrap_err();
    assert_eq!(refused.to_string(), "image not found in DB");
}
