//! The recorded requests, sent again.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;
use serde_json::Value;
use windlass_tests::world::{ADMIN_PASSWORD, World};

/// One recorded exchange.
#[derive(Deserialize)]
pub(super) struct Recording {
    pub(super) case: String,
    pub(super) operation: Option<String>,
    pub(super) request: Request,
    pub(super) response: Answer,
}

#[derive(Deserialize)]
pub(super) struct Request {
    pub(super) method: String,
    pub(super) path: String,
    headers: BTreeMap<String, String>,
    pub(super) body: Value,
}

/// A recorded answer, or ours.
#[derive(Deserialize)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: BTreeMap<String, String>,
    /// Text where it is no JSON.
    pub(super) body: Value,
}

/// The whole tour.
pub(super) fn read(file: &Path) -> Vec<Recording> {
    std::fs::read_to_string(file)
        .expect("recordings are readable")
        .lines()
        .map(|line| serde_json::from_str(line).expect("a recording"))
        .collect()
}

/// The recording of a case that the test itself needs.
pub(super) fn case<'a>(tour: &'a [Recording], case: &str) -> &'a Recording {
    tour.iter()
        .find(|recording| recording.case == case)
        .unwrap_or_else(|| panic!("`{case}` is recorded"))
}

/// Sends a recorded request to the proxy.
pub(super) async fn send(world: &World, made_up: &MadeUp, request: &Request) -> Answer {
    let path = made_up.apply(&request.path);
    let method = request.method.parse().expect("a method");
    let mut call = world
        .http()
        .request(method, format!("{}{path}", world.proxy_url()));
    for (name, value) in &request.headers {
        let value = match name.as_str() {
            "authorization" => made_up.credentials(value),
            _ => value.to_owned(),
        };
        call = call.header(name, value);
    }
    call = match &request.body {
        Value::Null => call,
        Value::String(text) => call.body(made_up.apply(text)),
        body => call.body(made_up.apply(&body.to_string())),
    };
    let answer = call.send().await.expect("the proxy answers");
    let status = answer.status().as_u16();
    let headers = answer.headers().iter();
    let headers = headers
        .map(|(name, value)| {
            (
                name.to_string(),
                String::from_utf8_lossy(value.as_bytes()).into_owned(),
            )
        })
        .collect();
    let text = answer.text().await.expect("a whole body");
    let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
    Answer {
        status,
        headers,
        body,
    }
}

/// Values that a server makes up: learnt from the answers, used in the requests that follow.
const MADE_UP: [&str; 6] = [
    "uuid",
    "digest",
    "subscription_id",
    "generated_uuid",
    "rule_id",
    "hostid",
];

/// Recorded made-up values, and ours in their place.
#[derive(Default)]
pub(super) struct MadeUp {
    ours: BTreeMap<String, String>,
    token: Option<String>,
}

impl MadeUp {
    fn apply(&self, text: &str) -> String {
        let text = text.replace("<password>", &ADMIN_PASSWORD.replace(' ', "+"));
        self.ours
            .iter()
            .fold(text, |text, (theirs, ours)| text.replace(theirs, ours))
    }

    /// Credentials are placeholders in the recordings.
    fn credentials(&self, recorded: &str) -> String {
        let basic = |user: &str, password: &str| {
            format!(
                "Basic {}",
                windlass_tests::base64(&format!("{user}:{password}"))
            )
        };
        match recorded {
            "Basic <admin>" => basic("admin", ADMIN_PASSWORD),
            "Basic <admin:wrong>" => basic("admin", "wrong"),
            "Basic <alice>" => basic("alice", "alice-password"),
            // Recorded as wrong, but accepted: the password that was set before.
            "Basic <bob:wrong>" => basic("bob", "bob-password-1"),
            "Basic <dora>" => basic("dora", "dora-password"),
            "Basic <nobody:wrong>" => basic("nobody", "wrong"),
            "Bearer <token>" => match &self.token {
                Some(token) => format!("Bearer {token}"),
                // Nobody has asked for one yet.
                None => "Bearer no.such.token".to_owned(),
            },
            other => other.to_owned(),
        }
    }

    /// Sees what the server made up in place of what was recorded.
    pub(super) fn learn(&mut self, theirs: &Value, ours: &Value, operation: Option<&str>) {
        match (theirs, ours) {
            (Value::Object(theirs), Value::Object(ours)) => {
                if let Some(Value::String(token)) = ours.get("access_token") {
                    self.token = Some(token.clone());
                }
                // Image digests are given by the client; only uploads make one up.
                let uploads =
                    operation.is_some_and(|operation| operation.starts_with("import_image"));
                for (key, value) in theirs {
                    let Some(our_value) = ours.get(key) else {
                        continue;
                    };
                    let made_up = MADE_UP.contains(&key.as_str()) && (key != "digest" || uploads);
                    match (made_up, value, our_value) {
                        (true, Value::String(value), Value::String(ours)) if value != ours => {
                            self.ours.insert(value.clone(), ours.clone());
                        }
                        (true, Value::String(_), Value::String(_)) => {}
                        _ => self.learn(value, our_value, operation),
                    }
                }
            }
            (Value::Array(theirs), Value::Array(ours)) if theirs.len() == ours.len() => {
                for (theirs, ours) in theirs.iter().zip(ours) {
                    self.learn(theirs, ours, operation);
                }
            }
            _ => {}
        }
    }
}
