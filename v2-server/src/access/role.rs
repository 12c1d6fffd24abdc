//! The roles of the system: fixed sets of actions, written to the database at every start.

use std::fmt;

use super::action::ACTIONS;
use crate::params;
use crate::store::{Result, Transaction};
use crate::time::Timestamp;

/// A role that comes with the system. All are immutable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// Every action in the account.
    FullControl,
    /// Users of the account and their roles, nothing else.
    AccountUserAdmin,
    /// Everything but users and roles.
    ReadWrite,
    /// Looks, changes nothing.
    ReadOnly,
    /// Policies, and the images to try them on.
    PolicyEditor,
    /// Adds images and reads their evaluation: for build pipelines.
    ImageAnalyzer,
    /// Reports what runs in a cluster.
    InventoryAgent,
}

impl Role {
    /// All roles, in the order they are listed.
    pub(crate) const ALL: [Self; 7] = [
        Self::FullControl,
        Self::AccountUserAdmin,
        Self::ReadWrite,
        Self::ReadOnly,
        Self::PolicyEditor,
        Self::ImageAnalyzer,
        Self::InventoryAgent,
    ];

    /// The name in paths and answers.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::FullControl => "full-control",
            Self::AccountUserAdmin => "account-user-admin",
            Self::ReadWrite => "read-write",
            Self::ReadOnly => "read-only",
            Self::PolicyEditor => "policy-editor",
            Self::ImageAnalyzer => "image-analyzer",
            Self::InventoryAgent => "inventory-agent",
        }
    }

    fn description(self) -> &'static str {
        match self {
            Self::FullControl => "Every action on the resources, users and roles of an account",
            Self::AccountUserAdmin => {
                "Manages the users of an account and the roles they hold in it"
            }
            Self::ReadWrite => "Reads and changes the resources of an account, not its users",
            Self::ReadOnly => "Reads the resources of an account",
            Self::PolicyEditor => "Reads images and writes policies",
            Self::ImageAnalyzer => "Adds images and reads their analysis and evaluation",
            Self::InventoryAgent => "Reports the inventory of a runtime environment",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Writes the roles and what they allow. Memberships stay; a role's permissions become those of
/// this program.
pub(crate) fn seed(tx: &mut Transaction<'_>, now: Timestamp) -> Result<()> {
    for role in Role::ALL {
        tx.execute(
            "INSERT INTO roles (name, description, immutable, created_at, last_updated)
             VALUES ($1, $2, $3, $4, $4)
             ON CONFLICT (name) DO UPDATE SET description = excluded.description",
            params![role.name(), role.description(), true, now],
        )?;
        tx.execute(
            "DELETE FROM role_permissions WHERE role_name = $1",
            params![role.name()],
        )?;
        for action in ACTIONS.iter().filter(|action| action.is_allowed_to(role)) {
            tx.execute(
                "INSERT INTO role_permissions (role_name, action, target) VALUES ($1, $2, $3)",
                params![role.name(), action.name, "*"],
            )?;
        }
    }
    Ok(())
}
