//! Images: imported over each version, read over both, checked and deleted.

use reqwest::Method;
use serde_json::{Value, json};
use windlass_tests::facts::{assert_same, each, names, told_as};
use windlass_tests::image::{Image, image, sbom};
use windlass_tests::registry::{REPOSITORY, Registry};
use windlass_tests::story::Story;
use windlass_tests::world::World;

use crate::archives;
use crate::policies::{v1_document, v2_document};

/// V1 names of what V2 says about an image.
const IMAGE: &[(&str, &str)] = &[
    ("image_digest", "imageDigest"),
    ("parent_digest", "parentDigest"),
    ("account_name", "userId"),
    ("image_detail/*/full_tag", "fulltag"),
    ("image_detail/*/full_digest", "fulldigest"),
    ("image_detail/*/account_name", "userId"),
    ("image_detail/*/image_id", "imageId"),
];

/// What is not the same in every kind of image detail.
fn told(images: &Value) -> Value {
    let mut images = told_as(images, IMAGE);
    let one = images.is_object();
    let mut list = if one { json!([images]) } else { images.take() };
    for image in list.as_array_mut().expect("images") {
        for detail in image["image_detail"].as_array_mut().expect("details") {
            // V1 servers wrote it twice.
            detail["digest"] = detail["image_digest"].clone();
            *detail = told_as(detail, &[("image_digest", "imageDigest")]);
        }
        for change in image["analysis_status_detail"]
            .as_array_mut()
            .expect("changes")
        {
            *change = told_as(
                change,
                &[
                    ("source/host_id", "hostid"),
                    ("source/service_name", "servicename"),
                ],
            );
        }
    }
    if one { list[0].take() } else { list }
}

pub(crate) static STORY: Story = Story::new(|world| {
    Box::pin(async {
        let (v1, v2) = world.admin();
        assert_eq!(v1.get("/images").await.ok(), json!([]));
        assert_eq!(v2.get("/images").await.ok(), json!({"items": []}));
        let first = image("docker.io/library/shop:1.0", '1');
        let second = image("docker.io/library/shop:2.0", '2');
        world.import_over_v1(&first, &sbom()).await;
        import_over_v2(world, &second).await;
        world.analyzed(&first.digest).await;
        world.analyzed(&second.digest).await;
        records_are_found_by_digest_id_and_tag(world, &[&first, &second]).await;
        summaries_have_a_row_for_each_tag(world, &[&first, &second]).await;
        contents_are_listed_by_type(world, &first).await;
        metadata_are_the_documents_that_came(world, &first).await;
        by_products_of_the_analysis_are_listed(world, &first).await;
        vulnerabilities_are_listed_by_type(world, &first).await;
        images_are_checked(world, &first).await;
        archives::queries_go_across_images(world, &first).await;
        archives::sboms_and_ancestors_are_told(world, &first).await;
        archives::analyses_are_archived(world, &first).await;
        archives::rules_feed_the_archive(world).await;
        images_of_a_registry_wait_for_their_analysis(world).await;
        images_are_deleted(world, &first, &second).await;
    })
});

#[tokio::test]
async fn images_are_imported_read_checked_and_deleted_over_both_versions() {
    STORY.told().await;
}

/// The same steps as `import_over_v1`, as a V2 client makes them.
async fn import_over_v2(world: &World, image: &Image) {
    let (_, v2) = world.admin();
    let operation = v2.post_empty("/imports/images").await.ok();
    let operation = operation["uuid"].as_str().expect("an operation");
    let mut contents = serde_json::Map::new();
    for (part, body) in [
        ("packages", &sbom()),
        ("manifest", &image.manifest),
        ("image_config", &image.config),
    ] {
        let path = format!("/imports/images/{operation}/{}", part.replace('_', "-"));
        contents.insert(
            part.to_owned(),
            v2.post(&path, body).await.ok()["digest"].clone(),
        );
    }
    let source = json!({
        "annotations": {"owner": "shop"},
        "source": {"import": {
            "operation_uuid": operation, "digest": image.digest, "local_image_id": image.id,
            "tags": [image.tag], "contents": contents,
        }},
    });
    let added = v2.post("/images", &source).await.ok();
    assert_eq!(
        (&added["image_digest"], &added["analysis_status"]),
        (&json!(image.digest), &json!("not_analyzed"))
    );
}

async fn records_are_found_by_digest_id_and_tag(world: &World, images: &[&Image]) {
    let (v1, v2) = world.admin();
    let all = v2.get("/images").await.ok();
    assert_eq!(
        sorted(each(&all["items"], "image_digest")),
        sorted(images.iter().map(|image| image.digest.as_str()).collect())
    );
    assert_same(&v1.get("/images").await.ok(), &told(&all["items"]));
    for image in images {
        let record = v2.get(&format!("/images/{}", image.digest)).await.ok();
        assert_eq!(
            (&record["analysis_status"], &record["image_status"]),
            (&json!("analyzed"), &json!("active"))
        );
        let metadata = &record["image_content"]["metadata"];
        assert_eq!(
            (&metadata["distro"], &metadata["distro_version"]),
            (&json!("debian"), &json!("12"))
        );
        assert_eq!(record["image_detail"][0]["full_tag"], image.tag);
        for path in [
            format!("/images/{}", image.digest),
            format!("/images/by_id/{}", image.id),
        ] {
            assert_same(&v1.get(&path).await.ok(), &json!([told(&record)]));
        }
        let by_tag = v2
            .get(&format!("/images?full_tag={}", image.tag))
            .await
            .ok();
        assert_eq!(by_tag["items"], json!([record]));
        assert_eq!(
            v1.get(&format!("/images?fulltag={}", image.tag)).await.ok(),
            json!([told(&record)])
        );
        let body = json!({"tag": image.tag});
        let old = v1.call(Method::GET, "/images", Some(&body)).await.ok();
        assert_eq!(
            old,
            json!([told(&record)]),
            "old clients send the tag in the body of a GET"
        );
    }
    assert_eq!(
        v1.get("/images?analysis_status=analyzing").await.ok(),
        json!([])
    );
    assert_eq!(
        v2.get("/images?analysis_status=analyzing").await.ok()["items"],
        json!([])
    );
    let unknown = format!("sha256:{}", "0".repeat(64));
    assert_eq!(
        v1.get(&format!("/images/{unknown}")).await.with(404),
        json!({"message": "image not found in DB", "httpcode": 404, "detail": {"error_codes": []}})
    );
    assert_eq!(
        v1.get("/images/by_id/0123").await.with(404)["message"],
        "image not found in DB"
    );
    assert_eq!(
        v2.get(&format!("/images/{unknown}")).await.with(404)["message"],
        "image not found in DB"
    );
    let notes = v1.get(&format!("/images/{}", images[1].digest)).await.ok();
    assert_eq!(notes[0]["annotations"]["owner"], "shop");
}

async fn summaries_have_a_row_for_each_tag(world: &World, images: &[&Image]) {
    let (v1, v2) = world.admin();
    let rows = v2.get("/summaries/image-tags").await.ok();
    assert_eq!(
        sorted(each(&rows["items"], "full_tag")),
        sorted(images.iter().map(|image| image.tag).collect())
    );
    let expected = told_as(
        &rows["items"],
        &[
            ("image_digest", "imageDigest"),
            ("parent_digest", "parentDigest"),
            ("image_id", "imageId"),
            ("full_tag", "fulltag"),
        ],
    );
    assert!(
        expected[0]["created_at"].is_u64(),
        "seconds since 1970: {expected}"
    );
    assert_same(&v1.get("/summaries/imagetags").await.ok(), &expected);
    assert_eq!(
        v1.get("/summaries/imagetags?image_status=deleting")
            .await
            .ok(),
        json!([])
    );
}

async fn contents_are_listed_by_type(world: &World, image: &Image) {
    let (v1, v2) = world.admin();
    let (digest, id) = (
        format!("/images/{}/content", image.digest),
        format!("/images/by_id/{}/content", image.id),
    );
    let types = v2.get(&digest).await.ok();
    assert!(
        types
            .as_array()
            .is_some_and(|types| types.contains(&json!("os"))),
        "{types}"
    );
    assert_eq!(
        (v1.get(&digest).await.ok(), v1.get(&id).await.ok()),
        (types.clone(), types)
    );

    for (kind, packages) in [
        ("os", vec!["curl", "libc6"]),
        ("python", vec!["requests"]),
        ("npm", vec!["left-pad"]),
        ("gem", vec![]),
    ] {
        let over_v2 = v2.get(&format!("{digest}/{kind}")).await.ok();
        assert_eq!(
            sorted(each(&over_v2["content"], "package")),
            packages,
            "{kind}"
        );
        let mut expected = told_as(&over_v2, &[("image_digest", "imageDigest")]);
        for row in expected["content"].as_array_mut().expect("rows") {
            let licenses: Vec<&str> = row["licenses"]
                .as_array()
                .expect("licences")
                .iter()
                .filter_map(Value::as_str)
                .collect();
            row["license"] = json!(licenses.join(" "));
            row.as_object_mut().expect("a row").shift_remove("purl");
        }
        for path in [&digest, &id] {
            assert_same(&v1.get(&format!("{path}/{kind}")).await.ok(), &expected);
        }
    }

    for (kind, member, rows) in [
        ("java", "package", 1),
        ("files", "filename", 2),
        ("malware", "scanner", 0),
    ] {
        let over_v2 = v2.get(&format!("{digest}/{kind}")).await.ok();
        assert_eq!(each(&over_v2["content"], member).len(), rows, "{over_v2}");
        let mut expected = told_as(&over_v2, &[("image_digest", "imageDigest")]);
        if kind == "java" {
            expected["content"] = told_as(&expected["content"], &[("purl", "-")]);
        }
        assert_same(&v1.get(&format!("{digest}/{kind}")).await.ok(), &expected);
        if kind != "malware" {
            assert_eq!(v1.get(&format!("{id}/{kind}")).await.ok(), expected);
        }
    }
    let refused = v1.get(&format!("{digest}/none-such")).await.with(500);
    assert_eq!(names(&refused), ["detail", "httpcode", "message"]);
    v2.get(&format!("{digest}/none-such")).await.with(404);
}

async fn metadata_are_the_documents_that_came(world: &World, image: &Image) {
    let (v1, v2) = world.admin();
    let path = format!("/images/{}/metadata", image.digest);
    let types = v2.get(&path).await.ok();
    assert_eq!(types, json!(["manifest", "docker_history", "dockerfile"]));
    assert_eq!(v1.get(&path).await.ok(), types);
    for kind in ["manifest", "docker_history", "dockerfile"] {
        let document = v2.get(&format!("{path}/{kind}")).await.ok();
        assert_eq!(
            v1.get(&format!("{path}/{kind}")).await.ok(),
            told_as(&document, &[("image_digest", "imageDigest")])
        );
        if kind == "dockerfile" {
            assert_eq!(
                document["metadata"],
                windlass_tests::base64(image.dockerfile)
            );
        }
    }
    v1.get(&format!("{path}/none-such")).await.with(500);
    v2.get(&format!("{path}/none-such")).await.with(404);
}

async fn by_products_of_the_analysis_are_listed(world: &World, image: &Image) {
    let (v1, v2) = world.admin();
    for (v1_name, v2_name) in [
        ("retrieved_files", "retrieved-files"),
        ("file_content_search", "file-content-search"),
        ("secret_search", "secret-search"),
    ] {
        let over_v2 = v2
            .get(&format!("/images/{}/artifacts/{v2_name}", image.digest))
            .await;
        let over_v1 = v1
            .get(&format!("/images/{}/artifacts/{v1_name}", image.digest))
            .await;
        assert_eq!(over_v1.ok(), over_v2.ok());
        let unknown = format!("/images/sha256:{}/artifacts", "0".repeat(64));
        v2.get(&format!("{unknown}/{v2_name}")).await.with(404);
        let stumbled = v1.get(&format!("{unknown}/{v1_name}")).await.with(500);
        assert_eq!(stumbled["httpcode"], 500);
    }
}

async fn vulnerabilities_are_listed_by_type(world: &World, image: &Image) {
    let (v1, v2) = world.admin();
    let (digest, id) = (
        format!("/images/{}/vuln", image.digest),
        format!("/images/by_id/{}/vuln", image.id),
    );
    let types = v2.get(&digest).await.ok();
    assert_eq!(types, json!(["os", "non-os", "all"]));
    assert_eq!(
        (v1.get(&digest).await.ok(), v1.get(&id).await.ok()),
        (types.clone(), types)
    );
    for kind in ["os", "non-os", "all"] {
        let over_v2 = v2.get(&format!("{digest}/{kind}")).await.ok();
        assert_eq!(
            (&over_v2["vulnerability_type"], &over_v2["image_digest"]),
            (&json!(kind), &json!(image.digest))
        );
        let mut expected = told_as(&over_v2, &[("image_digest", "imageDigest")]);
        expected
            .as_object_mut()
            .expect("an object")
            .shift_remove("base_digest");
        for path in [&digest, &id] {
            assert_same(&v1.get(&format!("{path}/{kind}")).await.ok(), &expected);
        }
        let enterprise = v1.get(&format!("/enterprise{digest}/{kind}")).await.ok();
        assert_eq!(enterprise["image_digest"], image.digest);
        assert_eq!(
            each(&enterprise["vulnerabilities"], "vuln"),
            each(&over_v2["vulnerabilities"], "vuln")
        );
    }
    assert!(v1.get(&format!("{digest}/none-such")).await.status >= 400);
    assert!(v2.get(&format!("{digest}/none-such")).await.status >= 400);
}

async fn images_are_checked(world: &World, image: &Image) {
    let (v1, v2) = world.admin();
    v1.post("/policies", &v1_document("shop")).await.ok();
    v2.post("/policies", &v2_document("other")).await.ok();
    let query = format!("tag={}", image.tag);
    for (v1_query, v2_query) in [
        (
            format!("{query}&policyId=shop&detail=True"),
            format!("{query}&policy_id=shop&detail=true"),
        ),
        (
            format!("{query}&policyId=other&detail=false"),
            format!("{query}&policy_id=other&detail=false"),
        ),
    ] {
        let over_v2 = v2
            .get(&format!("/images/{}/check?{v2_query}", image.digest))
            .await
            .ok();
        let evaluation = &over_v2["evaluations"][0];
        assert_eq!(
            evaluation["status"], "fail",
            "the policy forbids curl: {evaluation}"
        );
        assert_eq!(
            (&over_v2["image_digest"], &over_v2["evaluated_tag"]),
            (&json!(image.digest), &json!(image.tag))
        );
        for path in [
            format!("/images/{}/check", image.digest),
            format!("/images/by_id/{}/check", image.id),
            format!("/enterprise/images/{}/check", image.digest),
        ] {
            let over_v1 = v1.get(&format!("{path}?{v1_query}")).await.ok();
            let told = &over_v1[0][&image.digest][image.tag][0];
            assert_eq!(
                names(told),
                ["detail", "last_evaluation", "policyId", "status"]
            );
            assert_eq!(
                (&told["status"], &told["policyId"]),
                (&json!("fail"), &over_v2["policy_id"])
            );
            if v1_query.contains("detail=false") {
                assert_eq!(told["detail"], json!({}));
                continue;
            }
            let detail = &told["detail"];
            assert_eq!(
                names(&detail["policy"]["policies"][0]),
                ["comment", "id", "name", "rules", "version"]
            );
            let result = &detail["result"];
            assert_eq!(result["final_action"], "stop");
            let table = &result["result"][&image.id]["result"];
            let rows = table["rows"]
                .as_array()
                .expect("a table keyed by the image's id");
            let row = rows
                .iter()
                .find(|row| row[4] == "blacklist")
                .expect("the word of V1");
            assert_eq!(
                (&row[3], &row[6]),
                (&json!("packages"), &json!("stop")),
                "{table}"
            );
            let findings = evaluation["details"]["findings"]
                .as_array()
                .expect("findings");
            assert_eq!(rows.len(), findings.len());
            assert!(
                findings
                    .iter()
                    .any(|finding| finding["trigger"] == "denylist"),
                "{findings:?}"
            );
        }
    }
    v1.get(&format!("/images/{}/check", image.digest))
        .await
        .with(400);
    v2.get(&format!("/images/{}/check", image.digest))
        .await
        .with(400);
    let unknown = format!("/images/sha256:{}/check?{query}", "0".repeat(64));
    assert_eq!(
        v1.get(&unknown).await.with(404)["message"],
        "image not found in DB"
    );
    assert_eq!(
        v2.get(&unknown).await.with(404)["message"],
        "image not found in DB"
    );
}

async fn images_of_a_registry_wait_for_their_analysis(world: &World) {
    let (v1, v2) = world.admin();
    let registry = Registry::start().await;
    let login = json!({"registry": registry.name(), "registry_user": "", "registry_pass": "", "registry_verify": false});
    let login = {
        let mut login = login;
        login["registry_user"] = json!(windlass_tests::registry::USER);
        login["registry_pass"] = json!(windlass_tests::registry::PASSWORD);
        login
    };
    v2.post("/registries", &login).await.ok();
    let tag = |tag: &str| format!("{}/{REPOSITORY}:{tag}", registry.name());
    let added = v1
        .post(
            "/images?autosubscribe=false",
            &json!({"tag": tag("1.0"), "annotations": {"team": "a"}}),
        )
        .await
        .ok();
    assert_eq!(
        (
            &added[0]["image_detail"][0]["fulltag"],
            &added[0]["annotations"]
        ),
        (&json!(tag("1.0")), &json!({"team": "a"}))
    );
    let digest = added[0]["imageDigest"].as_str().expect("a digest");
    let record = v2.get(&format!("/images/{digest}")).await.ok();
    assert_eq!(told(&record)["image_detail"], added[0]["image_detail"]);

    let source = json!({"source": {"tag": {"pull_string": tag("2.0")}}});
    let added = v2.post("/images?auto_subscribe=false", &source).await.ok();
    let digest = added["image_digest"].as_str().expect("a digest");
    let told_v1 = v1.get(&format!("/images/{digest}")).await.ok();
    assert_eq!(told_v1[0]["image_detail"], told(&added)["image_detail"]);

    let source = json!({"source": {"tag": {"pullstring": tag("none-such")}}});
    let refused = v1.post("/images", &source).await;
    assert!((400..500).contains(&refused.status), "{}", refused.text());
    assert_eq!(names(&refused.json()), ["detail", "httpcode", "message"]);
    let source = json!({"source": {"tag": {"pull_string": tag("none-such")}}});
    assert_eq!(v2.post("/images", &source).await.status, refused.status);
}

async fn images_are_deleted(world: &World, first: &Image, second: &Image) {
    let (v1, v2) = world.admin();
    let unknown = format!("sha256:{}", "0".repeat(64));
    for (path, digest) in [
        (format!("/images/{unknown}"), unknown.as_str()),
        ("/images/by_id/0123".to_owned(), "0123"),
    ] {
        assert_eq!(
            v1.delete(&path).await.ok(),
            json!({"digest": digest, "status": "not_found", "detail": "No image found with the digest"})
        );
    }
    assert_eq!(
        v2.delete(&format!("/images/{unknown}")).await.ok()["status"],
        "not_found"
    );

    let key =
        json!({"subscription_key": first.tag, "subscription_type": "tag_update", "active": true});
    v2.post("/subscriptions", &key).await;
    let found = v2
        .get(&format!(
            "/subscriptions?subscription_key={}&subscription_type=tag_update",
            first.tag
        ))
        .await
        .ok();
    let id = found[0]["subscription_id"].as_str().expect("an id");
    v2.put(&format!("/subscriptions/{id}"), &json!({"active": true}))
        .await
        .ok();
    let kept = v1.delete(&format!("/images/{}", first.digest)).await.ok();
    assert_eq!(
        (&kept["status"], &kept["digest"]),
        (&json!("delete_failed"), &json!(first.digest))
    );
    assert_eq!(
        v2.delete(&format!("/images/{}", first.digest)).await.ok()["detail"],
        kept["detail"]
    );

    let gone = v1
        .delete(&format!("/images/{}?force=true", first.digest))
        .await
        .ok();
    assert_eq!(
        gone,
        json!({"digest": first.digest, "status": "deleting", "detail": null})
    );
    let gone = v1
        .delete(&format!("/images/by_id/{}?force=True", second.id))
        .await
        .ok();
    assert_eq!(
        gone,
        json!({"digest": second.digest, "status": "deleting", "detail": null})
    );

    let left = v1.get("/images").await.ok();
    let digests = each(&left, "imageDigest");
    assert_eq!(digests.len(), 2, "those of the registry: {left}");
    let gone = v1
        .delete(&format!(
            "/images?imageDigests={},{unknown}&force=true",
            digests[0]
        ))
        .await
        .ok();
    assert_eq!(
        (&gone[0]["status"], &gone[1]["status"]),
        (&json!("deleting"), &json!("not_found"))
    );
    let gone = v2
        .delete(&format!("/images?image_digests={}&force=true", digests[1]))
        .await
        .ok();
    assert_eq!(
        (&gone[0]["status"], &gone[0]["image_digest"]),
        (&json!("deleting"), &json!(digests[1]))
    );
    assert_eq!(v1.get("/images").await.ok(), json!([]));
    assert_eq!(v2.get("/images").await.ok()["items"], json!([]));
}

fn sorted(mut names: Vec<&str>) -> Vec<&str> {
    names.sort_unstable();
    names
}
