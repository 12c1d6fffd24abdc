//! One tour, three witnesses: the proxy's records, the access log of the nginx in front, and the
//! archive of a relay. Their audits agree as far as each can know.

use std::path::Path;
use std::process::Command;

use serde_json::Value;
use windlass_tests::clients::AnchoreCli;
use windlass_tests::program;
use windlass_tests::world::ADMIN_PASSWORD;

/// The user agent of the client: what imported the image had none.
const AGENT: &str = "python-requests/2.26.0";

/// A V1 operation of a client: client, operation, calls, calls without a version.
type Use = (String, String, u64, u64);

/// What the audit makes of a source. Accounts do not tell clients apart: no access log has them.
fn audit(windlass: &Path, source: &Path) -> Value {
    let output = Command::new(windlass)
        .args(["audit", "--format", "json", "--identify-by", "user,agent"])
        .args(["--strict"])
        .arg(source)
        .output()
        .expect("windlass starts");
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    assert!(!text.contains(ADMIN_PASSWORD), "a secret was recorded");
    serde_json::from_str(&text).expect("JSON")
}

/// Every operation of the client's users, with whether it can change, and what it sent of old
/// names.
fn uses(report: &Value) -> Vec<(Use, String, Vec<String>)> {
    let clients = report["clients"].as_array().expect("clients").iter();
    let mut uses: Vec<_> = clients
        .filter(|client| client["user_agent"] == AGENT)
        .flat_map(|client| {
            let name = client["name"].as_str().expect("a name");
            let operations = client["operations"].as_array().expect("operations").iter();
            operations.map(move |used| {
                let number = |name: &str| used[name].as_u64().expect("a number");
                let text = |name: &str| used[name].as_str().expect("text").to_owned();
                let sent = used["sent"].as_array().expect("names").iter();
                let sent = sent.map(|sent| sent["v1"].as_str().expect("text").to_owned());
                (
                    (
                        name.to_owned(),
                        text("operation"),
                        number("calls"),
                        number("versionless_calls"),
                    ),
                    text("readiness"),
                    sent.collect(),
                )
            })
        })
        .collect();
    uses.sort();
    uses
}

pub(super) fn of_three_sources(cli: &AnchoreCli, records: &Path, log: &Path, archive: &Path) {
    let windlass = program::windlass();
    let [records, log, archive] =
        [records, log, archive].map(|source| uses(&audit(windlass, source)));
    let calls: u64 = records.iter().map(|((_, _, calls, _), ..)| calls).sum();
    let told = cli
        .calls()
        .iter()
        .filter(|call| call.path != "/v1/imageimport")
        .count();
    assert_eq!(calls, told as u64, "the client's own count");
    // Bodies are in the archive as they are in the records: everything is the same.
    assert_eq!(archive, records);
    // A log has neither bodies nor what was sent in them.
    let only_use = |uses: &[(Use, String, Vec<String>)]| -> Vec<Use> {
        uses.iter().map(|(used, ..)| used.clone()).collect()
    };
    assert_eq!(only_use(&log), only_use(&records));
    for ((used, readiness, sent), (_, known, all)) in log.iter().zip(&records) {
        assert_eq!(readiness, known, "{used:?}");
        assert!(
            sent.iter().all(|name| all.contains(name)),
            "{used:?}: {sent:?}, {all:?}"
        );
    }
}

/// Replayed without a server, the tour is served as it was: its answers came through these plans.
pub(super) fn of_plans_and_answers(archive: &Path) {
    let windlass = program::windlass();
    let output = Command::new(windlass)
        .args(["replay", "--strict", "--format", "json"])
        .arg(archive)
        .output()
        .expect("windlass starts");
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let rows = report["rows"].as_array().expect("rows").iter();
    let wrong: Vec<(&str, &str)> = rows
        .filter(|row| !matches!(row["verdict"].as_str(), Some("right" | "unchecked")))
        .map(|row| {
            let reason = row["reasons"][0].as_str().expect("a reason");
            (row["operation"].as_str().expect("an operation"), reason)
        })
        .collect();
    // The client sends back all that it got of a policy record.
    let sent_back =
        "request: `$.policybundlemeta`: where V1 servers kept the document; V2 has no such thing";
    assert_eq!(wrong, [("update_policy", sent_back)], "{report:#}");
    let right = report["clients"][0]["right"].as_u64().expect("a number");
    assert!(right > 200, "{report:#}");
}
