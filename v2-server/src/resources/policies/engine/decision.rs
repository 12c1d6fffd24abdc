//! From findings to a decision.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What findings lead to, from worst to best, so that the smallest of several is the one that counts.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Action {
    /// The image fails.
    Stop,
    /// The image passes, but someone should look.
    Warn,
    /// The image passes.
    Go,
}

impl Action {
    /// The worst of several; `go` when there are none.
    pub(crate) fn worst(actions: impl IntoIterator<Item = Self>) -> Self {
        actions.into_iter().min().unwrap_or(Self::Go)
    }

    /// The word that clients see.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Stop => "stop",
            Self::Warn => "warn",
            Self::Go => "go",
        }
    }
}

/// Whether the image passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Status {
    /// The final action is `stop`.
    Fail,
    /// The final action is `go` or `warn`.
    Pass,
}

impl From<Action> for Status {
    fn from(action: Action) -> Self {
        match action {
            Action::Stop => Self::Fail,
            Action::Warn | Action::Go => Self::Pass,
        }
    }
}

/// Why the final action is what it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum FinalActionReason {
    /// The rules decided.
    PolicyEvaluation,
    /// The image is allowed as a whole.
    Allowlisted,
    /// The image is denied as a whole.
    Denylisted,
}

/// The final action: denied images stop, then allowed images go, then the rules decide.
pub(super) fn conclude(
    policy_action: Action,
    is_denylisted: bool,
    is_allowlisted: bool,
) -> (Action, FinalActionReason) {
    if is_denylisted {
        (Action::Stop, FinalActionReason::Denylisted)
    } else if is_allowlisted {
        (Action::Go, FinalActionReason::Allowlisted)
    } else {
        (policy_action, FinalActionReason::PolicyEvaluation)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ALL: [Action; 3] = [Action::Stop, Action::Warn, Action::Go];

    #[test]
    fn nothing_found_means_go() {
        assert_eq!(Action::worst([]), Action::Go);
    }

    #[test]
    fn a_warning_passes() {
        assert_eq!(Status::from(Action::Warn), Status::Pass);
        assert_eq!(Status::from(Action::Stop), Status::Fail);
    }

    #[test]
    fn denied_wins_over_allowed_and_both_over_the_rules() {
        for action in ALL {
            assert_eq!(
                conclude(action, true, true),
                (Action::Stop, FinalActionReason::Denylisted)
            );
            assert_eq!(
                conclude(action, false, true),
                (Action::Go, FinalActionReason::Allowlisted)
            );
            assert_eq!(
                conclude(action, false, false),
                (action, FinalActionReason::PolicyEvaluation)
            );
        }
    }

    fn actions() -> impl Strategy<Value = Vec<Action>> {
        prop::collection::vec(prop::sample::select(&ALL[..]), 0..12)
    }

    proptest! {
        #[test]
        fn the_worst_does_not_depend_on_order_or_grouping(mut list in actions(), cut in 0usize..12) {
            let worst = Action::worst(list.iter().copied());
            let cut = cut.min(list.len());
            let (left, right) = list.split_at(cut);
            prop_assert_eq!(
                worst,
                Action::worst([
                    Action::worst(left.iter().copied()),
                    Action::worst(right.iter().copied()),
                ])
            );
            list.reverse();
            prop_assert_eq!(worst, Action::worst(list));
        }

        #[test]
        fn one_more_finding_never_makes_it_better(list in actions(), more in prop::sample::select(&ALL[..])) {
            let before = Action::worst(list.iter().copied());
            let after = Action::worst(list.into_iter().chain([more]));
            prop_assert!(after <= before);
            prop_assert!(after <= more);
        }

        #[test]
        fn stop_is_the_worst_exactly_when_something_stops(list in actions()) {
            let stops = list.contains(&Action::Stop);
            prop_assert_eq!(Action::worst(list) == Action::Stop, stops);
        }
    }
}
