//! Nothing mapped goes untested: the stories together call every V1 operation through the proxy,
//! and the V2 operation behind it on the server itself, with success. Operations that the server
//! does not serve yet are left out by themselves; the day it does, they want a story.

use std::collections::BTreeSet;

use windlass_tests::calls::form;
use windlass_tests::contract::contract;
use windlass_tests::story::Story;
use windlass_transforms::plan::operation::Kind;

/// Every story of this suite.
static STORIES: [&Story; 17] = [
    &crate::accounts::STORY,
    &crate::alerts::STORY,
    &crate::corrections::STORY,
    &crate::events::STORY,
    &crate::images::STORY,
    &crate::imports::STORY,
    &crate::inventories::STORY,
    &crate::notifications::STORY,
    &crate::oauth::STORY,
    &crate::policies::STORY,
    &crate::rbac::STORY,
    &crate::registries::STORY,
    &crate::reports::STORY,
    &crate::sso::STORY,
    &crate::subscriptions::STORY,
    &crate::supply_chain::STORY,
    &crate::system::STORY,
];

/// Operations without a test, each with its reason. May only shrink.
static UNCOVERED: &str = include_str!("../uncovered-operations.txt");

/// What must be called: V1 operations as `V1 get_image`, V2 operations as `V2 GET /images/{}`.
/// What the server does not have cannot be called with success.
fn wanted() -> BTreeSet<String> {
    let mut wanted = BTreeSet::new();
    let mut not_served = 0;
    for operation in windlass_mappings::mappings().operations() {
        match &operation.kind {
            Kind::Call(call) if !contract().serves(call) => not_served += 1,
            Kind::Call(call) => {
                wanted.insert(format!("V1 {}", operation.id));
                wanted.insert(format!("V2 {}", form(&call.v2().to_string())));
            }
            Kind::Composed(composed) => {
                wanted.insert(format!("V1 {}", operation.id));
                for part in composed.parts() {
                    // Calls are noted by their path alone.
                    let called = part.v2().to_string();
                    let path = called.split('?').next().unwrap_or_default();
                    // A word that the composition puts where the operation has a parameter.
                    let path = path.replace("/vuln/all", "/vuln/{vuln_type}");
                    wanted.insert(format!("V2 {}", form(&path)));
                }
            }
            Kind::Answer(_) => {
                wanted.insert(format!("V1 {}", operation.id));
            }
            Kind::None { .. } | Kind::Unmapped => {}
        }
    }
    windlass_tests::say(&format!(
        "{not_served} mapped operations are left out: the server does not have them"
    ));
    wanted
}

/// The listed exceptions. Each line is an operation as in [`wanted`], a colon, and the reason.
fn listed() -> BTreeSet<String> {
    UNCOVERED
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| {
            let (operation, reason) = line.split_once(": ").unwrap_or((line, ""));
            assert!(!reason.is_empty(), "`{line}` needs a reason");
            operation.to_owned()
        })
        .collect()
}

#[tokio::test]
async fn every_mapped_operation_is_called_over_v1_and_its_v2_operation_direct() {
    let mut covered = BTreeSet::new();
    for story in STORIES {
        let called = story.told().await;
        covered.extend(called.v1.iter().map(|operation| format!("V1 {operation}")));
        covered.extend(called.v2.iter().map(|operation| format!("V2 {operation}")));
    }
    let (wanted, listed) = (wanted(), listed());
    let missing: Vec<_> = wanted
        .difference(&covered)
        .filter(|operation| !listed.contains(*operation))
        .collect();
    assert!(missing.is_empty(), "mapped and not tested: {missing:#?}");
    let tested: Vec<_> = listed.intersection(&covered).collect();
    assert!(
        tested.is_empty(),
        "tested, so take it from uncovered-operations.txt: {tested:#?}"
    );
    let unknown: Vec<_> = listed.difference(&wanted).collect();
    assert!(
        unknown.is_empty(),
        "in uncovered-operations.txt and not mapped: {unknown:#?}"
    );
}
