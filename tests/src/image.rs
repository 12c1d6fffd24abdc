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
