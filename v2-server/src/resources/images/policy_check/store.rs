//! Evaluations in the database.

use md5::{Digest, Md5};

use super::types::PolicyEvaluationResult;
use crate::params;
use crate::resources::images::record::store::ImageKey;
use crate::resources::policies::hex;
use crate::store::{Result, Transaction};

/// What an evaluation is stored under.
pub(super) struct Place<'a> {
    pub(super) account: &'a str,
    pub(super) image: ImageKey,
    pub(super) image_digest: &'a str,
    /// The tag, written in full.
    pub(super) tag: &'a str,
    pub(super) policy_id: &'a str,
}

impl Place<'_> {
    /// The id of an evaluation with this outcome.
    pub(super) fn evaluation_id(&self, result: &PolicyEvaluationResult) -> String {
        let action = result.final_action.as_str().to_uppercase();
        let parts = [
            self.policy_id,
            self.account,
            self.image_digest,
            self.tag,
            &action,
        ];
        hex(&Md5::digest(parts.join(":")))
    }
}

/// The last evaluation of the image under the tag, whatever the policy.
pub(super) fn latest(
    tx: &mut Transaction<'_>,
    place: &Place<'_>,
) -> Result<Option<(String, PolicyEvaluationResult)>> {
    tx.query_opt(
        "SELECT policy_id, evaluation FROM policy_evaluations WHERE image = $1 AND tag = $2 ORDER BY turn DESC LIMIT 1",
        params![place.image, place.tag],
        |row| Ok((row.get(0)?, row.json(1)?)),
    )
}

/// Stores an evaluation as the last one. One that is there with the same outcome is replaced.
pub(super) fn save(
    tx: &mut Transaction<'_>,
    place: &Place<'_>,
    result: &PolicyEvaluationResult,
) -> Result<()> {
    let turn: i64 = tx.query_value(
        "SELECT coalesce(max(turn), 0) + 1 FROM policy_evaluations WHERE image = $1 AND tag = $2",
        params![place.image, place.tag],
    )?;
    let evaluation =
        serde_json::to_string(result).expect("an evaluation has text keys and finite numbers only");
    tx.execute(
        "INSERT INTO policy_evaluations (evaluation_id, image, tag, policy_id, turn, evaluation, created_at,
                                         last_updated)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $7)
         ON CONFLICT (evaluation_id) DO UPDATE SET turn = $5, evaluation = $6, last_updated = $7",
        params![
            place.evaluation_id(result),
            place.image,
            place.tag,
            place.policy_id,
            turn,
            evaluation,
            result.evaluation_time,
        ],
    )?;
    Ok(())
}

/// Every stored evaluation of the image under the tag with the policy, newest first.
pub(super) fn history(
    tx: &mut Transaction<'_>,
    place: &Place<'_>,
) -> Result<Vec<PolicyEvaluationResult>> {
    tx.query(
        "SELECT evaluation FROM policy_evaluations WHERE image = $1 AND tag = $2 AND policy_id = $3 ORDER BY turn DESC",
        params![place.image, place.tag, place.policy_id],
        |row| row.json(0),
    )
}
