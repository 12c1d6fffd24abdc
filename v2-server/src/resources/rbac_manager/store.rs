//! Roles and memberships in the database.

use super::types::{
    RbacManagerPermission, RbacManagerRole, RbacManagerRoleMember, RbacManagerRoleMembership,
    RbacManagerRoleSummary,
};
use crate::params;
use crate::store::{Result, Transaction};
use crate::time::Timestamp;

/// All roles, by name.
pub(super) fn roles(tx: &mut Transaction<'_>) -> Result<Vec<RbacManagerRoleSummary>> {
    tx.query(
        "SELECT name, description, created_at FROM roles ORDER BY name",
        params![],
        |row| {
            Ok(RbacManagerRoleSummary {
                name: row.get(0)?,
                description: row.get(1)?,
                created_at: row.get(2)?,
            })
        },
    )
}

/// One role with all it allows.
pub(super) fn role(tx: &mut Transaction<'_>, name: &str) -> Result<Option<RbacManagerRole>> {
    let permissions = tx.query(
        "SELECT action, target FROM role_permissions WHERE role_name = $1 ORDER BY action",
        params![name],
        |row| {
            Ok(RbacManagerPermission {
                action: row.get(0)?,
                target: row.get(1)?,
            })
        },
    )?;
    tx.query_opt(
        "SELECT name, description, immutable, created_at, last_updated FROM roles WHERE name = $1",
        params![name],
        |row| {
            Ok(RbacManagerRole {
                name: row.get(0)?,
                description: row.get(1)?,
                permissions,
                immutable: row.get(2)?,
                created_at: row.get(3)?,
                last_updated: row.get(4)?,
            })
        },
    )
}

/// Whether there is a role of this name.
pub(super) fn has_role(tx: &mut Transaction<'_>, name: &str) -> Result<bool> {
    tx.query_value(
        "SELECT EXISTS (SELECT 1 FROM roles WHERE name = $1)",
        params![name],
    )
}

/// The accounts in which the user's roles allow `action`.
pub(super) fn domains_with(
    tx: &mut Transaction<'_>,
    username: &str,
    action: &str,
) -> Result<Vec<String>> {
    tx.query(
        "SELECT DISTINCT m.for_account FROM role_members m
         JOIN role_permissions p ON p.role_name = m.role_name
         WHERE m.username = $1 AND p.action = $2",
        params![username, action],
        |row| row.get(0),
    )
}

/// Who holds a role, with `account` only there.
pub(super) fn members(
    tx: &mut Transaction<'_>,
    role: &str,
    account: Option<&str>,
) -> Result<Vec<RbacManagerRoleMember>> {
    tx.query(
        "SELECT username, for_account, created_at FROM role_members
         WHERE role_name = $1 AND (CAST($2 AS TEXT) IS NULL OR for_account = $2)
         ORDER BY for_account, username",
        params![role, account],
        |row| {
            Ok(RbacManagerRoleMember {
                username: row.get(0)?,
                for_account: row.get(1)?,
                created_at: row.get(2)?,
            })
        },
    )
}

/// The roles of a user, narrowed to an account and a role where given.
pub(super) fn memberships(
    tx: &mut Transaction<'_>,
    username: &str,
    account: Option<&str>,
    role: Option<&str>,
) -> Result<Vec<RbacManagerRoleMembership>> {
    tx.query(
        "SELECT role_name, for_account, created_at FROM role_members
         WHERE username = $1 AND (CAST($2 AS TEXT) IS NULL OR for_account = $2)
           AND (CAST($3 AS TEXT) IS NULL OR role_name = $3)
         ORDER BY for_account, role_name",
        params![username, account, role],
        |row| {
            Ok(RbacManagerRoleMembership {
                role: row.get(0)?,
                for_account: row.get(1)?,
                created_at: row.get(2)?,
            })
        },
    )
}

/// Gives a user a role, unless it is held already; the membership as it is then.
pub(super) fn add_member(
    tx: &mut Transaction<'_>,
    role: &str,
    username: &str,
    account: &str,
    now: Timestamp,
) -> Result<RbacManagerRoleMember> {
    tx.execute(
        "INSERT INTO role_members (role_name, username, for_account, created_at)
         VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
        params![role, username, account, now],
    )?;
    let created_at = tx.query_value(
        "SELECT created_at FROM role_members
         WHERE role_name = $1 AND username = $2 AND for_account = $3",
        params![role, username, account],
    )?;
    Ok(RbacManagerRoleMember {
        username: username.to_owned(),
        for_account: account.to_owned(),
        created_at: Some(created_at),
    })
}

/// Takes a role from a user; tells whether it was held.
pub(super) fn remove_member(
    tx: &mut Transaction<'_>,
    role: &str,
    username: &str,
    account: &str,
) -> Result<bool> {
    let removed = tx.execute(
        "DELETE FROM role_members WHERE role_name = $1 AND username = $2 AND for_account = $3",
        params![role, username, account],
    )?;
    Ok(removed == 1)
}
