//! Repositories, queries over all images, the analysis archive, enterprise corrections.

use serde_json::{Value, json};
use windlass_tests::clients::AnchoreCli;
use windlass_tests::registry::{PASSWORD, REPOSITORY, TAGS, USER};

use super::TAG;

/// A repository of a registry that needs a login.
pub(super) fn repositories(cli: &AnchoreCli, registry: &str) {
    cli.ok(&["registry", "add", "--insecure", registry, USER, PASSWORD]);
    let name = format!("{registry}/{REPOSITORY}");
    let dry = cli.json(&["repo", "add", "--dryrun", &name]);
    assert_eq!(dry[0]["subscription_key"], name.as_str(), "{dry}");
    assert_eq!(cli.json(&["repo", "list"]), json!([]), "it was dry");

    let added = cli.ok(&["repo", "add", &name]);
    assert!(added.contains(&name), "{added}");
    let listed = cli.ok(&["repo", "list"]);
    assert!(
        listed.contains(&name) && listed.contains("True"),
        "{listed}"
    );
    let found = cli.json(&["repo", "get", &name]);
    let value = found[0]["subscription_value"].as_str().expect("a text");
    let value: Value = serde_json::from_str(value).expect("JSON in a text");
    assert_eq!(
        (&value["repotags"], &value["tagcount"]),
        (&json!(TAGS), &json!(TAGS.len()))
    );

    let is_watched = || cli.json(&["repo", "get", &name])[0]["active"] == true;
    cli.ok(&["repo", "unwatch", &name]);
    assert!(!is_watched());
    cli.ok(&["repo", "watch", &name]);
    assert!(is_watched());
    cli.ok(&["repo", "unwatch", &name]);
    cli.ok(&["repo", "del", &name]);
    assert_eq!(cli.json(&["repo", "list"]), json!([]));
    cli.ok(&["registry", "del", registry]);
}

/// Images by what is in them. No feed has told of vulnerabilities here, so nothing has any.
pub(super) fn queries(cli: &AnchoreCli, digest: &str) {
    let listed = cli.ok(&["query", "images-by-package", "--name", "curl"]);
    assert!(
        listed.contains(TAG) && listed.contains("7.88.1-10"),
        "{listed}"
    );
    let found = cli.json(&["query", "images-by-package", "--name", "curl"]);
    let image = &found["images"][0]["image"];
    assert_eq!(
        (&image["imageDigest"], &image["tag_history"][0]["fulltag"]),
        (&digest.into(), &TAG.into()),
        "{found}"
    );
    let none = cli.json(&["query", "images-by-package", "--name", "no-such-package"]);
    assert_eq!(none["images"], json!([]), "{none}");

    let by_vulnerability = ["query", "images-by-vulnerability", "--vulnerability-id"];
    cli.ok(&[&by_vulnerability[..], &["CVE-2023-38545"]].concat());
    let none = cli.json(
        &[
            &by_vulnerability[..],
            &["CVE-2023-38545", "--severity", "High"],
        ]
        .concat(),
    );
    assert_eq!(
        (&none["images"], &none["returned_count"]),
        (&json!([]), &json!(0)),
        "{none}"
    );
}

/// An analysis goes into the archive and out of it; rules come and go.
pub(super) fn archive(cli: &AnchoreCli, digest: &str) {
    let archive = |words: &[&str]| cli.ok(&[&["analysis-archive"], words].concat());
    let archived = || cli.json(&["analysis-archive", "images", "list"]);
    archive(&["images", "add", digest]);
    assert_eq!(archived()[0]["imageDigest"], digest);
    assert!(archive(&["images", "list"]).contains(digest));
    let record = archive(&["images", "get", digest]);
    assert!(record.contains(digest), "{record}");
    archive(&["images", "del", digest, "--force"]);
    assert_eq!(archived(), json!([]));

    let added = cli.json(&["analysis-archive", "rules", "add", "90", "2", "archive"]);
    let rule = added["rule_id"].as_str().expect("an id");
    assert_eq!(added["analysis_age_days"], 90, "{added}");
    assert_eq!(added["exclude"]["expiration_days"], -1, "{added}");
    assert!(archive(&["rules", "list"]).contains(rule));
    assert!(archive(&["rules", "get", rule]).contains(rule));
    archive(&["rules", "del", rule]);
    assert_eq!(cli.json(&["analysis-archive", "rules", "list"]), json!([]));
}

/// `image import` calls a route that V1 servers had given up before 4.8: they answered 404, and
/// so does the proxy.
pub(super) fn image_import(cli: &AnchoreCli) {
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), "[{}]").expect("the file can be written");
    let path = file.path().display().to_string();
    let refused = cli.run(&["image", "import", "--infile", &path]);
    assert!(
        refused.code == 1 && refused.out.contains("not found on the server"),
        "{refused:?}"
    );
}

/// False positives are corrected.
pub(super) fn corrections(cli: &AnchoreCli) {
    let corrections = |words: &[&str]| cli.ok(&[&["enterprise", "corrections"], words].concat());
    let added = cli.json(&[
        "enterprise",
        "corrections",
        "add",
        "--match",
        "package=spring-core",
        "--package_type",
        "java",
        "--replace",
        "cpes=cpe:2.3:a:pivotal_software:spring_framework:5.1.4:-:*:*:*:*:*:*",
    ]);
    let id = added["uuid"].as_str().expect("an id");
    assert_eq!(added["match"]["type"], "java", "{added}");
    assert!(corrections(&["list"]).contains(id));
    assert!(corrections(&["get", id]).contains("spring-core"));
    corrections(&["delete", id]);
    assert_eq!(cli.json(&["enterprise", "corrections", "list"]), json!([]));
}
