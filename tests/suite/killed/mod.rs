//! Servers that are killed in the middle of their work, again and again: what they acknowledged is
//! there afterwards, and nothing is there by half.

mod ledger;
mod writers;

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use windlass_proxy::{Proxy, UpstreamUrl};
use windlass_tests::program::Program;
use windlass_tests::{database, say};
use windlass_transforms::Mappings;

use ledger::Ledger;
use writers::{Caller, Writers};

/// How long what was begun may take at the end.
const PATIENCE: Duration = Duration::from_secs(120);
/// How long one server is killed again and again.
const SIEGE: Duration = Duration::from_secs(12);

/// How many acknowledged writes there are from one kill to the next: now in the first moments of a
/// server, now in the midst of much work.
const PAUSES: [usize; 8] = [5, 31, 1, 17, 3, 57, 11, 2];

#[tokio::test(flavor = "multi_thread")]
async fn one_server_on_sqlite_is_killed_and_loses_nothing() {
    let folder = tempfile::tempdir().expect("a folder for the store");
    let program = Program::start(folder.path(), None, "alone", &[]).await;
    let goes_on = |began: Instant, kills| kills < 5 || began.elapsed() < SIEGE;
    siege(vec![program], goes_on).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_servers_on_one_database_are_killed_in_turn_and_lose_nothing() {
    let Some(url) = database::postgres().await else {
        say("skipped: WINDLASS_TEST_DATABASE names no PostgreSQL for two servers to share");
        return;
    };
    let folder = tempfile::tempdir().expect("a folder for the tests");
    let first = Program::start(folder.path(), Some(&url), "first", &[]).await;
    let second = Program::start(folder.path(), Some(&url), "second", &[]).await;
    siege(vec![first, second], |_, kills| kills < 8).await;
}

/// Lets writers write while servers are killed in turn, as long as `goes_on`; then looks whether
/// everything is as it was acknowledged.
async fn siege(mut programs: Vec<Program>, goes_on: impl Fn(Instant, usize) -> bool) {
    let set = windlass_mappings::read_set(None).expect("the mappings can be read");
    let mappings = windlass_mappings::compile_set(&set).expect("the mappings are right");
    let mappings = Arc::new(mappings);
    let (mut proxies, mut callers) = (Vec::new(), Vec::new());
    for program in &programs {
        let proxy = proxy(&program.url(), &mappings);
        let v1 = format!("http://{}", proxy.address());
        callers.push(Caller::login(&program.url(), &v1).await);
        proxies.push(proxy);
    }
    let ledger = Arc::new(Ledger::default());
    let writers = Writers::start(&callers, &ledger);

    let (began, mut kills) = (Instant::now(), 0);
    while goes_on(began, kills) {
        let wanted = ledger.acknowledged() + PAUSES[kills % PAUSES.len()];
        ledger.until_acknowledged(wanted, PATIENCE).await;
        let turn = kills % programs.len();
        programs[turn].kill();
        programs[turn].revive().await;
        kills += 1;
    }
    let lost = writers.stop().await;
    say(&format!(
        "{} writes acknowledged, {lost} of unknown end, {kills} kills in {:.1} s",
        ledger.acknowledged(),
        began.elapsed().as_secs_f64()
    ));
    for caller in &callers {
        everything_is_there(caller, &ledger).await;
    }
    for proxy in proxies {
        proxy.stop().await;
    }
}

fn proxy(upstream: &str, mappings: &Arc<Mappings>) -> Proxy {
    let upstream = UpstreamUrl::parse(upstream).expect("an address");
    Proxy::builder(upstream, Arc::clone(mappings))
        .listen("127.0.0.1:0")
        .start()
        .expect("the proxy starts")
}

/// What was acknowledged is there, and what is there is whole.
async fn everything_is_there(caller: &Caller, ledger: &Ledger) {
    let mut faults = Vec::new();
    let images = analyzed(caller).await;
    for image in &images {
        faults.extend(halves(caller, image).await);
    }
    for promise in ledger.promises() {
        faults.extend(promise.broken(caller).await);
    }
    let services = caller.get("/system/services/catalog").await;
    let down = services
        .as_array()
        .is_some_and(|services| services.iter().any(|service| service["status"] != true));
    if down {
        faults.push(format!("servers are taken for dead: {services}"));
    }
    assert!(
        faults.is_empty(),
        "{} faults:\n{}",
        faults.len(),
        faults.join("\n")
    );
}

/// All images, once all of them are analysed.
async fn analyzed(caller: &Caller) -> Vec<Value> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let images = caller.get("/images").await;
        let images = images["items"].as_array().expect("images").clone();
        let waiting = images
            .iter()
            .filter(|image| image["analysis_status"] != "analyzed")
            .count();
        if waiting == 0 {
            return images;
        }
        assert!(
            Instant::now() < deadline,
            "{waiting} images are never analysed"
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// What an image lacks of what belongs to it, or has twice.
async fn halves(caller: &Caller, image: &Value) -> Vec<String> {
    let digest = image["image_digest"].as_str().expect("a digest");
    let mut faults = Vec::new();
    for (kind, expected) in [
        ("os", 2),
        ("python", 1),
        ("npm", 1),
        ("java", 1),
        ("files", 2),
    ] {
        let listing = caller
            .get(&format!("/images/{digest}/content/{kind}"))
            .await;
        let found = listing["content"].as_array().map_or(0, Vec::len);
        if found != expected {
            faults.push(format!("{digest} has {found} of {expected} in `{kind}`"));
        }
    }
    let manifest = caller
        .get(&format!("/images/{digest}/metadata/manifest"))
        .await;
    if manifest["image_digest"] != digest {
        faults.push(format!("{digest} has no manifest: {manifest}"));
    }
    let tag = &image["image_detail"][0]["full_tag"];
    let tag = tag.as_str().expect("a tag");
    let path = format!("/events?event_type=user.image.analysis.completed&resource_id={tag}");
    let events = caller.get(&path).await;
    if events["item_count"] != json!(1) {
        faults.push(format!(
            "{tag}: the end of its analysis was told {} times",
            events["item_count"]
        ));
    }
    faults
}
