//! Saved results of scheduled queries, page by page.

use rusqlite::params;
use serde_json::json;
use windlass_tests::story::Story;
use windlass_tests::world::World;

const OF_ACCOUNT: &str = "a0000000000000000000000000000001";
const GLOBAL: &str = "a0000000000000000000000000000002";
/// Its blanks and its number are kept as they are.
const PAGE: &str = r#"{ "data": {"images": [{"digest": "sha256:aa", "score": 7.50}]} }"#;

pub(crate) static STORY: Story = Story::in_world(
    || World::builder().on_sqlite(),
    |world| {
        Box::pin(async {
            results_are_saved(world);
            pages_are_the_same_under_both_versions(world).await;
        })
    },
);

#[tokio::test]
async fn saved_results_are_read_over_both_versions() {
    STORY.told().await;
}

/// No operation makes results: they come from scheduled queries, which the server does not run.
fn results_are_saved(world: &World) {
    let store = world.sqlite();
    for (uuid, account) in [(OF_ACCOUNT, Some("admin")), (GLOBAL, None)] {
        store
            .execute(
                "INSERT INTO report_results (uuid, account_name, created_at) VALUES (?1, ?2, '2026-11-23T09:00:00Z')",
                params![uuid, account],
            )
            .expect("a result");
        for (page, body) in [(1, PAGE), (2, "{}")] {
            store
                .execute(
                    "INSERT INTO report_result_pages (result_uuid, page, body) VALUES (?1, ?2, ?3)",
                    params![uuid, page, body],
                )
                .expect("a page");
        }
    }
}

async fn pages_are_the_same_under_both_versions(world: &World) {
    let (v1, v2) = world.admin();
    for (over_v1, over_v2, uuid, other) in [
        (
            "/scheduled_query_results",
            "/reporting/scheduled-query-results",
            OF_ACCOUNT,
            GLOBAL,
        ),
        (
            "/reports/global/scheduled_query_results",
            "/reporting/reports/global/scheduled-query-results",
            GLOBAL,
            OF_ACCOUNT,
        ),
    ] {
        for (caller, path) in [(&v1, over_v1), (&v2, over_v2)] {
            for first in ["", "?page=1"] {
                let page = caller.get(&format!("{path}/{uuid}{first}")).await;
                assert_eq!((page.status, page.text().as_str()), (200, PAGE));
            }
            let second = caller.get(&format!("{path}/{uuid}?page=2")).await;
            assert_eq!(second.ok(), json!({}));
            let after = caller.get(&format!("{path}/{uuid}?page=3")).await;
            assert_eq!(after.with(404)["message"], "the result has no page 3");
            let elsewhere = caller.get(&format!("{path}/{other}")).await;
            assert_eq!(
                elsewhere.with(404)["message"],
                "query result not found",
                "{path}"
            );
            let zero = caller.get(&format!("{path}/{uuid}?page=0")).await;
            assert_eq!(zero.status, 400, "{}", zero.text());
        }
    }
}
