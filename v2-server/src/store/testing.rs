//! A database for one test: SQLite in a folder of its own, or, where `WINDLASS_TEST_DATABASE` is
//! the address of a PostgreSQL database, a schema of its own in that one. Schemas are left behind:
//! the whole database is for tests.

use std::sync::Arc;

use tempfile::TempDir;
use tokio_postgres::NoTls;
use uuid::Uuid;

use super::meter::Meter;
use super::migrate::Dialect;
use super::postgres::Postgres;
use super::sqlite::Sqlite;
use super::{Result, Store};
use crate::store;

/// An empty database.
pub(crate) struct Database {
    folder: TempDir,
    url: Option<String>,
}

impl Database {
    pub(crate) async fn new() -> Self {
        let server = std::env::var("WINDLASS_TEST_DATABASE").ok();
        let url = match server.filter(|server| !server.is_empty()) {
            Some(server) => Some(new_schema(&server).await),
            None => None,
        };
        Self {
            folder: tempfile::tempdir().unwrap(),
            url,
        }
    }

    /// Opens it, once more if it is open.
    pub(crate) async fn open(&self) -> Result<Store> {
        match &self.url {
            Some(url) => Store::connect(url).await,
            None => Store::open(self.folder()).await,
        }
    }

    /// Opens it as it is, which is empty, for tests of migrations.
    pub(super) fn unmigrated(&self) -> (Store, Dialect) {
        let meter = Meter::new();
        let (database, dialect) = if let Some(url) = &self.url {
            let postgres = Postgres::new(url, meter.repeats().clone()).unwrap();
            let database = store::Database::Postgres(Arc::new(postgres));
            (database, Dialect::Postgres)
        } else {
            let sqlite = Sqlite::open(self.folder()).unwrap();
            (store::Database::Sqlite(Arc::new(sqlite)), Dialect::Sqlite)
        };
        (Store { database, meter }, dialect)
    }

    pub(crate) fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// Its address, where it is PostgreSQL.
    pub(crate) fn url(&self) -> Option<&str> {
        self.url.as_deref()
    }
}

async fn new_schema(server: &str) -> String {
    let name = format!("test_{}", Uuid::new_v4().simple());
    let (client, connection) = tokio_postgres::connect(server, NoTls).await.unwrap();
    tokio::spawn(connection);
    let create = format!("CREATE SCHEMA {name}");
    client.batch_execute(&create).await.unwrap();
    format!("{server}?options=-c%20search_path%3D{name}")
}
