//! The catalogue of actions: every permission there is, where it applies, and which roles hold it.
//!
//! The core of each role is what the published role tables say. Actions that are newer than those
//! tables follow one rule: `read-only` holds every `list…` and `get…` of an account's resources,
//! `read-write` also every change to them, and the agents what their work needs.

use super::role::Role;

/// The domain of actions on the system as a whole. No account can have this name, so no role
/// reaches it: only administrators do.
pub(crate) const GLOBAL_DOMAIN: &str = "system";

/// Where an action applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Domain {
    /// The account in the path (`/accounts/{account_name}/…`), else the one the caller acts in.
    Account,
    /// The system as a whole.
    Global,
    /// An account named in the body or the query; the handler checks the permission.
    Named,
    /// Whoever has logged in may.
    Everyone,
}

/// One permission.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Action {
    /// The name, as in the document's `x-anchore-authz-action`.
    pub(crate) name: &'static str,
    /// Where it applies.
    pub(crate) domain: Domain,
    /// Who holds it besides `full-control`.
    roles: &'static [Role],
}

impl Action {
    /// Whether `role` allows this action.
    pub(crate) fn is_allowed_to(&self, role: Role) -> bool {
        role == Role::FullControl || self.roles.contains(&role)
    }
}

/// The action of this name.
pub(crate) fn find(name: &str) -> Option<&'static Action> {
    ACTIONS
        .binary_search_by_key(&name, |action| action.name)
        .ok()
        .map(|at| &ACTIONS[at])
}

const fn act(name: &'static str, domain: Domain, roles: &'static [Role]) -> Action {
    Action {
        name,
        domain,
        roles,
    }
}

use Domain::{Account, Everyone, Global, Named};

const USERS: &[Role] = &[Role::AccountUserAdmin];
const READERS: &[Role] = &[Role::ReadOnly, Role::ReadWrite];
const WRITERS: &[Role] = &[Role::ReadWrite];
const IMAGE_READERS: &[Role] = &[
    Role::ReadOnly,
    Role::ReadWrite,
    Role::PolicyEditor,
    Role::ImageAnalyzer,
];
const IMAGE_WRITERS: &[Role] = &[Role::ReadWrite, Role::ImageAnalyzer];
const PIPELINE_READERS: &[Role] = &[Role::ReadOnly, Role::ReadWrite, Role::ImageAnalyzer];
const POLICY_READERS: &[Role] = &[Role::ReadOnly, Role::ReadWrite, Role::PolicyEditor];
const POLICY_WRITERS: &[Role] = &[Role::ReadWrite, Role::PolicyEditor];
const INVENTORY_READERS: &[Role] = &[Role::ReadOnly, Role::ReadWrite, Role::InventoryAgent];
const INVENTORY_WRITERS: &[Role] = &[Role::ReadWrite, Role::InventoryAgent];

/// Every action, by name.
pub(crate) static ACTIONS: &[Action] = &[
    act("addAction", Account, WRITERS),
    act("addCorrection", Account, WRITERS),
    act("createAccount", Global, &[]),
    act("createApplication", Account, WRITERS),
    act("createArchiveTransitionRule", Account, WRITERS),
    act("createArchivedImageAnalysis", Account, WRITERS),
    act("createArtifactRelationship", Account, WRITERS),
    act("createImage", Account, IMAGE_WRITERS),
    act("createNotificationEndpointConfiguration", Account, WRITERS),
    act("createPolicy", Account, POLICY_WRITERS),
    act("createRegistry", Account, WRITERS),
    act("createRepository", Account, WRITERS),
    act("createRoleMember", Named, USERS),
    act("createSubscription", Account, WRITERS),
    act("createUser", Account, USERS),
    act("deleteAccount", Global, &[]),
    act("deleteApplication", Account, WRITERS),
    act("deleteArchiveTransitionRule", Account, WRITERS),
    act("deleteArchivedImageAnalysis", Account, WRITERS),
    act("deleteArtifactRelationships", Account, WRITERS),
    act("deleteCorrection", Account, WRITERS),
    act("deleteEvents", Account, WRITERS),
    act("deleteImage", Account, WRITERS),
    act("deleteInventory", Account, WRITERS),
    act("deleteKubernetesNamespaces", Account, WRITERS),
    act("deleteNotificationEndpointConfiguration", Account, WRITERS),
    act("deletePolicy", Account, POLICY_WRITERS),
    act("deleteRegistry", Account, WRITERS),
    act("deleteRoleMember", Named, USERS),
    act("deleteService", Global, &[]),
    act("deleteSubscription", Account, WRITERS),
    act("deleteUser", Account, USERS),
    act("getAccount", Account, READERS),
    act("getActions", Account, READERS),
    act("getAlert", Account, READERS),
    act("getApplication", Account, READERS),
    act("getArchiveTransitionRule", Account, READERS),
    act("getArchivedImageAnalysis", Account, READERS),
    act("getArtifactRelationship", Account, READERS),
    act("getArtifactRelationshipDiff", Account, READERS),
    act("getCorrection", Account, READERS),
    act("getECSContainers", Account, READERS),
    act("getECSServices", Account, READERS),
    act("getECSTasks", Account, READERS),
    act("getEvent", Account, PIPELINE_READERS),
    act("getImage", Account, IMAGE_READERS),
    act("getImageEvaluation", Account, IMAGE_READERS),
    act("getKubernetesContainers", Account, READERS),
    act("getKubernetesNamespaces", Account, READERS),
    act("getKubernetesNodes", Account, READERS),
    act("getKubernetesPods", Account, READERS),
    act("getNotificationEndpointConfiguration", Account, READERS),
    act("getPolicy", Account, POLICY_READERS),
    act("getRegistry", Account, READERS),
    act("getRole", Account, USERS),
    act("getService", Global, &[]),
    act("getSource", Account, PIPELINE_READERS),
    act("getSourceEvaluation", Account, PIPELINE_READERS),
    act("getSubscription", Account, PIPELINE_READERS),
    act("getUser", Account, USERS),
    act("importImage", Account, IMAGE_WRITERS),
    act("importSource", Account, IMAGE_WRITERS),
    act("listAccounts", Global, &[]),
    act("listAlerts", Account, READERS),
    act("listArchiveTransitionRules", Account, READERS),
    act("listArchivedImageAnalysis", Account, READERS),
    act("listArchives", Account, READERS),
    act("listArtifactRelationships", Account, READERS),
    act("listEvents", Account, PIPELINE_READERS),
    // Servers have always shown the feeds to everyone who can log in.
    act("listFeeds", Everyone, READERS),
    act("listImages", Account, IMAGE_READERS),
    act("listNotificationEndpointConfigurations", Account, READERS),
    act("listNotificationEndpoints", Account, READERS),
    act("listPolicies", Account, POLICY_READERS),
    act("listRegistries", Account, READERS),
    act("listRoleMembers", Named, USERS),
    act("listRoles", Account, USERS),
    act("listRuntimeInventories", Account, INVENTORY_READERS),
    act("listServices", Global, &[]),
    act("listSources", Account, READERS),
    act("listSubscriptions", Account, IMAGE_READERS),
    act("listUsers", Account, USERS),
    act("syncInventory", Account, INVENTORY_WRITERS),
    act("updateAccount", Global, &[]),
    act("updateAlert", Account, WRITERS),
    act("updateApplication", Account, WRITERS),
    act("updateCorrection", Account, WRITERS),
    act("updateFeeds", Global, &[]),
    act("updateNotificationEndpoint", Global, &[]),
    act("updateNotificationEndpointConfiguration", Account, WRITERS),
    act("updatePolicy", Account, POLICY_WRITERS),
    act("updateRegistry", Account, WRITERS),
    act("updateSubscription", Account, WRITERS),
    act("updateUser", Account, USERS),
    act("viewReports", Account, READERS),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_catalogue_is_sorted_for_the_search() {
        assert!(ACTIONS.is_sorted_by(|a, b| a.name < b.name));
        assert!(
            ACTIONS
                .iter()
                .all(|action| find(action.name) == Some(action))
        );
        assert_eq!(find("nosuch"), None);
    }

    #[test]
    fn readers_change_nothing() {
        for action in ACTIONS
            .iter()
            .filter(|action| action.is_allowed_to(Role::ReadOnly))
        {
            let reads = ["get", "list", "view"]
                .iter()
                .any(|verb| action.name.starts_with(verb));
            assert!(reads, "{} is no reading", action.name);
        }
    }
}
