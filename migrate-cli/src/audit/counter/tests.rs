//! Counting is the same however the work is cut up.

use proptest::prelude::*;

use super::*;

const TARGETS: [&str; 8] = [
    "/v1/images",
    "/v1/images?fulltag=a",
    "/v1/images/sha256:aa",
    "/images",
    "/v1/nosuch",
    "/v2/images",
    "/v2/system",
    "/favicon.ico",
];

#[derive(Debug, Clone)]
struct Seen {
    user: u8,
    address: u8,
    target: usize,
    status: u16,
    hours: i64,
    body: bool,
}

fn seen() -> impl Strategy<Value = Seen> {
    (
        0..12_u8,
        0..12_u8,
        0..TARGETS.len(),
        prop_oneof![Just(200_u16), Just(404), Just(410), Just(503)],
        0..2_000_i64,
        any::<bool>(),
    )
        .prop_map(|(user, address, target, status, hours, body)| Seen {
            user,
            address,
            target,
            status,
            hours,
            body,
        })
}

fn count(calls: &[Seen], counting: &Counting<'_>, clients: usize) -> Tally {
    let mut counter = Counter::into_tally(counting, Tally::with_max_clients(clients));
    for (index, seen) in calls.iter().enumerate() {
        let user = format!("user{}", seen.user);
        let address = format!("10.0.0.{}", seen.address);
        counter.call(&Call {
            time: Moment::from_millis(1_790_000_000_000 + seen.hours * 3_600_000),
            user: Some(user.as_bytes()),
            address: Some(address.as_bytes()),
            method: b"GET",
            target: TARGETS[seen.target].as_bytes(),
            status: Some(seen.status),
            body: seen.body.then_some(br#"{"tag":"x"}"#),
            ..Call::default()
        });
        if index % 7 == 0 {
            counter.empty();
        }
    }
    counter.finish()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_tally_of_parts_is_the_tally_of_the_whole_in_any_order(
        calls in prop::collection::vec(seen(), 0..120),
        cuts in prop::collection::vec(0..120_usize, 2),
        clients in prop_oneof![Just(3_usize), Just(100)],
    ) {
        let counting = Counting {
            classifier: Classifier::new(windlass_mappings::mappings()),
            identity: Identity::default(),
            window: Window::default(),
        };
        let whole = serde_json::to_value(count(&calls, &counting, clients)).unwrap();
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| *cut.min(&calls.len())).collect();
        cuts.sort_unstable();
        let parts = || {
            [&calls[..cuts[0]], &calls[cuts[0]..cuts[1]], &calls[cuts[1]..]]
                .map(|part| count(part, &counting, clients))
        };
        for order in [[0, 1, 2], [2, 0, 1], [1, 2, 0]] {
            let parts = parts();
            let mut merged = Tally::with_max_clients(clients);
            for index in order {
                // As a partial file carries it.
                let text = serde_json::to_string(&parts[index]).unwrap();
                let mut read: Tally = serde_json::from_str(&text).unwrap();
                read.sources.clear();
                merged.merge(read);
            }
            prop_assert_eq!(serde_json::to_value(merged).unwrap(), whole.clone());
        }
    }
}

#[test]
fn calls_outside_of_the_time_asked_for_are_counted_apart() {
    let counting = Counting {
        classifier: Classifier::new(windlass_mappings::mappings()),
        identity: Identity::default(),
        window: Window {
            since: Moment::parse_rfc3339(b"2026-11-20T00:00:00Z"),
            until: Moment::parse_rfc3339(b"2026-11-21T00:00:00Z"),
        },
    };
    let mut counter = Counter::new(&counting);
    for (time, counts) in [
        (Some("2026-11-19T23:59:59Z"), false),
        (Some("2026-11-20T00:00:00Z"), true),
        (Some("2026-11-21T00:00:00Z"), false),
        (None, true),
    ] {
        let call = Call {
            time: time.and_then(|time| Moment::parse_rfc3339(time.as_bytes())),
            method: b"GET",
            target: b"/v1/images",
            ..Call::default()
        };
        assert_eq!(counter.call(&call), counts, "{time:?}");
    }
    assert_eq!(counter.finish().outside_calls, 2);
}
