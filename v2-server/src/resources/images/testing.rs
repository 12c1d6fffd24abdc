//! Images for tests: made as clients make them, by importing parts.

use serde_json::{Value, json};

use crate::testing::{Answer, TestServer};

/// The parts of a small image on Alpine, and what its import says.
pub(crate) struct ImageParts {
    /// Number in the digests: images with different numbers are different images.
    pub(crate) number: u32,
    /// The SBOM.
    pub(crate) packages: Value,
    /// The image manifest.
    pub(crate) manifest: Value,
    /// The image configuration.
    pub(crate) image_config: Value,
    /// The Dockerfile.
    pub(crate) dockerfile: Option<&'static str>,
    /// Matches of secret searches.
    pub(crate) secret_searches: Option<Value>,
    /// Matches of content searches.
    pub(crate) content_searches: Option<Value>,
    /// Retrieved files.
    pub(crate) file_contents: Option<Value>,
    /// Tags.
    pub(crate) tags: Vec<String>,
    /// Notes.
    pub(crate) annotations: Value,
    /// Query of the request that adds the image.
    pub(crate) query: &'static str,
    /// Who imports.
    pub(crate) user: &'static str,
}

/// `sha256:` and 64 digits that end in `number`.
pub(crate) fn digest(number: u32) -> String {
    format!("sha256:{number:064}")
}

impl ImageParts {
    /// A small image under one tag.
    pub(crate) fn new(number: u32, tag: &str) -> Self {
        Self {
            number,
            packages: sbom(),
            manifest: json!({
                "schemaVersion": 2,
                "config": { "digest": format!("sha256:{:064x}", 0xc0_0000 + number), "size": 470 },
                "layers": [
                    { "digest": digest(900), "size": 2_797_541 },
                    { "digest": digest(901), "size": 100 },
                ],
            }),
            image_config: json!({
                "architecture": "amd64", "os": "linux",
                "history": [
                    { "created": "2020-08-26T14:21:08Z", "created_by": "/bin/sh -c #(nop) ADD file in /" },
                    { "created_by": "/bin/sh -c apk add musl" },
                    { "created_by": "/bin/sh -c #(nop) CMD [\"/bin/sh\"]", "empty_layer": true },
                ],
            }),
            dockerfile: None,
            secret_searches: None,
            content_searches: None,
            file_contents: None,
            tags: vec![tag.to_owned()],
            annotations: Value::Null,
            query: "",
            user: "admin",
        }
    }

    /// Digest of the image.
    pub(crate) fn digest(&self) -> String {
        digest(self.number)
    }

    /// Uploads the parts to a new import; gives its id and the request that adds the image.
    pub(crate) async fn upload(&self, server: &TestServer) -> (String, Value) {
        let begun = server.post("/v2/imports/images").as_user(self.user).await;
        assert_eq!(begun.status, 200, "{}", begun.text);
        let uuid = begun.body["uuid"].as_str().unwrap().to_owned();
        let mut contents = serde_json::Map::new();
        let parts = [
            ("packages", Some(self.packages.clone())),
            ("manifest", Some(self.manifest.clone())),
            ("image-config", Some(self.image_config.clone())),
            ("dockerfile", self.dockerfile.map(|text| json!(text))),
            ("secret-searches", self.secret_searches.clone()),
            ("content-searches", self.content_searches.clone()),
            ("file-contents", self.file_contents.clone()),
        ];
        for (part, body) in parts {
            let Some(body) = body else { continue };
            let path = format!("/v2/imports/images/{uuid}/{part}");
            let kept = server.post(&path).as_user(self.user).json(body).await;
            assert_eq!(kept.status, 200, "{}", kept.text);
            contents.insert(part.replace('-', "_"), kept.body["digest"].clone());
        }
        let mut request = json!({
            "source": { "import": {
                "operation_uuid": uuid, "digest": self.digest(), "tags": self.tags,
                "local_image_id": format!("{:064}", self.number + 500), "contents": contents,
            } },
        });
        if !self.annotations.is_null() {
            request["annotations"] = self.annotations.clone();
        }
        (uuid, request)
    }

    /// Imports the image, without analysing it.
    pub(crate) async fn add(&self, server: &TestServer) -> Answer {
        let (_, request) = self.upload(server).await;
        server
            .post(&format!("/v2/images?{}", self.query))
            .as_user(self.user)
            .json(request)
            .await
    }

    /// Imports and analyses the image; gives its digest.
    pub(crate) async fn analyzed(&self, server: &TestServer) -> String {
        let added = self.add(server).await;
        assert_eq!(added.status, 200, "{}", added.text);
        analyze(server).await;
        self.digest()
    }
}

/// Analyses all images that wait for it.
pub(crate) async fn analyze(server: &TestServer) {
    super::analysis::analyze_waiting(&server.state)
        .await
        .unwrap();
}

/// An SBOM with one package of each of several types, and two files.
pub(crate) fn sbom() -> Value {
    json!({
        "artifacts": [
            {
                "id": "1", "name": "musl", "version": "1.1.24-r8", "type": "apk", "foundBy": "apkdb-cataloger",
                "locations": [{ "path": "/lib/apk/db/installed", "layerID": "sha256:1" }], "licenses": ["MIT"],
                "language": "", "cpes": ["cpe:2.3:a:musl-libc:musl:1.1.24-r8:*:*:*:*:*:*:*"],
                "purl": "pkg:alpine/musl@1.1.24-r8", "metadataType": "ApkMetadata",
                "metadata": { "package": "musl", "originPackage": "musl", "maintainer": "M <m@example.com>",
                    "installedSize": 4096, "files": [{ "path": "/lib/libc.musl" }] },
            },
            {
                "name": "busybox", "version": "1.31.1-r16", "type": "apk", "locations": [],
                "licenses": [{ "value": "GPL-2.0-only", "spdxExpression": "GPL-2.0-only" }], "language": "",
                "cpes": [{ "cpe": "cpe:2.3:a:busybox:busybox:1.31.1-r16:*:*:*:*:*:*:*", "source": "syft-generated" }],
                "metadata": { "installedSize": 1000 },
            },
            {
                "name": "lodash", "version": "4.17.4", "type": "npm",
                "locations": [{ "path": "/app/node_modules/lodash/package.json" }], "licenses": ["MIT"],
                "language": "javascript", "cpes": [], "purl": "pkg:npm/lodash@4.17.4",
                "metadata": { "author": "a" },
            },
            {
                "name": "log4j-core", "version": "2.14.1", "type": "java-archive", "locations": [], "licenses": [],
                "language": "java", "cpes": [],
                "metadata": { "virtualPath": "/app/log4j-core-2.14.1.jar",
                    "pomProperties": { "groupId": "org.apache.logging.log4j", "version": "2.14.1" } },
            },
        ],
        "source": { "type": "image", "target": {} },
        "distro": { "name": "alpine", "version": "3.12.0", "idLike": "" },
        "descriptor": { "name": "syft", "version": "1.0.0" },
        "files": [
            {
                "id": "f1", "location": { "path": "/etc/passwd" },
                "metadata": { "mode": 644, "type": "RegularFile", "userID": 0, "groupID": 0, "size": 31 },
                "digests": [{ "algorithm": "sha256", "value": "00" }],
            },
            { "id": "f2", "location": { "path": "/bin/su" }, "metadata": { "mode": 40_000_755, "type": "RegularFile" } },
        ],
    })
}
