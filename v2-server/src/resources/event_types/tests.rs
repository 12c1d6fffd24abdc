//! Event types, called through the whole router.

use serde_json::json;

use crate::testing::TestServer;

#[tokio::test]
async fn types_are_grouped_by_category() {
    let server = TestServer::start().await;
    let answer = server.get("/v2/event-types").await;
    assert_eq!(answer.status, 200);
    let categories: Vec<_> = answer
        .body
        .as_array()
        .unwrap()
        .iter()
        .map(|c| &c["category"])
        .collect();
    assert_eq!(categories, [&json!("system"), &json!("user")]);
    let image = answer.body[1]["subcategories"]
        .as_array()
        .unwrap()
        .iter()
        .find(|subcategory| subcategory["name"] == "image")
        .unwrap();
    assert_eq!(
        image["events"][1],
        json!({
            "name": "analysis.completed", "type": "user.image.analysis.completed",
            "message": "Image analysis available", "resource_type": "image_tag",
        })
    );
}

#[tokio::test]
async fn the_list_needs_a_login_with_the_permission() {
    let server = TestServer::start().await;
    assert_eq!(server.get("/v2/event-types").anonymous().await.status, 401);
    server.account_with_user("acme", "nobody", "").await;
    assert_eq!(
        server.get("/v2/event-types").as_user("nobody").await.status,
        403
    );
}
