//! The proof: bodies made from the schemas of both specifications are rewritten, and what comes
//! out fits the schemas of the other side. `WINDLASS_PROOF_CASES` says how many bodies there are
//! for each operation and status.

mod documents;
mod exceptions;
mod generate;
mod laws;
#[path = "../shared/reference.rs"]
mod reference;
mod round_trips;

use std::env;

use documents::Documents;
use laws::{Findings, prove};
use round_trips::round_trips;

/// How many bodies each operation and status gets, unless more or fewer are asked for.
const USUAL_CASES: u32 = 24;

fn cases() -> u32 {
    let text = env::var("WINDLASS_PROOF_CASES");
    text.ok().map_or(USUAL_CASES, |text| {
        text.parse()
            .unwrap_or_else(|_| panic!("WINDLASS_PROOF_CASES: `{text}` is not a number"))
    })
}

#[expect(clippy::print_stdout, reason = "the proof counts what it proved")]
fn print(what: &str, findings: &Findings) {
    println!(
        "{what}: {} bodies of {} operations and statuses rewritten, {} refused",
        findings.bodies,
        findings.subjects.len(),
        findings.refused
    );
}

#[test]
fn bodies_fit_the_other_side() {
    let (Some(v2), Some(v1)) = (
        reference::document("v2-5.0.0.yaml"),
        reference::v1_documents(),
    ) else {
        return;
    };
    let documents = Documents::new(v2, v1);
    let findings = prove(windlass_mappings::mappings(), &documents, cases(), &|_| {
        true
    });
    print("V2 5.0", &findings);
    let wrong = exceptions::unexcused(&findings.wrong, cases() >= USUAL_CASES);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn newer_v2_servers_never_break_a_rewrite() {
    let Some(v2) = reference::document("v2-5.21.yaml") else {
        return;
    };
    let documents = Documents::new(v2, Vec::new());
    let findings = prove(windlass_mappings::mappings(), &documents, cases(), &|_| {
        true
    });
    print("V2 5.21", &findings);
    let wrong = exceptions::unexcused(&findings.wrong, false);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn shapes_that_reverse_come_back_as_they_were() {
    let Some(v2) = reference::document("v2-5.0.0.yaml") else {
        return;
    };
    let set = windlass_mappings::read_set(None).expect("the mappings can be read");
    let v1 = windlass_mappings::document::v1(&set, &v2, None).expect("the schemas are right");
    let found = round_trips(&set, &v1, cases(), &|_| true);
    println!(
        "round trips: {} bodies of {} shapes",
        found.bodies,
        found.shapes.len()
    );
    assert!(found.wrong.is_empty(), "{}", found.wrong.join("\n\n"));
}
