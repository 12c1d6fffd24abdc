//! Inventories in the database.

use super::types::{InventoryItem, InventoryType};
use crate::params;
use crate::store::{Conditions, Result, Transaction};
use crate::time::Timestamp;

/// What an object is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Namespace,
    Node,
    Pod,
    Container,
    EcsService,
    EcsTask,
    EcsContainer,
}

impl Kind {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Namespace => "namespace",
            Self::Node => "node",
            Self::Pod => "pod",
            Self::Container => "container",
            Self::EcsService => "ecs_service",
            Self::EcsTask => "ecs_task",
            Self::EcsContainer => "ecs_container",
        }
    }
}

/// An object that was reported.
pub(super) struct Object<'a> {
    pub(super) kind: Kind,
    pub(super) cluster: &'a str,
    pub(super) uid: &'a str,
    /// Name of a namespace; uid of the namespace of a pod.
    pub(super) namespace: Option<&'a str>,
    /// Where a container runs.
    pub(super) context: Option<&'a str>,
    pub(super) image_digest: Option<&'a str>,
    /// As clients see it, without the time.
    pub(super) shown: String,
}

/// Keeps an object as seen at a moment.
pub(super) fn keep(
    tx: &mut Transaction<'_>,
    account: &str,
    object: &Object<'_>,
    seen: Timestamp,
    now: Timestamp,
) -> Result<()> {
    tx.execute(
        "INSERT INTO inventory_objects (account_name, kind, cluster, uid, namespace, context, image_digest, shown,
                                        created_at, last_seen)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
         ON CONFLICT (account_name, kind, cluster, uid)
         DO UPDATE SET namespace = excluded.namespace, context = excluded.context,
                       image_digest = excluded.image_digest, shown = excluded.shown, last_seen = excluded.last_seen
         WHERE excluded.last_seen >= inventory_objects.last_seen",
        params![
            account,
            object.kind.as_str(),
            object.cluster,
            object.uid,
            object.namespace,
            object.context,
            object.image_digest,
            object.shown,
            now,
            seen,
        ],
    )?;
    Ok(())
}

/// Keeps that an image was seen running at a moment.
pub(super) fn keep_image(
    tx: &mut Transaction<'_>,
    account: &str,
    kind: InventoryType,
    context: &str,
    image: (&str, &str),
    seen: Timestamp,
    now: Timestamp,
) -> Result<()> {
    let (image_tag, image_digest) = image;
    tx.execute(
        "INSERT INTO inventory_images (account_name, inventory_type, context, image_tag, image_digest, created_at,
                                       last_updated, last_seen)
         VALUES ($1, $2, $3, $4, $5, $6, $6, $7)
         ON CONFLICT (account_name, inventory_type, context, image_tag, image_digest)
         DO UPDATE SET last_updated = excluded.last_updated, last_seen = excluded.last_seen
         WHERE excluded.last_seen >= inventory_images.last_seen",
        params![account, kind.as_str(), context, image_tag, image_digest, now, seen],
    )?;
    Ok(())
}

/// What is stored in the column `namespace` of an object that is there.
pub(super) fn namespace_of(
    tx: &mut Transaction<'_>,
    account: &str,
    kind: Kind,
    cluster: &str,
    uid: &str,
) -> Result<Option<String>> {
    tx.query_opt(
        "SELECT namespace FROM inventory_objects
         WHERE account_name = $1 AND kind = $2 AND cluster = $3 AND uid = $4",
        params![account, kind.as_str(), cluster, uid],
        |row| row.get::<Option<String>>(0),
    )
    .map(Option::flatten)
}

/// An object with the time it was last seen.
pub(super) struct Row {
    /// As clients see it, without the time.
    pub(super) shown: String,
    last_seen: String,
}

impl Row {
    /// As clients see it, with the time.
    pub(super) fn with_time(mut self) -> String {
        self.shown.truncate(self.shown.len() - 1);
        self.shown.push_str(",\"last_seen\":\"");
        self.shown.push_str(&self.last_seen);
        self.shown.push_str("\"}");
        self.shown
    }
}

/// A part of all objects of one kind, in the order they were first reported.
pub(super) fn page(
    tx: &mut Transaction<'_>,
    account: &str,
    kind: Kind,
    offset: i64,
    limit: i64,
) -> Result<Vec<Row>> {
    tx.query(
        "SELECT shown, last_seen FROM inventory_objects
         WHERE account_name = $1 AND kind = $2 ORDER BY id LIMIT $3 OFFSET $4",
        params![account, kind.as_str(), limit, offset],
        |row| {
            Ok(Row {
                shown: row.get(0)?,
                last_seen: row.get(1)?,
            })
        },
    )
}

/// One object.
pub(super) fn get(
    tx: &mut Transaction<'_>,
    account: &str,
    kind: Kind,
    uid: &str,
) -> Result<Option<Row>> {
    tx.query_opt(
        "SELECT shown, last_seen FROM inventory_objects WHERE account_name = $1 AND kind = $2 AND uid = $3
         ORDER BY last_seen DESC LIMIT 1",
        params![account, kind.as_str(), uid],
        |row| {
            Ok(Row {
                shown: row.get(0)?,
                last_seen: row.get(1)?,
            })
        },
    )
}

/// Names and uids of the namespaces of one cluster, or of all.
pub(super) fn namespaces(
    tx: &mut Transaction<'_>,
    account: &str,
    cluster: Option<&str>,
) -> Result<Vec<(String, String, String)>> {
    let mut conditions = Conditions::default();
    conditions
        .and("account_name = ?", account)
        .and_that("kind = 'namespace'")
        .and_if("cluster = ?", cluster.as_ref());
    let sql = format!(
        "SELECT cluster, uid, namespace FROM inventory_objects WHERE {} ORDER BY id",
        conditions.sql()
    );
    tx.query(&sql, conditions.values(), |row| {
        Ok((row.get(0)?, row.get(1)?, row.get(2)?))
    })
}

/// Forgets the pods and containers of a namespace, and that images run there.
pub(super) fn empty_namespace(
    tx: &mut Transaction<'_>,
    account: &str,
    cluster: &str,
    uid: &str,
    name: &str,
) -> Result<()> {
    tx.execute(
        "DELETE FROM inventory_objects
         WHERE account_name = $1 AND kind = 'pod' AND cluster = $2 AND namespace = $3",
        params![account, cluster, uid],
    )?;
    let context = format!("{cluster}/{name}");
    forget_images(tx, account, InventoryType::Kubernetes, &context, None)?;
    Ok(())
}

/// Forgets a namespace itself.
pub(super) fn delete_namespace(
    tx: &mut Transaction<'_>,
    account: &str,
    cluster: &str,
    uid: &str,
) -> Result<()> {
    tx.execute(
        "DELETE FROM inventory_objects
         WHERE account_name = $1 AND kind = 'namespace' AND cluster = $2 AND uid = $3",
        params![account, cluster, uid],
    )?;
    Ok(())
}

/// Forgets the services and tasks of an ECS cluster.
pub(super) fn empty_ecs_cluster(
    tx: &mut Transaction<'_>,
    account: &str,
    cluster: &str,
) -> Result<()> {
    for kind in [Kind::EcsService, Kind::EcsTask] {
        tx.execute(
            "DELETE FROM inventory_objects WHERE account_name = $1 AND kind = $2 AND cluster = $3",
            params![account, kind.as_str(), cluster],
        )?;
    }
    forget_images(tx, account, InventoryType::Ecs, cluster, None)?;
    Ok(())
}

/// Forgets that images run somewhere, and the containers there; tells how many images it were.
pub(super) fn forget_images(
    tx: &mut Transaction<'_>,
    account: &str,
    kind: InventoryType,
    context: &str,
    image_digest: Option<&str>,
) -> Result<usize> {
    let mut conditions = Conditions::default();
    conditions
        .and("account_name = ?", account)
        .and("context = ?", context)
        .and_if("image_digest = ?", image_digest.as_ref());
    let containers = match kind {
        InventoryType::Kubernetes => Kind::Container,
        InventoryType::Ecs => Kind::EcsContainer,
    };
    let sql = format!(
        "DELETE FROM inventory_objects WHERE {} AND kind = '{}'",
        conditions.sql(),
        containers.as_str()
    );
    tx.execute(&sql, conditions.values())?;
    let sql = format!(
        "DELETE FROM inventory_images WHERE {} AND inventory_type = '{}'",
        conditions.sql(),
        kind.as_str()
    );
    tx.execute(&sql, conditions.values())
}

/// Which images in use to read.
#[derive(Debug, Clone)]
pub(super) struct Filter {
    pub(super) inventory_type: Option<InventoryType>,
    pub(super) image_digest: Option<String>,
    pub(super) context: Option<String>,
}

/// At most `limit` images in use, in the order they were first reported, after a row.
pub(super) fn images(
    tx: &mut Transaction<'_>,
    account: &str,
    filter: &Filter,
    after: Option<&i64>,
    limit: i64,
) -> Result<Vec<(i64, InventoryItem)>> {
    let kind = filter.inventory_type.map(InventoryType::as_str);
    let mut conditions = Conditions::default();
    conditions
        .and("account_name = ?", account)
        .and_if("inventory_type = ?", kind.as_ref())
        .and_if("image_digest = ?", filter.image_digest.as_ref())
        .and_if("context = ?", filter.context.as_ref())
        .and_if("id > ?", after);
    let limit = conditions.bind(&limit);
    let sql = format!(
        "SELECT id, inventory_type, context, image_tag, image_digest, created_at, last_updated, last_seen
         FROM inventory_images WHERE {} ORDER BY id LIMIT {limit}",
        conditions.sql()
    );
    tx.query(&sql, conditions.values(), |row| {
        let item = InventoryItem {
            inventory_type: row.get(1)?,
            context: row.get(2)?,
            image_tag: row.get(3)?,
            image_digest: row.get(4)?,
            created_at: row.get(5)?,
            last_updated: row.get(6)?,
            last_seen: row.get(7)?,
        };
        Ok((row.get(0)?, item))
    })
}

/// When each image of an account was last seen running, by digest.
pub(crate) fn last_seen(
    tx: &mut Transaction<'_>,
    account: &str,
) -> Result<Vec<(String, Timestamp)>> {
    tx.query(
        "SELECT image_digest, max(last_seen) FROM inventory_images
         WHERE account_name = $1 AND image_digest <> '' GROUP BY image_digest",
        params![account],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )
}

/// Forgets what was last seen before a moment.
pub(super) fn forget_before(tx: &mut Transaction<'_>, moment: Timestamp) -> Result<()> {
    for table in ["inventory_objects", "inventory_images"] {
        tx.execute(
            &format!("DELETE FROM {table} WHERE last_seen < $1"),
            params![moment],
        )?;
    }
    Ok(())
}
