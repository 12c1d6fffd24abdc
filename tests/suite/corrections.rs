//! Corrections of packages, over both versions.

use serde_json::{Value, json};
use windlass_tests::image::{Image, image, sbom};
use windlass_tests::story::Story;
use windlass_tests::world::World;

pub(crate) static STORY: Story = Story::new(|world| {
    Box::pin(async {
        let image = image("docker.io/library/shop:1.0", '1');
        world.import_over_v1(&image, &sbom()).await;
        world.analyzed(&image.digest).await;
        corrections_change_listings(world, &image).await;
        corrections_are_made_over_v1(world).await;
        vulnerabilities_are_asked_for(world, &image).await;
    })
});

#[tokio::test]
async fn packages_are_corrected_over_both_versions() {
    STORY.told().await;
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}"))
}

async fn corrections_change_listings(world: &World, image: &Image) {
    let (_, v2) = world.admin();
    let wanted = json!({
        "type": "package",
        "match": {"type": "os", "field_matches": [{"field_name": "package", "field_value": "curl"}]},
        "replace": [{"field_name": "version", "field_value": "9.9"}],
    });
    let made = v2.post("/corrections", &wanted).await.ok();
    let path = format!("/corrections/{}", text(&made["uuid"]));
    assert_eq!(v2.get(&path).await.ok(), made);
    assert_eq!(
        v2.get("/corrections?correction_type=package").await.ok(),
        json!([made])
    );
    let version = async || {
        let listing = v2
            .get(&format!("/images/{}/content/os", image.digest))
            .await
            .ok();
        let packages = listing["content"].as_array().expect("packages").clone();
        let curl = packages
            .into_iter()
            .find(|package| package["package"] == "curl");
        curl.expect("curl is in the image")["version"].clone()
    };
    assert_eq!(version().await, "9.9");
    let mut changed = wanted;
    changed["replace"][0]["field_value"] = json!("9.10");
    v2.put(&path, &changed).await.ok();
    assert_eq!(version().await, "9.10");
    v2.delete(&path).await.empty(204);
    assert_ne!(version().await, "9.10");
}

async fn corrections_are_made_over_v1(world: &World) {
    let (v1, _) = world.admin();
    let correction = json!({
        "type": "package",
        "match": {"type": "os", "field_matches": [{"field_name": "package", "field_value": "none-such"}]},
        "replace": [{"field_name": "version", "field_value": "9.9"}],
    });
    let made = v1.post("/enterprise/corrections", &correction).await.ok();
    let path = format!("/enterprise/corrections/{}", text(&made["uuid"]));
    v1.put(&path, &correction).await.ok();
    v1.get(&path).await.ok();
    v1.get("/enterprise/corrections").await.ok();
    let gone = v1.delete(&path).await;
    assert!((200..300).contains(&gone.status), "{}", gone.text());
}

async fn vulnerabilities_are_asked_for(world: &World, image: &Image) {
    let (v1, v2) = world.admin();
    let scan = v2.post("/vulnerability-scan", &sbom()).await.ok();
    assert_eq!(scan["vulnerabilities"], json!([]));
    let path = "/enterprise/stateless/sbom/vuln/all";
    let scan = v1.post(path, &sbom()).await.ok();
    assert_eq!(scan["vulnerabilities"], json!([]));
    v2.get("/query/vulnerabilities?id=CVE-2021-44228")
        .await
        .ok();
    v2.get("/query/images/by-package?name=curl").await.ok();
    v2.get(&format!("/images/{}/vuln/all", image.digest))
        .await
        .ok();
    let path = "/query/images/by_vulnerability?vulnerability_id=CVE-2021-44228";
    assert_eq!(v1.get(path).await.ok()["images"], json!([]));
    let native = v1
        .get(&format!("/images/{}/sboms/native", image.digest))
        .await;
    assert_eq!(native.status, 200, "{}", native.text());
}
