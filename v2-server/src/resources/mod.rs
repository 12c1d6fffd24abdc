//! One folder per first path segment; in each the same names: `handlers`, `types`, `store`, `tests`.

pub(crate) mod account;
pub(crate) mod accounts;
pub(crate) mod alerts;
pub(crate) mod applications;
pub(crate) mod archives;
pub(crate) mod artifact_relationships;
pub(crate) mod corrections;
pub(crate) mod event_types;
pub(crate) mod events;
pub(crate) mod images;
pub(crate) mod imports;
pub(crate) mod inventories;
pub(crate) mod oauth;
pub(crate) mod policies;
pub(crate) mod probes;
pub(crate) mod query;
pub(crate) mod rbac_manager;
pub(crate) mod registries;
pub(crate) mod reporting;
pub(crate) mod repositories;
pub(crate) mod sources;
pub(crate) mod subscriptions;
pub(crate) mod summaries;
pub(crate) mod system;
pub(crate) mod user;
pub(crate) mod vulnerability_scan;
