//! Image records, called through the whole router.

mod adding;
mod deleting;
mod reading;
mod registry;

use serde_json::Value;

use crate::testing::TestServer;

const TAG: &str = "docker.io/library/app-a:1.0";

fn path(digest: &str) -> String {
    format!("/v2/images/{digest}")
}

fn digests(body: &Value) -> Vec<&str> {
    let items = body["items"].as_array().unwrap();
    items
        .iter()
        .map(|item| item["image_digest"].as_str().unwrap())
        .collect()
}

fn subscriptions(body: &Value) -> Vec<(&str, bool)> {
    let list = body.as_array().unwrap();
    list.iter()
        .map(|one| {
            (
                one["subscription_type"].as_str().unwrap(),
                one["active"].as_bool().unwrap(),
            )
        })
        .collect()
}

async fn events(server: &TestServer) -> Vec<(String, String)> {
    let list = server.get("/v2/events").await.body;
    let of = |event: &Value| {
        let event = &event["event"];
        (
            event["type"].as_str().unwrap().to_owned(),
            event["resource"]["id"].as_str().unwrap().to_owned(),
        )
    };
    list["results"].as_array().unwrap().iter().map(of).collect()
}
