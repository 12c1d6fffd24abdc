//! Applications in the database.

use super::types::{Application, ApplicationVersion, ArtifactAssociationMetadata, ImageArtifact};
use crate::params;
use crate::resources::images::record::store::ImageKey;
use crate::resources::sources::store::SourceKey;
use crate::store::{FromValue, Result, Row, ToValue, Transaction, Value};
use crate::time::Timestamp;

macro_rules! keys {
    ($($(#[$doc:meta])* $name:ident, $expected:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) struct $name(i64);

        impl ToValue for $name {
            fn to_value(&self) -> Value<'_> {
                Value::Integer(self.0)
            }
        }

        impl FromValue for $name {
            const EXPECTED: &'static str = $expected;

            fn from_value(value: Value<'_>) -> Option<Self> {
                i64::from_value(value).map(Self)
            }
        }
    )*};
}

keys! {
    /// The row of an application.
    ApplicationKey, "an application";
    /// The row of a version.
    VersionKey, "a version";
}

/// Applications of an account, oldest first.
pub(super) fn list(
    tx: &mut Transaction<'_>,
    account: &str,
) -> Result<Vec<(ApplicationKey, Application)>> {
    tx.query(
        "SELECT id, uuid, name, description, created_at, last_updated FROM applications
         WHERE account_name = $1 ORDER BY id",
        params![account],
        read,
    )
}

/// One application of an account.
pub(super) fn get(
    tx: &mut Transaction<'_>,
    account: &str,
    uuid: &str,
) -> Result<Option<(ApplicationKey, Application)>> {
    tx.query_opt(
        "SELECT id, uuid, name, description, created_at, last_updated FROM applications
         WHERE account_name = $1 AND uuid = $2",
        params![account, uuid],
        read,
    )
}

/// Makes an application; nothing when the name is taken.
pub(super) fn insert(
    tx: &mut Transaction<'_>,
    account: &str,
    application: &Application,
) -> Result<Option<ApplicationKey>> {
    tx.query_opt(
        "INSERT INTO applications (uuid, account_name, name, description, created_at, last_updated)
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING RETURNING id",
        params![
            application.application_id,
            account,
            application.name,
            application.description,
            application.created_at,
            application.last_updated,
        ],
        |row| row.get(0),
    )
}

/// Whether another application of the account has a name.
pub(super) fn is_taken(
    tx: &mut Transaction<'_>,
    account: &str,
    name: &str,
    but: ApplicationKey,
) -> Result<bool> {
    tx.query_value(
        "SELECT EXISTS (SELECT 1 FROM applications WHERE account_name = $1 AND name = $2 AND id <> $3)",
        params![account, name, but],
    )
}

/// Writes a changed application.
pub(super) fn update(
    tx: &mut Transaction<'_>,
    key: ApplicationKey,
    application: &Application,
) -> Result<()> {
    tx.execute(
        "UPDATE applications SET name = $2, description = $3, last_updated = $4 WHERE id = $1",
        params![
            key,
            application.name,
            application.description,
            application.last_updated,
        ],
    )?;
    Ok(())
}

/// Removes an application with its versions.
pub(super) fn delete(tx: &mut Transaction<'_>, key: ApplicationKey) -> Result<()> {
    tx.execute("DELETE FROM applications WHERE id = $1", params![key])?;
    Ok(())
}

/// Versions of an application, oldest first.
pub(super) fn versions(
    tx: &mut Transaction<'_>,
    application: ApplicationKey,
) -> Result<Vec<ApplicationVersion>> {
    tx.query(
        "SELECT v.id, v.uuid, a.uuid, v.version_name, v.created_at, v.last_updated
         FROM application_versions v JOIN applications a ON a.id = v.application
         WHERE v.application = $1 ORDER BY v.id",
        params![application],
        |row| read_version(row).map(|(_, version)| version),
    )
}

/// One version of an application.
pub(super) fn version(
    tx: &mut Transaction<'_>,
    application: ApplicationKey,
    uuid: &str,
) -> Result<Option<(VersionKey, ApplicationVersion)>> {
    tx.query_opt(
        "SELECT v.id, v.uuid, a.uuid, v.version_name, v.created_at, v.last_updated
         FROM application_versions v JOIN applications a ON a.id = v.application
         WHERE v.uuid = $2 AND v.application = $1",
        params![application, uuid],
        read_version,
    )
}

/// Makes a version; tells whether the name was free.
pub(super) fn insert_version(
    tx: &mut Transaction<'_>,
    application: ApplicationKey,
    version: &ApplicationVersion,
) -> Result<bool> {
    let added = tx.execute(
        "INSERT INTO application_versions (uuid, application, version_name, created_at, last_updated)
         VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
        params![
            version.application_version_id,
            application,
            version.version_name,
            version.created_at,
            version.last_updated,
        ],
    )?;
    Ok(added == 1)
}

/// Whether another version of the application has a name.
pub(super) fn is_version_taken(
    tx: &mut Transaction<'_>,
    application: ApplicationKey,
    name: &str,
    but: VersionKey,
) -> Result<bool> {
    tx.query_value(
        "SELECT EXISTS (SELECT 1 FROM application_versions
                        WHERE application = $1 AND version_name = $2 AND id <> $3)",
        params![application, name, but],
    )
}

/// Renames a version.
pub(super) fn rename_version(
    tx: &mut Transaction<'_>,
    key: VersionKey,
    name: &str,
    now: Timestamp,
) -> Result<()> {
    tx.execute(
        "UPDATE application_versions SET version_name = $2, last_updated = $3 WHERE id = $1",
        params![key, name, now],
    )?;
    Ok(())
}

/// Removes a version.
pub(super) fn delete_version(tx: &mut Transaction<'_>, key: VersionKey) -> Result<()> {
    tx.execute(
        "DELETE FROM application_versions WHERE id = $1",
        params![key],
    )?;
    Ok(())
}

/// What is added to a version.
#[derive(Debug, Clone, Copy)]
pub(super) enum Artifact {
    Image(ImageKey),
    Source(SourceKey),
}

/// Adds an artifact to a version; tells whether it was new there.
pub(super) fn associate(
    tx: &mut Transaction<'_>,
    version: VersionKey,
    artifact: Artifact,
    metadata: &ArtifactAssociationMetadata,
) -> Result<bool> {
    let (image, source) = match artifact {
        Artifact::Image(image) => (Some(image), None),
        Artifact::Source(source) => (None, Some(source)),
    };
    let added = tx.execute(
        "INSERT INTO application_artifacts (uuid, version, image, source, created_at, last_updated)
         VALUES ($1, $2, $3, $4, $5, $5) ON CONFLICT DO NOTHING",
        params![
            metadata.association_id,
            version,
            image,
            source,
            metadata.created_at
        ],
    )?;
    Ok(added == 1)
}

/// Takes an artifact out of a version; tells whether it was there.
pub(super) fn dissociate(
    tx: &mut Transaction<'_>,
    version: VersionKey,
    association: &str,
) -> Result<bool> {
    let removed = tx.execute(
        "DELETE FROM application_artifacts WHERE version = $1 AND uuid = $2",
        params![version, association],
    )?;
    Ok(removed > 0)
}

/// The images of a version, in the order they were added.
pub(super) fn images(
    tx: &mut Transaction<'_>,
    version: VersionKey,
) -> Result<Vec<(ImageKey, ArtifactAssociationMetadata, ImageArtifact)>> {
    tx.query(
        "SELECT i.id, x.uuid, x.created_at, x.last_updated, i.account_name, i.image_digest, i.distro, i.distro_version,
                i.analysis_status, i.image_status, i.analyzed_at, i.created_at, i.last_updated
         FROM application_artifacts x JOIN images i ON i.id = x.image
         WHERE x.version = $1 AND i.image_status = 'active' ORDER BY x.id",
        params![version],
        |row| Ok((row.get(0)?, metadata(row)?, read_image(row)?)),
    )
}

/// One image as artifacts are shown, by the columns that [`images`] reads.
pub(super) fn image(tx: &mut Transaction<'_>, image: ImageKey) -> Result<Option<ImageArtifact>> {
    tx.query_opt(
        "SELECT id, '', '', '', account_name, image_digest, distro, distro_version, analysis_status, image_status,
                analyzed_at, created_at, last_updated
         FROM images WHERE id = $1",
        params![image],
        read_image,
    )
}

/// The sources of a version with their ids, in the order they were added.
pub(super) fn sources(
    tx: &mut Transaction<'_>,
    version: VersionKey,
) -> Result<Vec<(SourceKey, ArtifactAssociationMetadata, String)>> {
    tx.query(
        "SELECT s.id, x.uuid, x.created_at, x.last_updated, s.uuid
         FROM application_artifacts x JOIN sources s ON s.id = x.source WHERE x.version = $1 ORDER BY x.id",
        params![version],
        |row| Ok((row.get(0)?, metadata(row)?, row.get(4)?)),
    )
}

/// Whether any version has a source.
pub(crate) fn has_source(tx: &mut Transaction<'_>, source: SourceKey) -> Result<bool> {
    tx.query_value(
        "SELECT EXISTS (SELECT 1 FROM application_artifacts WHERE source = $1)",
        params![source],
    )
}

fn metadata(row: &Row<'_>) -> Result<ArtifactAssociationMetadata> {
    Ok(ArtifactAssociationMetadata {
        association_id: row.get(1)?,
        created_at: row.get(2)?,
        last_updated: row.get(3)?,
    })
}

fn read_image(row: &Row<'_>) -> Result<ImageArtifact> {
    Ok(ImageArtifact {
        account_name: row.get(4)?,
        image_digest: row.get(5)?,
        distro: row.get(6)?,
        distro_version: row.get(7)?,
        analysis_status: row.get(8)?,
        image_status: row.get(9)?,
        analyzed_at: row.get(10)?,
        created_at: row.get(11)?,
        last_updated: row.get(12)?,
    })
}

fn read(row: &Row<'_>) -> Result<(ApplicationKey, Application)> {
    let application = Application {
        application_id: row.get(1)?,
        name: row.get(2)?,
        description: row.get(3)?,
        application_versions: None,
        created_at: row.get(4)?,
        last_updated: row.get(5)?,
    };
    Ok((row.get(0)?, application))
}

fn read_version(row: &Row<'_>) -> Result<(VersionKey, ApplicationVersion)> {
    let version = ApplicationVersion {
        application_version_id: row.get(1)?,
        application_id: row.get(2)?,
        version_name: row.get(3)?,
        created_at: row.get(4)?,
        last_updated: row.get(5)?,
    };
    Ok((row.get(0)?, version))
}
