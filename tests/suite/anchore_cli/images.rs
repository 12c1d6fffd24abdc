//! Images and their contents, events and subscriptions, and what goes wrong.

use serde_json::Value;
use windlass_tests::clients::AnchoreCli;

use super::TAG;

pub(super) fn images(cli: &AnchoreCli, digest: &str) {
    let listed = cli.ok(&["image", "list"]);
    assert!(
        listed.contains(TAG) && listed.contains(digest) && listed.contains("analyzed"),
        "{listed}"
    );
    for name in [digest, TAG] {
        let got = cli.ok(&["image", "get", name]);
        assert!(
            got.contains(&format!("Image Digest: {digest}"))
                && got.contains("Analysis Status: analyzed"),
            "{got}"
        );
        assert!(
            got.contains("Full Tag: docker.io/team/app:1.0") && got.contains("Distro: debian"),
            "{got}"
        );
    }
    let record = cli.json(&["image", "get", digest]);
    assert_eq!(
        (&record[0]["imageDigest"], &record[0]["userId"]),
        (&digest.into(), &"admin".into())
    );
    assert!(
        record[0]["image_detail"][0]["fulltag"] == TAG && record[0].get("account_name").is_none(),
        "{record}"
    );
    assert!(cli.ok(&["image", "content", digest]).contains("os"));
    let packages = cli.ok(&["image", "content", digest, "os"]);
    assert!(
        packages.contains("curl") && packages.contains("7.88.1-10"),
        "{packages}"
    );
    let packages = cli.json(&["image", "content", digest, "os"]);
    let names: Vec<&Value> = packages["content"]
        .as_array()
        .expect("packages")
        .iter()
        .map(|package| &package["package"])
        .collect();
    assert!(
        names.contains(&&Value::from("curl")) && packages["imageDigest"] == digest,
        "{packages}"
    );
    assert!(
        cli.ok(&["image", "content", digest, "python"])
            .contains("requests")
    );
    assert!(
        cli.ok(&["image", "content", digest, "npm"])
            .contains("left-pad")
    );
    cli.ok(&["image", "content", digest, "files"]);
    cli.ok(&["image", "vuln", digest]);
    cli.ok(&["image", "vuln", digest, "all"]);
    let found = cli.json(&["image", "vuln", digest, "all"]);
    assert!(
        found["imageDigest"] == digest && found["vulnerabilities"].is_array(),
        "{found}"
    );
    assert!(
        cli.ok(&["image", "metadata", digest, "dockerfile"])
            .contains("FROM debian:12")
    );
    cli.ok(&["image", "metadata", digest, "manifest"]);
    let unknown = cli.run(&["image", "get", "docker.io/no/such:1"]);
    assert_eq!(unknown.code, 1, "{unknown:?}");
}

pub(super) fn events_and_subscriptions(cli: &AnchoreCli) {
    let listed = cli.ok(&["event", "list"]);
    assert!(listed.contains("user.image.analysis.completed"), "{listed}");
    let events = cli.json(&["event", "list"]);
    let first = &events["results"][0];
    assert!(
        first["generated_uuid"].is_string() && first["event"]["resource"]["user_id"].is_string(),
        "{first}"
    );
    assert!(
        first["event"]["source"]["servicename"].is_string() && events["next_page"].is_boolean(),
        "{first}"
    );
    let got = cli.ok(&[
        "event",
        "get",
        first["generated_uuid"].as_str().expect("an id"),
    ]);
    assert!(got.contains("type:"), "{got}");
    let listed = cli.ok(&["subscription", "list"]);
    assert!(
        listed.contains(TAG) && listed.contains("analysis_update"),
        "{listed}"
    );
    cli.ok(&["subscription", "activate", "tag_update", TAG]);
    let subscriptions = cli.json(&["subscription", "list"]);
    let active = |kind: &str| {
        subscriptions
            .as_array()
            .expect("a list")
            .iter()
            .any(|s| s["subscription_type"] == kind && s["active"] == true)
    };
    assert!(
        active("tag_update") && active("analysis_update") && !active("vuln_update"),
        "{subscriptions}"
    );
    cli.ok(&["subscription", "deactivate", "tag_update", TAG]);
}

pub(super) fn failures(cli: &AnchoreCli) {
    let ended = cli.with_password("wrong").run(&["account", "list"]);
    assert_eq!(ended.code, 2, "{ended:?}");
    assert!(
        ended.out.contains("Unauthorized")
            || ended.out.contains("could not access anchore service"),
        "{ended:?}"
    );
    // The image is the latest of its tag and subscribed: V1 refused that with status 200.
    let listed = cli.json(&["image", "list"]);
    let digest = listed[0]["imageDigest"].as_str().expect("a digest");
    let refused = cli.run(&["image", "del", digest]);
    assert_eq!(refused.code, 1, "{refused:?}");
    let deleted = cli.ok(&["image", "del", "--force", digest]);
    assert!(
        deleted.contains("deleting") || deleted.contains("Success"),
        "{deleted}"
    );
}
