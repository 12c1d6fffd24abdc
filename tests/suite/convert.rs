//! A V1 policy bundle that was saved to a file, converted, and given to a V2 server.

use serde_json::{Value, json};
use windlass_migrate::convert::{Subject, convert};
use windlass_tests::facts::assert_same;
use windlass_tests::story::Story;
use windlass_tests::world::World;
use windlass_transforms::compile::Direction;
use windlass_transforms::step::StepContext;

/// A bundle in the form that V1 servers came with.
const STOCK: &str = include_str!("../../migrate-cli/tests/data/stock_bundle.json");

static STORY: Story = Story::new(|world| Box::pin(a_converted_bundle_is_accepted(world)));

#[tokio::test]
async fn a_converted_bundle_is_accepted_by_v2() {
    STORY.told().await;
}

async fn a_converted_bundle_is_accepted(world: &World) {
    let (v1, v2) = world.admin();
    let set = windlass_mappings::read_set(None).expect("the mappings are right");
    let bundle = Subject::shape(&set, "PolicyBundle").expect("it has a name");
    let convert = |direction, body: &[u8]| {
        let context = StepContext::default();
        let converted = convert(&set, &bundle.layout, direction, &context, body);
        let converted = converted.expect("it converts");
        assert_eq!(converted.losses, [], "nothing is lost");
        assert_eq!(converted.not_checked, None, "and that was checked");
        serde_json::from_slice::<Value>(&converted.body).expect("JSON")
    };
    let mut policy = convert(Direction::V1ToV2, STOCK.as_bytes());
    let added = v2.post("/policies", &policy).await.ok();
    let id = added["policy_id"].as_str().expect("an id");
    let stored = v2.get(&format!("/policies/{id}?detail=true")).await.ok();
    // The server answers with every list of a policy, sent or not.
    policy["source_mappings"] = json!([]);
    assert_same(&stored["policy"], &policy);

    let back = convert(Direction::V2ToV1, stored["policy"].to_string().as_bytes());
    let read = v1.get(&format!("/policies/{id}?detail=true")).await.ok();
    assert_same(&read[0]["policybundle"], &back);
}
