//! A recorded day of V1, sent again to the V2 server: nothing differs until something changes there.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};
use windlass_tests::image::{image, sbom};
use windlass_tests::program;
use windlass_tests::relay::Relay;
use windlass_tests::world::{ADMIN_PASSWORD, World};

/// `windlass replay --against` as JSON, and how it ended.
fn replay(windlass: &Path, server: &str, recording: &Path, words: &[&str]) -> (Output, Value) {
    let output = Command::new(windlass)
        .args(["replay", "--format", "json", "--fail", "--against", server])
        .args(words)
        .arg(recording)
        .env("WINDLASS_REPLAY_USER", "admin")
        .env("WINDLASS_REPLAY_PASSWORD", ADMIN_PASSWORD)
        .output()
        .expect("windlass starts");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(!text.contains(ADMIN_PASSWORD), "{text}");
    let report = serde_json::from_slice(&output.stdout).unwrap_or_default();
    (output, report)
}

/// Operation and reasons of every row with this verdict.
fn rows<'r>(report: &'r Value, verdict: &str) -> Vec<(&'r str, Vec<&'r str>)> {
    let rows = report["rows"].as_array().expect("rows").iter();
    let mut found: Vec<_> = rows
        .filter(|row| row["verdict"] == verdict)
        .map(|row| {
            let reasons = row["reasons"].as_array().expect("reasons").iter();
            (
                row["operation"].as_str().expect("an operation"),
                reasons
                    .map(|reason| reason.as_str().expect("text"))
                    .collect(),
            )
        })
        .collect();
    found.sort();
    found
}

/// A day of reads over V1, and one write, through a relay that records it.
async fn record(world: &World, recording: &Path, digest: &str) {
    let relay = Relay::start(world.proxy_url()).await;
    let http = world.http();
    let get = |path: String| {
        let request = http.get(format!("{}{path}", relay.url()));
        request.basic_auth("admin", Some(ADMIN_PASSWORD)).send()
    };
    for path in [
        "/v1/",
        "/v1/system",
        "/v1/images",
        "/images?fulltag=docker.io/library/shop:1.0",
        "/v1/summaries/imagetags",
        "/v1/registries",
        "/v1/policies?detail=true",
        "/v1/subscriptions",
        "/v1/accounts",
        "/v1/accounts/admin/users",
        "/v1/system/policy_spec",
        "/v1/query/images/by_package?name=bash",
        "/v1/images/sha256:nothing",
        "/v1/archives/images",
    ] {
        get(path.to_owned()).await.expect("an answer");
    }
    for path in [
        "",
        "/content",
        "/content/os",
        "/vuln",
        "/vuln/all",
        "/metadata/manifest",
    ] {
        get(format!("/v1/images/{digest}{path}"))
            .await
            .expect("an answer");
    }
    get(format!(
        "/v1/images/{digest}/check?tag=docker.io/library/shop:1.0&detail=true"
    ))
    .await
    .expect("an answer");
    let write = http.post(format!("{}/v1/registries?validate=false", relay.url()));
    let write = write
        .basic_auth("admin", Some(ADMIN_PASSWORD))
        .json(&json!({
            "registry": "recorded.example.org", "registry_user": "bob", "registry_pass": "hunter2",
        }));
    assert_eq!(write.send().await.expect("an answer").status(), 200);
    relay.write(recording);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recorded_day_is_the_same_on_v2_until_something_changes_there() {
    let windlass = program::windlass();
    let mut world = World::start().await;
    let image = image("docker.io/library/shop:1.0", '1');
    world.import_over_v1(&image, &sbom()).await;
    world.analyzed(&image.digest).await;
    let recording = world.folder().join("day.har");
    record(&world, &recording, &image.digest).await;
    let server = world.server_url();
    let v2 = world.admin().1;
    // As it was when everything was read.
    v2.delete("/registries/recorded.example.org").await;

    let run = |words: &[&str]| {
        tokio::task::block_in_place(|| replay(windlass, &server, &recording, words))
    };
    let (output, report) = run(&[]);
    assert_eq!(rows(&report, "differs"), [], "{report:#}");
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(report["live"]["writes_left_out"], 1);
    assert_eq!(
        report["clients"],
        json!([{"client": "admin via (no user agent)", "exchanges": 21, "right": 21, "unchecked": 0}]),
        "{report:#}"
    );
    let listed = v2.get("/registries").await.ok();
    assert_eq!(listed, json!([]), "nothing was written");

    // Somebody adds a registry, and gives the policy another name.
    let registry =
        json!({"registry": "r.example.org", "registry_user": "bob", "registry_pass": "p"});
    v2.post("/registries?validate=false", &registry).await.ok();
    let policies = v2.get("/policies?detail=true").await.ok();
    let mut policy = policies[0].clone();
    policy["name"] = "renamed".into();
    policy["policy"]["name"] = "renamed".into();
    let id = policy["policy_id"].as_str().expect("an id").to_owned();
    v2.put(&format!("/policies/{id}"), &policy).await.ok();
    let (output, report) = run(&["--rate", "200", "--threads", "2"]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(
        rows(&report, "differs"),
        [
            (
                "get_image_policy_check",
                vec![
                    "`$[].?.?[].detail.policy.name` has another value",
                    "`$[].?.?[].detail.result.bundle.name` has another value"
                ]
            ),
            (
                "list_policies",
                vec![
                    "`$[].name` has another value",
                    "`$[].policybundle.name` has another value"
                ]
            ),
            ("list_registries", vec!["`$` has 1 element more"]),
        ],
        "{report:#}"
    );
    let ignore = [
        "--ignore",
        "$[*].name",
        "--ignore",
        "$[*].policybundle.name",
    ];
    let (_, report) = run(&ignore);
    assert_eq!(rows(&report, "differs").len(), 2, "{report:#}");
    let (_, report) = run(&["--show-values"]);
    let shown = &rows(&report, "differs")[1].1;
    assert!(shown[0].contains("is \"renamed\", was "), "{shown:?}");

    interrupted_it_tells_what_came_before(&world, windlass, &recording).await;

    let wrong = world.folder().join("wrong.toml");
    std::fs::write(&wrong, "user = 'admin'\npassword = 'hunter2'\n").expect("a file");
    let (_, report) = run(&["--credentials", wrong.to_str().expect("UTF-8")]);
    let told = rows(&report, "differs");
    let refused = "status 401, was 200: V2 does not take the credentials";
    assert!(
        told.iter().any(|(_, reasons)| reasons == &[refused]),
        "{told:?}"
    );

    // With writes, the recorded one is sent, with its body.
    v2.delete("/registries/r.example.org").await;
    let (_, report) = run(&["--writes"]);
    assert_eq!(report["live"]["writes_left_out"], 0);
    let listed = v2.get("/registries").await.ok();
    assert_eq!(listed[0]["registry"], "recorded.example.org");

    world.stop().await;
    let (output, _) = run(&[]);
    assert_eq!(output.status.code(), Some(2));
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(error.contains("no V2 service answers"), "{error}");
}

/// Ctrl-C ends with the report so far.
async fn interrupted_it_tells_what_came_before(world: &World, windlass: &Path, recording: &Path) {
    let service = Relay::start(world.server_url()).await;
    let running = Command::new(windlass)
        .args(["replay", "--format", "json", "--rate", "4", "--against"])
        .arg(service.url())
        .arg(recording)
        .env("WINDLASS_REPLAY_USER", "admin")
        .env("WINDLASS_REPLAY_PASSWORD", ADMIN_PASSWORD)
        .stdout(Stdio::piped())
        .spawn()
        .expect("windlass starts");
    world.until(|| async { service.passed() > 2 }).await;
    let pid = running.id().to_string();
    let sent = Command::new("kill").args(["-INT", &pid]).status();
    assert!(sent.expect("kill starts").success());
    let ended = tokio::task::block_in_place(|| running.wait_with_output());
    let output = ended.expect("it ends");
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(report["live"]["interrupted"], true);
    let answered = report["exchanges"].as_u64().expect("a number");
    assert!((1..21).contains(&answered), "{report:#}");
}
