//! Notifications and action plans: who is told of events, over both versions, with somebody who listens.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpListener;
use windlass_tests::caller::Caller;
use windlass_tests::facts::each;
use windlass_tests::image::{image, sbom};
use windlass_tests::story::Story;
use windlass_tests::world::World;

pub(crate) static STORY: Story = Story::in_world(
    || World::builder().notifications_every(Duration::from_millis(200)),
    |world| {
        Box::pin(async {
            let listener = Listener::start().await;
            let patient = Listener::start().await;
            endpoints_are_switched(world).await;
            let waiting = an_event_is_selected(world, &patient).await;
            for kind in ["github", "jira", "slack", "smtp", "teams", "webhook"] {
                let (v1, v2) = world.admin();
                configurations_are_managed(&v1, &v2, kind, &listener).await;
                configurations_are_managed(&v2, &v1, kind, &listener).await;
            }
            action_plans_are_sent(world, &listener).await;
            the_event_is_told(world, &patient, &waiting).await;
        })
    },
);

#[tokio::test]
async fn notifications_are_managed_and_sent_over_both_versions() {
    STORY.told().await;
}

/// Somebody who is told: by HTTP, and by mail.
struct Listener {
    http: SocketAddr,
    mail: SocketAddr,
    requests: Arc<Mutex<Vec<Value>>>,
    mails: Arc<Mutex<Vec<String>>>,
}

impl Listener {
    async fn start() -> Self {
        let http = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let mail = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let listener = Self {
            http: http.local_addr().expect("an address"),
            mail: mail.local_addr().expect("an address"),
            requests: Arc::default(),
            mails: Arc::default(),
        };
        let requests = listener.requests.clone();
        let app = Router::new().fallback(async move |body: Bytes| {
            let body = serde_json::from_slice(&body).expect("JSON");
            requests.lock().expect("no test panicked").push(body);
        });
        tokio::spawn(async move { axum::serve(http, app).await });
        let mails = listener.mails.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = mail.accept().await {
                let mut stream = BufReader::new(stream);
                let mut text = String::new();
                let (mut answer, mut is_data) = ("220 here", false);
                loop {
                    let line = format!("{answer}\r\n");
                    if !answer.is_empty() && stream.write_all(line.as_bytes()).await.is_err() {
                        break;
                    }
                    let mut line = String::new();
                    if stream.read_line(&mut line).await.unwrap_or(0) == 0 {
                        break;
                    }
                    (answer, is_data) = match (is_data, line.as_str()) {
                        (true, ".\r\n") => ("250 kept", false),
                        (true, _) => {
                            text.push_str(&line);
                            ("", true)
                        }
                        (false, "DATA\r\n") => ("354 go on", true),
                        (false, _) => ("250 ok", false),
                    };
                }
                mails.lock().expect("no test panicked").push(text);
            }
        });
        listener
    }

    /// What came by HTTP since the last time.
    fn requests(&self) -> Vec<Value> {
        std::mem::take(&mut self.requests.lock().expect("no test panicked"))
    }

    /// A configuration of a type, with the secret that it has.
    fn configuration(&self, kind: &str) -> Value {
        let url = format!("http://{}", self.http);
        match kind {
            "github" => {
                json!({"url": url, "username": "octo", "access_token": "s3cret", "owner": "acme", "repository": "shop"})
            }
            "jira" => {
                json!({"url": url, "username": "ada", "password": "s3cret", "project_key": "SHOP", "issue_type": "Bug"})
            }
            "smtp" => json!({
                "host": self.mail.ip(), "port": self.mail.port(), "use_tls": false,
                "from": "windlass@example.org", "to": "team@example.org",
            }),
            "webhook" => json!({"url": url, "username": "hook", "password": "s3cret"}),
            _ => json!({"url": url}),
        }
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}"))
}

fn selector(kind: &str) -> Value {
    json!({"scope": "account", "event": {"level": "*", "resource_type": "*", "type": kind}})
}

async fn endpoints_are_switched(world: &World) {
    let (v1, v2) = world.admin();
    for caller in [&v1, &v2] {
        let all = caller.get("/notifications/endpoints").await.ok();
        assert_eq!(
            each(&all, "name"),
            ["github", "jira", "slack", "smtp", "teams", "webhook"]
        );
        let path = "/notifications/endpoints/slack";
        let off = caller.put(path, &json!({"enabled": false})).await.ok();
        assert_eq!(off["enabled"], false);
        let refused = caller
            .post(
                "/notifications/endpoints/slack/test",
                &json!({"url": "http://127.0.0.1:9"}),
            )
            .await
            .with(409);
        assert!(text(&refused["message"]).contains("`slack` is disabled"));
        caller.put(path, &json!({"enabled": true})).await.ok();
    }
    let offered = v1.get("/notifications/selectors").await.ok();
    assert_eq!(v2.get("/notifications/selectors").await.ok(), offered);
    assert_eq!(offered[0], selector("user.checks.*"));
}

/// What `one` makes, `other` sees; what comes of it is the same on both.
async fn configurations_are_managed(
    one: &Caller<'_>,
    other: &Caller<'_>,
    kind: &str,
    listener: &Listener,
) {
    let base = format!("/notifications/endpoints/{kind}");
    let list = format!("{base}/configurations");
    let mut wanted = listener.configuration(kind);
    let before = one.get(&list).await.ok();
    let made = one.post(&list, &wanted).await.ok();
    assert!(!made.to_string().contains("s3cret"), "{made}");
    let path = format!("{list}/{}", text(&made["uuid"]));
    assert_eq!(other.get(&path).await.ok(), made);
    let after = other.get(&list).await.ok();
    assert_eq!(
        after.as_array().map(Vec::len),
        before.as_array().map(|list| list.len() + 1)
    );

    wanted["description"] = json!("those on call");
    let secrets = ["access_token", "password"];
    wanted
        .as_object_mut()
        .expect("an object")
        .retain(|name, _| !secrets.contains(&name.as_str()));
    let changed = one.put(&path, &wanted).await.ok();
    assert_eq!(changed["description"], "those on call");
    assert_eq!(other.get(&path).await.ok(), changed);

    let selectors = format!("{path}/selectors");
    let added = one.post(&selectors, &selector("none.such")).await.ok();
    let of_selector = format!("{selectors}/{}", text(&added["uuid"]));
    assert_eq!(other.get(&of_selector).await.ok(), added);
    let changed = one.put(&of_selector, &selector("none.*")).await.ok();
    assert_eq!(other.get(&selectors).await.ok(), json!([changed]));
    one.delete(&of_selector).await.empty(200);
    other.get(&of_selector).await.with(404);

    let status = format!("{path}/status");
    assert_eq!(one.get(&status).await.ok(), json!({"status": "unknown"}));
    listener.requests();
    let tested = one.get(&format!("{path}/test")).await.ok();
    assert_eq!(tested["status"], "success", "{kind}: {tested}");
    assert_eq!(other.get(&status).await.ok(), json!({"status": "healthy"}));
    let unsaved = listener.configuration(kind);
    let tested = one.post(&format!("{base}/test"), &unsaved).await.ok();
    assert_eq!(tested["status"], "success", "{kind}: {tested}");
    if kind != "smtp" {
        assert_eq!(listener.requests().len(), 2, "{kind}");
    }
    let refused = one.post(&list, &json!({"description": "nothing"})).await;
    assert_eq!(refused.status, 400, "{kind}");
    one.delete(&path).await.empty(200);
    other.get(&path).await.with(404);
}

async fn action_plans_are_sent(world: &World, listener: &Listener) {
    let (v1, v2) = world.admin();
    let list = "/notifications/endpoints/smtp/configurations";
    let made = v2.post(list, &listener.configuration("smtp")).await.ok();
    let plan = |tag: &str| {
        json!({
            "type": "notification", "image_tag": tag, "policy_id": "rules", "endpoint": "smtp",
            "resolutions": [{"trigger_ids": ["CVE-1+ssl"], "content": "Update ssl"}],
            "configuration_id": made["uuid"], "subject": "Please mend", "message": "It fails.",
        })
    };
    let first = v1.post("/enterprise/actions", &plan("a:1")).await.ok();
    let second = v2.post("/actions", &plan("a:2")).await.ok();
    for (caller, path) in [(&v1, "/enterprise/actions"), (&v2, "/actions")] {
        assert_eq!(caller.get(path).await.ok(), json!([second, first]));
        let one = caller.get(&format!("{path}?image_tag=a:1")).await.ok();
        assert_eq!(one, json!([first]));
        let mut wrong = plan("a:1");
        wrong["configuration_id"] = json!("none-such");
        caller.post(path, &wrong).await.with(400);
    }
    // Nobody listens on this port.
    let list = "/notifications/endpoints/slack/configurations";
    let deaf = json!({"url": "http://127.0.0.1:9/"});
    let deaf = v2.post(list, &deaf).await.ok();
    for (caller, path) in [(&v1, "/enterprise/actions"), (&v2, "/actions")] {
        let mut lost = plan("a:3");
        lost["endpoint"] = json!("slack");
        lost["configuration_id"] = deaf["uuid"].clone();
        let told = caller.post(path, &lost).await.with(502);
        assert!(
            text(&told["message"]).contains("did not take the plan"),
            "{told}"
        );
        assert_eq!(caller.get(path).await.ok(), json!([second, first]));
    }
    let mails = listener.mails.lock().expect("no test panicked");
    let asked: Vec<_> = mails
        .iter()
        .filter(|mail| mail.contains("Please mend"))
        .collect();
    assert_eq!(asked.len(), 2);
    assert!(asked[0].contains("Update ssl"), "{}", asked[0]);
}

/// Something happens that a configuration wants to be told of; the server tells it by itself.
async fn an_event_is_selected(world: &World, listener: &Listener) -> String {
    let (v1, v2) = world.admin();
    let list = "/notifications/endpoints/webhook/configurations";
    let made = v1.post(list, &listener.configuration("webhook")).await.ok();
    let path = format!("{list}/{}", text(&made["uuid"]));
    let wanted = selector("user.image.analysis.*");
    v2.post(&format!("{path}/selectors"), &wanted).await.ok();
    let image = image("docker.io/library/told:1.0", '7');
    world.import_over_v1(&image, &sbom()).await;
    world.analyzed(&image.digest).await;
    path
}

async fn the_event_is_told(world: &World, listener: &Listener, path: &str) {
    let (v1, v2) = world.admin();
    let status = format!("{path}/status");
    world
        .until(async || v1.get(&status).await.ok() == json!({"status": "healthy"}))
        .await;
    let record = v2
        .get("/events?event_type=user.image.analysis.completed")
        .await
        .ok()["results"][0]
        .clone();
    assert!(record.is_object());
    assert!(
        listener
            .requests
            .lock()
            .expect("no test panicked")
            .contains(&record)
    );
}
