//! `always`: for trying out mappings and allowlists, and for stopping everything a mapping selects.

use crate::time::Timestamp;

use super::super::catalogue::{Build, Gate, State, Trigger};
use super::super::engine::{Check, CheckError, Match, Subject};

pub(super) const GATE: Gate = Gate {
    name: "always",
    description: "Fires whatever the image holds.",
    state: State::Active,
    superseded_by: None,
    triggers: &[Trigger::new(
        "always",
        "Fires once for every image that the rule is evaluated on.",
        Build::Check(|_| Box::new(Always)),
    )],
};

#[derive(Debug)]
struct Always;

impl Check for Always {
    fn run(&self, _: &Subject, _: Timestamp) -> Result<Vec<Match>, CheckError> {
        Ok(vec![Match::with_id(
            "always",
            "Unconditional trigger match",
        )])
    }
}

#[cfg(test)]
mod tests {
    use crate::resources::policies::engine::testing::{Rule, subject};

    #[test]
    fn fires_once_under_its_own_id() {
        let found = Rule::new("always", "always").run(&subject());
        assert_eq!(
            found,
            [(
                "always".to_owned(),
                "Unconditional trigger match".to_owned()
            )]
        );
    }
}
