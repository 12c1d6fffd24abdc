//! What is found, and what looks alike and is not.

use super::*;

fn scan(text: &str) -> Vec<(u64, What, Confidence, String)> {
    let scanner = Scanner::new(windlass_mappings::mappings());
    scanner
        .file("script", text)
        .into_iter()
        .map(|found| (found.line, found.what, found.confidence, found.v1))
        .collect()
}

#[test]
fn paths_are_found_in_the_forms_that_languages_write_them() {
    for (line, v1) in [
        (
            "curl -u $U:$P $ANCHORE_URL/v1/images/$DIGEST/check?tag=x",
            "GET /v1/images/{imageDigest}/check",
        ),
        (
            "requests.post(anchore + \"/v1/images\", json=body)",
            "POST /v1/images",
        ),
        (
            "anchore.get(`/v1/images/${digest}/vuln/all`)",
            "GET /v1/images/{imageDigest}/vuln/{vtype}",
        ),
        (
            "url = fmt.Sprintf(\"%s/v1/images/%s/vuln/os\", anchore, d)",
            "GET /v1/images/{imageDigest}/vuln/{vtype}",
        ),
        (
            "anchore: get(base + \"/v1/images/\" + digest)",
            "GET /v1/images/{imageDigest}",
        ),
        (
            "curl -X DELETE https://anchore.example.com:8228/v1/policies/p1",
            "DELETE /v1/policies/{policyId}",
        ),
        (
            "curl -d @f anchore:8228/v1/subscriptions",
            "POST /v1/subscriptions",
        ),
    ] {
        let found = scan(line);
        assert_eq!(found.len(), 1, "{line}: {found:?}");
        assert_eq!(
            (found[0].2, found[0].3.as_str()),
            (Confidence::High, v1),
            "{line}"
        );
    }
}

#[test]
fn look_alikes_of_other_apis_are_left_alone() {
    for line in [
        "kubectl get --raw /api/v1/pods",
        "https://api.stripe.com/v1/charges",
        "POST https://registry/v2/images",
        "GET /v1/projects/1",
        "let userId = user.id; let digest = hash(comment);",
        "my-anchore-client image add",
        "see https://example.com/docs/api/v1/images for kubernetes",
    ] {
        let medium = scan(line)
            .into_iter()
            .filter(|found| found.2 >= Confidence::Medium)
            .count();
        assert_eq!(medium, 0, "{line}");
    }
    let low = scan("fetch('/v1/images')");
    assert_eq!((low.len(), low[0].2), (1, Confidence::Low));
}

#[test]
fn one_v1_name_is_nothing_and_two_together_are_a_finding() {
    assert_eq!(scan("x = image['imageDigest']"), []);
    let found = scan("d = image['imageDigest']\nt = detail.fulltag\n");
    assert_eq!(
        found,
        [(
            1,
            What::Names,
            Confidence::Medium,
            "fulltag, imageDigest".to_owned()
        )]
    );
    let apart = format!("imageDigest\n{}fulltag\n", "\n".repeat(40));
    assert_eq!(scan(&apart), []);
}

#[test]
fn commands_of_the_v1_client_are_found_behind_their_options() {
    let found = scan("anchore-cli --url http://x:8228/v1 --u admin --p hunter2 image add alpine");
    let commands: Vec<_> = found
        .iter()
        .filter(|found| found.1 == What::Command)
        .collect();
    assert_eq!(commands.len(), 1);
    assert_eq!(commands[0].3, "anchore-cli (POST /v1/images)");
    assert!(scan("pip install anchore-cli==0.9.3").is_empty());
}

#[test]
fn files_that_git_ignores_and_binary_ones_are_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let line = "curl $ANCHORE/v1/images/x/check\n";
    std::fs::write(at(".gitignore"), "build/\n").unwrap();
    std::fs::create_dir(at("build")).unwrap();
    std::fs::write(at("build/out.sh"), line).unwrap();
    std::fs::write(at("run.sh"), line).unwrap();
    std::fs::write(at("access.log"), line).unwrap();
    std::fs::write(at("data.bin"), format!("\0{line}")).unwrap();
    let scanner = Scanner::new(windlass_mappings::mappings());
    let found = super::scan(&[folder.path().to_owned()], &scanner, Confidence::Medium).unwrap();
    let files: Vec<&str> = found
        .places
        .iter()
        .map(|found| found.file.as_str())
        .collect();
    assert_eq!(files, [at("run.sh").to_str().unwrap()]);
}
