//! Events: what has happened, and how it is forgotten.

use serde_json::{Value, json};
use windlass_tests::facts::{each, names, told_as};
use windlass_tests::story::Story;
use windlass_tests::world::World;

/// V1 names of what V2 says about one event.
const OF_ONE: &[(&str, &str)] = &[
    ("event/source/service_name", "servicename"),
    ("event/source/host_id", "hostid"),
    ("event/resource/account_name", "user_id"),
    ("event_id", "generated_uuid"),
];

/// What fails on this machine, and is an event: looking up tags where no registry listens.
const UNREACHABLE: [&str; 3] = [
    "127.0.0.1:1/team/a",
    "127.0.0.1:1/team/b",
    "127.0.0.1:1/team/c",
];

pub(crate) static STORY: Story = Story::new(|world| {
    Box::pin(async {
        let (v1, v2) = world.admin();
        assert_eq!(
            v1.get("/events").await.ok(),
            json!({"results": [], "next_page": false, "item_count": 0, "page": 1})
        );
        for repository in UNREACHABLE {
            v2.post_empty(&format!("/repositories?repository={repository}"))
                .await
                .with(404);
        }
        every_type_is_described(world).await;
        events_are_listed_and_filtered(world).await;
        events_are_deleted(world).await;
    })
});

#[tokio::test]
async fn events_are_read_and_deleted_over_both_versions() {
    STORY.told().await;
}

async fn every_type_is_described(world: &World) {
    let (v1, v2) = world.admin();
    let described = v2.get("/event-types").await.ok();
    assert_eq!(
        names(&described[0]),
        ["category", "description", "subcategories"]
    );
    assert_eq!(
        names(&described[0]["subcategories"][0]["events"][0]),
        ["message", "name", "resource_type", "type"]
    );
    let over_v1 = v1.get("/event_types").await.ok();
    let types = |described: &Value| -> Vec<String> {
        let categories = described.as_array().expect("categories");
        let groups = categories
            .iter()
            .flat_map(|category| category["subcategories"].as_array().expect("groups"));
        groups
            .flat_map(|group| each(&group["events"], "type"))
            .map(str::to_owned)
            .collect()
    };
    assert_eq!(types(&over_v1), types(&described));
    assert!(types(&described).contains(&"user.image.analysis.completed".to_owned()));
}

async fn events_are_listed_and_filtered(world: &World) {
    let (v1, v2) = world.admin();
    let page = v2.get("/events").await.ok();
    assert_eq!(
        (&page["item_count"], &page["page"], &page["next_page"]),
        (&json!(3), &json!(1), &json!(false))
    );
    let newest = &page["results"][0]["event"];
    assert_eq!(
        (&newest["level"], &newest["resource"]["account_name"]),
        (&json!("error"), &json!("admin"))
    );
    assert_eq!(
        newest["type"], "system.repository.list_tags_fail",
        "{newest}"
    );

    let mut expected = page.clone();
    expected["results"] = told_as(&page["results"], OF_ONE);
    assert_eq!(v1.get("/events").await.ok(), expected);

    for (v1_query, v2_query, found) in [
        (
            "source_servicename=catalog",
            "source_service_name=catalog",
            3,
        ),
        (
            "source_servicename=analyzer",
            "source_service_name=analyzer",
            0,
        ),
        ("source_hostid=none-such", "source_host_id=none-such", 0),
        (
            "resource_id=127.0.0.1:1/team/b",
            "resource_id=127.0.0.1:1/team/b",
            1,
        ),
        (
            "event_type=system.repository.*",
            "event_type=system.repository.*",
            3,
        ),
        ("event_type=user.*", "event_type=user.*", 0),
        ("level=error", "level=error", 3),
        ("level=info", "level=info", 0),
        ("since=2001-01-01T00:00:00", "since=2001-01-01T00:00:00", 3),
        (
            "before=2001-01-01T00:00:00Z",
            "before=2001-01-01T00:00:00Z",
            0,
        ),
        ("page=2&limit=2", "page=2&limit=2", 1),
    ] {
        let over_v1 = v1.get(&format!("/events?{v1_query}")).await.ok();
        let over_v2 = v2.get(&format!("/events?{v2_query}")).await.ok();
        assert_eq!(
            (&over_v1["item_count"], &over_v2["item_count"]),
            (&json!(found), &json!(found)),
            "{v1_query}"
        );
        assert_eq!(
            each(&ids(&over_v1, "generated_uuid"), "id"),
            each(&ids(&over_v2, "event_id"), "id")
        );
    }

    let one = page["results"][1].clone();
    let id = one["event_id"].as_str().expect("an id");
    assert_eq!(v2.get(&format!("/events/{id}")).await.ok(), one);
    assert_eq!(
        v1.get(&format!("/events/{id}")).await.ok(),
        told_as(&one, OF_ONE)
    );
    assert_eq!(
        v1.get("/events/none-such").await.with(404),
        json!({"message": "Event not found", "httpcode": 404, "detail": {"error_codes": []}})
    );
    v2.get("/events/none-such").await.with(404);
}

/// The ids of a page.
fn ids(page: &Value, member: &str) -> Value {
    let results = page["results"].as_array().expect("results");
    results
        .iter()
        .map(|event| json!({"id": event[member]}))
        .collect()
}

async fn events_are_deleted(world: &World) {
    let (v1, v2) = world.admin();
    let page = v2.get("/events").await.ok();
    let id = |at: usize| {
        page["results"][at]["event_id"]
            .as_str()
            .expect("an id")
            .to_owned()
    };
    v1.delete(&format!("/events/{}", id(0))).await.empty(200);
    v2.delete(&format!("/events/{}", id(1))).await.empty(200);
    v1.delete(&format!("/events/{}", id(0))).await.with(404);
    v2.delete(&format!("/events/{}", id(1))).await.with(404);
    assert_eq!(v1.delete("/events?level=info").await.ok(), json!([]));
    assert_eq!(
        v2.delete("/events?before=2001-01-01T00:00:00Z").await.ok(),
        json!([])
    );
    assert_eq!(v1.delete("/events").await.ok(), json!([id(2)]));
    assert_eq!(v2.get("/events").await.ok()["item_count"], 0);
}
