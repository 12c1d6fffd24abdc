//! What a real V1 server answered, asked again of the proxy.
//!
//! The recordings are a tour: later requests build on the state of earlier ones, so all of
//! them are sent in order. For every exchange with a mapped operation that the server has, the
//! answer must have the recorded status, the headers that matter, the same keys, and values of the same form.
//! What differs is listed in `differences.toml` with a reason; an entry that no longer differs
//! fails the test, so the list only shrinks.

mod accepted;
mod compare;
mod state;
mod tour;

use windlass_mappings::mappings;
use windlass_tests::contract::contract;
use windlass_tests::world::World;
use windlass_transforms::plan::operation::Kind;

use crate::reference;
use accepted::Accepted;
use tour::MadeUp;

#[tokio::test]
async fn answers_have_the_form_a_real_v1_server_gave_them() {
    let Some(folder) = reference::folder() else {
        return;
    };
    let tour = tour::read(&folder.join("recordings/v1-engine.jsonl"));
    let world = World::builder().on_sqlite().start().await;
    let mut accepted = Accepted::read();
    let mut made_up = MadeUp::default();
    let (mut compared, mut unmapped, mut not_served) = (0, 0, 0);
    state::prepare(&world, &tour);
    for recording in &tour {
        // Requests that the server sent to a webhook are no requests to it.
        if recording.operation.as_deref() == Some("webhook_payload") {
            continue;
        }
        let operation = recording.operation.as_deref();
        let operation = operation.and_then(|id| mappings().operation(id));
        if let Some(Kind::Call(call)) = operation.map(|operation| &operation.kind)
            && !contract().serves(call)
        {
            not_served += 1;
            continue;
        }
        let answer = tour::send(&world, &made_up, &recording.request).await;
        if answer.status == 501 && answer.body["detail"]["v1_operation"].is_string() {
            unmapped += 1;
            continue;
        }
        compared += 1;
        made_up.learn(
            &recording.response.body,
            &answer.body,
            recording.operation.as_deref(),
        );
        accepted.check(
            recording,
            &answer,
            &compare::differences(recording, &answer),
        );
        state::follow(&world, &tour, &recording.case).await;
    }
    windlass_tests::say(&format!(
        "{compared} recorded exchanges compared; left out: {unmapped} whose operation is not mapped, \
         {not_served} whose operation the server does not have"
    ));
    assert!(compared > 300, "only {compared} exchanges were compared");
    let report = accepted.report();
    assert!(
        report.is_empty(),
        "differences from the recordings:\n{report}"
    );
}
