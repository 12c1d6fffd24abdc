//! The laws of the rewriter, with plans and documents made at random.

mod documents;
mod oracle;
mod plans;

use std::sync::Arc;

use documents::{Choices, Document, document};
use plans::{at_the_root, context, plan};
use proptest::prelude::*;
use serde::de::IgnoredAny;
use serde_json::Value;
use windlass_transforms::plan::body::{
    BodyPlan, MemberPlan, MemberTarget, ObjectId, ObjectPlan, Strategy, StreamPlan, ValuePlan,
};
use windlass_transforms::rewrite::{BodyRewriter, Limits, RewriteError};

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig {
        // What was found is kept as a test of its own.
        failure_persistence: None,
        ..ProptestConfig::with_cases(cases)
    }
}

type Rewritten = Result<(Vec<u8>, Vec<String>), RewriteError>;

fn run<'c>(plan: &Arc<BodyPlan>, chunks: impl IntoIterator<Item = &'c [u8]>) -> Rewritten {
    let mut rewriter = BodyRewriter::new(Arc::clone(plan), Arc::new(context()), Limits::default());
    let mut out = Vec::new();
    for chunk in chunks {
        rewriter.push(chunk, &mut out)?;
    }
    rewriter.finish(&mut out)?;
    Ok((out, rewriter.touched()))
}

fn whole(plan: &Arc<BodyPlan>, text: &[u8]) -> Rewritten {
    run(plan, [text])
}

/// The text in pieces, most of them small.
fn cut(text: &[u8], seed: u64) -> Vec<&[u8]> {
    let mut choices = Choices::new(seed);
    let largest = [2, 9, 70, 400][choices.below(4)];
    let mut rest = text;
    let mut pieces = Vec::new();
    while !rest.is_empty() {
        let (piece, behind) = rest.split_at(choices.below(largest).min(rest.len()));
        pieces.push(piece);
        rest = behind;
    }
    pieces
}

/// The value with its order of members, which `Value` does not compare.
fn value(text: &[u8]) -> String {
    let value: Value = serde_json::from_slice(text).expect("what leaves is JSON");
    value.to_string()
}

proptest! {
    #![proptest_config(config(2000))]

    #[test]
    fn the_stream_equals_the_oracle(plan in plan(), document in document(), seed in any::<u64>()) {
        let plan = Arc::new(plan);
        let text = document.text(seed);
        let expected = oracle::rewrite(&plan, &context(), text.as_bytes());
        match (whole(&plan, text.as_bytes()), expected) {
            (Ok((out, touched)), Ok((expected, expected_touched))) => {
                prop_assert_eq!(value(&out), value(&expected), "from {}", text);
                prop_assert_eq!(touched, expected_touched, "from {}", text);
            }
            (Err(_), Err(_)) => {}
            (got, expected) => {
                let got = got.map(|(out, _)| String::from_utf8(out));
                let expected = expected.map(|(out, _)| String::from_utf8(out));
                prop_assert!(false, "{got:?} and not {expected:?} from {text}");
            }
        }
    }

    #[test]
    fn cutting_the_input_changes_nothing(
        plan in plan(), document in document(), seed in any::<u64>(), broken in 0..4_u8,
    ) {
        let plan = Arc::new(plan);
        let mut text = document.text(seed).into_bytes();
        if broken == 0 {
            break_somewhere(&mut text, seed);
        }
        match (run(&plan, cut(&text, seed)), whole(&plan, &text)) {
            // Of two mistakes in one body, the cut may decide which is met first.
            (Err(_), Err(_)) => {}
            (cut, whole) => prop_assert_eq!(cut, whole),
        }
    }
}

proptest! {
    #![proptest_config(config(1000))]

    /// In lists, the rewriter guesses which member comes next; what it guesses must not show.
    #[test]
    fn long_lists_of_like_objects_equal_the_oracle(
        plan in plan(),
        kinds in prop::collection::vec(document(), 1..4),
        turns in prop::collection::vec(any::<prop::sample::Index>(), 5..40),
        seed in any::<u64>(),
    ) {
        if plan.objects.is_empty() {
            return Ok(());
        }
        let plan = Arc::new(at_the_root(plan.objects));
        let elements: Vec<String> = turns
            .iter()
            .zip(seed..=u64::MAX)
            .map(|(turn, seed)| turn.get(&kinds).text(seed))
            .collect();
        let text = format!("[{}]", elements.join(","));
        let got = run(&plan, cut(text.as_bytes(), seed));
        match (got, oracle::rewrite(&plan, &context(), text.as_bytes())) {
            (Ok((out, touched)), Ok((expected, expected_touched))) => {
                prop_assert_eq!(value(&out), value(&expected), "from {}", text);
                prop_assert_eq!(touched, expected_touched, "from {}", text);
            }
            (got, expected) => prop_assert_eq!(got.is_err(), expected.is_err(), "from {}", text),
        }
    }
}

#[test]
fn a_selected_word_is_started_once_however_it_is_cut() {
    let plan = Arc::new(BodyPlan::new(
        Strategy::Stream(StreamPlan {
            before: "[".into(),
            select: vec!["status".into()],
            value: ValuePlan {
                words: [("denylisted".into(), "blacklisted".into())].into(),
                ..ValuePlan::default()
            },
            otherwise: None,
            after: "]".into(),
        }),
        Vec::new(),
    ));
    let text = br#"{"status": "denylisted", "more": 1}"#;
    for at in 0..=text.len() {
        let (first, second) = text.split_at(at);
        let (out, _) = run(&plan, [first, second]).expect("JSON");
        assert_eq!(out, br#"["blacklisted"]"#, "cut at {at}");
    }
}

fn break_somewhere(text: &mut Vec<u8>, seed: u64) {
    const INSERTED: &[u8] = b"{}[]:,\"\\ 01.-+eEtrufalsn/x\n\x00\x80\xc3\xa9\xf0";
    let mut choices = Choices::new(seed.rotate_left(7));
    for _ in 0..=choices.below(3) {
        let at = choices.below(text.len() + 1);
        match choices.below(4) {
            0 => text.truncate(at),
            1 if at < text.len() => drop(text.remove(at)),
            2 if at < text.len() => text[at] = INSERTED[choices.below(INSERTED.len())],
            _ => text.insert(at, INSERTED[choices.below(INSERTED.len())]),
        }
    }
}

/// Rules that touch nothing, so that only the grammar is at work; half of the names have a
/// rule, so that members are looked up.
fn reading_plan() -> BodyPlan {
    let inside = ValuePlan {
        object: Some(ObjectId(0)),
        ..ValuePlan::default()
    };
    at_the_root(vec![ObjectPlan {
        members: ["a", "imageDigest", "größe"]
            .map(|name| MemberPlan {
                from: name.into(),
                to: vec![MemberTarget {
                    name: name.into(),
                    value: inside.clone(),
                }],
                seen: None,
            })
            .into(),
        ..ObjectPlan::default()
    }])
}

/// Renames that can be taken back: every name gets one that no document has.
fn renaming_plan(back: bool) -> BodyPlan {
    let inside = ValuePlan {
        object: Some(ObjectId(0)),
        ..ValuePlan::default()
    };
    let member = |name: &str| {
        let other = format!("{name}-renamed");
        let (from, to) = if back {
            (&*other, name)
        } else {
            (name, &*other)
        };
        MemberPlan {
            from: from.into(),
            to: vec![MemberTarget {
                name: to.into(),
                value: inside.clone(),
            }],
            seen: None,
        }
    };
    at_the_root(vec![ObjectPlan {
        members: documents::NAMES[..10]
            .iter()
            .map(|name| member(name))
            .collect(),
        others: Some(Box::new(inside.clone())),
        ..ObjectPlan::default()
    }])
}

proptest! {
    #![proptest_config(config(4000))]

    #[test]
    fn what_no_rule_changes_leaves_byte_for_byte(document in document(), seed in any::<u64>()) {
        let text = document.text(seed);
        let (out, touched) = whole(&Arc::new(reading_plan()), text.as_bytes()).expect("JSON");
        prop_assert_eq!(String::from_utf8(out).expect("UTF-8"), text);
        prop_assert_eq!(touched, Vec::<String>::new());
    }

    #[test]
    fn renames_that_are_taken_back_leave_the_same_bytes(document in document(), seed in any::<u64>()) {
        // Names written with escapes come back plain, so there are none here; strings are
        // tested above.
        let text = match seed % 2 {
            0 => document.text(0),
            _ => pretty(&document),
        };
        let (there, _) = whole(&Arc::new(renaming_plan(false)), text.as_bytes()).expect("JSON");
        let (back, _) = whole(&Arc::new(renaming_plan(true)), &there).expect("JSON");
        prop_assert_eq!(String::from_utf8(back).expect("UTF-8"), text);
    }

    #[test]
    fn exactly_json_is_taken(document in document(), seed in any::<u64>(), times in 0..2_u8) {
        let mut text = document.text(seed).into_bytes();
        for round in 0..=u64::from(times) {
            break_somewhere(&mut text, seed ^ (round << 32));
        }
        let is_json = serde_json::from_slice::<IgnoredAny>(&text).is_ok()
            && std::str::from_utf8(&text).is_ok();
        let rewritten = whole(&Arc::new(reading_plan()), &text);
        prop_assert_eq!(
            rewritten.is_ok(), is_json, "{:?} from {}", rewritten, String::from_utf8_lossy(&text)
        );
        if let Ok((out, _)) = rewritten {
            prop_assert_eq!(out, text);
        }
    }

    #[test]
    fn no_bytes_make_it_panic(
        plan in plan(), text in prop::collection::vec(any::<u8>(), 0..300), seed in any::<u64>(),
    ) {
        let plan = Arc::new(plan);
        let rewritten = whole(&plan, &text);
        prop_assert_eq!(run(&plan, cut(&text, seed)), rewritten);
    }
}

fn pretty(document: &Document) -> String {
    let value: Value = serde_json::from_str(&document.text(0)).expect("JSON");
    format!("{value:#}")
}
