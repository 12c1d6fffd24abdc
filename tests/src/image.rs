//! A small image as an importer sees it: a root folder for Syft, a manifest, a config.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

/// An image to import.
#[derive(Debug, Clone)]
pub struct Image {
    /// Full tag.
    pub tag: &'static str,
    /// Digest of the manifest.
    pub digest: String,
    /// Id: hash of the config.
    pub id: String,
    /// The manifest.
    pub manifest: Value,
    /// The config.
    pub config: Value,
    /// The Dockerfile.
    pub dockerfile: &'static str,
}

/// An image of Debian with a few packages, as told apart by `seed`.
pub fn image(tag: &'static str, seed: char) -> Image {
    let hex = |kind: char| format!("{seed}{kind}").repeat(32);
    Image {
        tag,
        digest: format!("sha256:{}", hex('a')),
        id: hex('b'),
        manifest: json!({
            "schemaVersion": 2,
            "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
            "config": {"mediaType": "application/vnd.docker.container.image.v1+json", "size": 1000, "digest": format!("sha256:{}", hex('b'))},
            "layers": [
                {"mediaType": "application/vnd.docker.image.rootfs.diff.tar.gzip", "size": 2_000_000, "digest": format!("sha256:{}", hex('c'))},
                {"mediaType": "application/vnd.docker.image.rootfs.diff.tar.gzip", "size": 3_000, "digest": format!("sha256:{}", hex('d'))},
            ],
        }),
        config: json!({
            "architecture": "amd64", "os": "linux", "created": "2026-01-02T03:04:05Z",
            "config": {"Env": ["PATH=/usr/bin"], "Cmd": ["/bin/sh"]},
            "history": [
                {"created": "2026-01-02T03:04:05Z", "created_by": "/bin/sh -c #(nop) ADD file:1 in /"},
                {"created": "2026-01-02T03:04:05Z", "created_by": "/bin/sh -c #(nop) CMD [\"/bin/sh\"]", "empty_layer": true},
            ],
            "rootfs": {"type": "layers", "diff_ids": [format!("sha256:{}", hex('e')), format!("sha256:{}", hex('f'))]},
        }),
        dockerfile: "FROM debian:12\nRUN apt-get install -y curl\nCMD [\"/bin/sh\"]\n",
    }
}

/// Writes the files that Syft recognises: a Debian release, two Debian packages, a Python
/// package and an npm package.
pub fn write_root(root: &Path) {
    let write = |path: &str, text: &str| {
        let file = root.join(path);
        fs::create_dir_all(file.parent().expect("files lie in folders"))
            .expect("folders can be made");
        fs::write(file, text).expect("files can be written");
    };
    write(
        "etc/os-release",
        "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nNAME=\"Debian GNU/Linux\"\nVERSION_ID=\"12\"\nID=debian\n",
    );
    let package = |name: &str, version: &str| {
        format!(
            "Package: {name}\nStatus: install ok installed\nPriority: optional\nSection: utils\nInstalled-Size: 100\n\
             Maintainer: Nobody <nobody@example.com>\nArchitecture: amd64\nVersion: {version}\nDescription: a package\n\n"
        )
    };
    write(
        "var/lib/dpkg/status",
        &(package("curl", "7.88.1-10") + &package("libc6", "2.36-9")),
    );
    write(
        "usr/share/doc/curl/copyright",
        "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n\nFiles: *\nCopyright: nobody\nLicense: curl\n",
    );
    write(
        "usr/lib/python3/dist-packages/requests-2.26.0.dist-info/METADATA",
        "Metadata-Version: 2.1\nName: requests\nVersion: 2.26.0\nLicense: Apache 2.0\nAuthor: Somebody\n",
    );
    write(
        "usr/lib/python3/dist-packages/requests-2.26.0.dist-info/RECORD",
        "requests/__init__.py,,\n",
    );
    write(
        "app/package-lock.json",
        r#"{"name": "app", "version": "1.0.0", "lockfileVersion": 3, "packages": {
            "": {"name": "app", "version": "1.0.0"},
            "node_modules/left-pad": {"version": "1.3.0", "license": "WTFPL"}}}"#,
    );
}

/// The SBOM of the image, as Syft writes it: Debian packages, a Python and an npm package, a Java
/// archive, and two files.
pub fn sbom() -> Value {
    let deb = |name: &str, version: &str| {
        json!({
            "id": name, "name": name, "version": version, "type": "deb", "foundBy": "dpkg-db-cataloger",
            "locations": [{"path": "/var/lib/dpkg/status", "layerID": "sha256:1"}],
            "licenses": [{"value": "curl", "spdxExpression": "curl"}], "language": "", "cpes": [],
            "purl": format!("pkg:deb/debian/{name}@{version}?arch=amd64&distro=debian-12"),
            "metadataType": "dpkg-db-entry",
            "metadata": {"package": name, "source": "", "version": version, "architecture": "amd64",
                         "maintainer": "Nobody <nobody@example.com>", "installedSize": 100, "files": []},
        })
    };
    let file = |path: &str, mode: u32, size: u32| {
        json!({
            "id": path, "location": {"path": path},
            "metadata": {"mode": mode, "type": "RegularFile", "userID": 0, "groupID": 0, "size": size},
            "digests": [{"algorithm": "sha256", "value": "00".repeat(32)}],
        })
    };
    json!({
        "artifacts": [
            deb("curl", "7.88.1-10"),
            deb("libc6", "2.36-9"),
            {
                "id": "requests", "name": "requests", "version": "2.26.0", "type": "python",
                "locations": [{"path": "/usr/lib/python3/dist-packages/requests-2.26.0.dist-info/METADATA"}],
                "licenses": ["Apache 2.0"], "language": "python",
                "cpes": ["cpe:2.3:a:python:requests:2.26.0:*:*:*:*:*:*:*"], "purl": "pkg:pypi/requests@2.26.0",
                "metadata": {"name": "requests", "version": "2.26.0", "author": "Somebody"},
            },
            {
                "id": "left-pad", "name": "left-pad", "version": "1.3.0", "type": "npm",
                "locations": [{"path": "/app/package-lock.json"}], "licenses": ["WTFPL", "MIT"], "language": "javascript",
                "cpes": [], "purl": "pkg:npm/left-pad@1.3.0",
            },
            {
                "id": "shop", "name": "shop-core", "version": "2.14.1", "type": "java-archive",
                "locations": [{"path": "/app/shop-core-2.14.1.jar"}], "licenses": [], "language": "java", "cpes": [],
                "purl": "pkg:maven/com.example/shop-core@2.14.1",
                "metadata": {"virtualPath": "/app/shop-core-2.14.1.jar",
                             "pomProperties": {"groupId": "com.example", "artifactId": "shop-core", "version": "2.14.1"}},
            },
        ],
        "artifactRelationships": [],
        "files": [file("/etc/passwd", 644, 31), file("/usr/bin/curl", 755, 280_000)],
        "source": {"id": "1", "name": "/", "version": "", "type": "directory", "metadata": {"path": "/"}},
        "distro": {"prettyName": "Debian GNU/Linux 12 (bookworm)", "name": "Debian GNU/Linux", "id": "debian", "versionID": "12"},
        "descriptor": {"name": "syft", "version": "1.0.0"},
        "schema": {"version": "16.0.0", "url": "https://example.com/schema.json"},
    })
}
