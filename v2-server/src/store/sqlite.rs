//! SQLite: one connection that writes, several that read, all in write-ahead mode.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, ToSql, TransactionBehavior};
use tokio::sync::{Mutex, Semaphore};

use super::{Error, Result, Transaction, Value};

/// Name of the database file in the data folder.
const FILE: &str = "windlass.db";
/// How many transactions may read at once; more wait for their turn.
const READERS: usize = 8;
/// How long a statement waits for another program that holds the file.
const BUSY: Duration = Duration::from_secs(10);
/// How many prepared statements a connection keeps.
const STATEMENTS: usize = 512;

/// The connections to one database file.
pub(super) struct Sqlite {
    file: PathBuf,
    /// Fair: writers get it in the order they asked.
    writer: Arc<Mutex<Connection>>,
    /// Idle readers. Opened when first needed, so that start-up opens one connection only.
    readers: Arc<std::sync::Mutex<Vec<Connection>>>,
    permits: Arc<Semaphore>,
}

impl Sqlite {
    pub(super) fn open(folder: &Path) -> Result<Self> {
        make_private(folder).map_err(|source| Error::Folder {
            folder: folder.to_owned(),
            source,
        })?;
        let file = folder.join(FILE);
        let writer = connect(&file)?;
        // Readers never wait for the writer in this mode, nor the writer for them.
        writer.pragma_update(None, "journal_mode", "wal")?;
        // Enough while the tables are made: what a power cut takes is made again.
        writer.pragma_update(None, "synchronous", "normal")?;
        Ok(Self {
            file,
            writer: Arc::new(Mutex::new(writer)),
            readers: Arc::default(),
            permits: Arc::new(Semaphore::new(READERS)),
        })
    }

    /// Makes the tables with `migrate`, and from then on keeps what was acknowledged through a power
    /// cut, not only through a crash.
    pub(super) fn prepare(
        &self,
        migrate: impl Fn(&mut Transaction<'_>) -> Result<bool>,
    ) -> Result<()> {
        let mut writer = self
            .writer
            .try_lock()
            .expect("nobody else has the store before it is returned");
        while run(&mut writer, TransactionBehavior::Immediate, &migrate)? {}
        writer.pragma_update(None, "synchronous", "full")?;
        Ok(())
    }

    /// Whether all connections are in use.
    pub(super) fn is_busy(&self) -> bool {
        self.permits.available_permits() == 0
    }

    pub(super) async fn read<T, E, F>(&self, work: F) -> std::result::Result<T, E>
    where
        F: Fn(&mut Transaction<'_>) -> std::result::Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        let permit = Arc::clone(&self.permits)
            .acquire_owned()
            .await
            .expect("the semaphore is never closed");
        let readers = Arc::clone(&self.readers);
        let file = self.file.clone();
        on_blocking_thread(move || {
            let idle = lock(&readers).pop();
            let mut connection = match idle {
                Some(connection) => connection,
                None => reader(&file)?,
            };
            let outcome = run(&mut connection, TransactionBehavior::Deferred, &work);
            lock(&readers).push(connection);
            drop(permit);
            outcome
        })
        .await
    }

    pub(super) async fn write<T, E, F>(&self, work: F) -> std::result::Result<T, E>
    where
        F: Fn(&mut Transaction<'_>) -> std::result::Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        let mut connection = Arc::clone(&self.writer).lock_owned().await;
        on_blocking_thread(move || run(&mut connection, TransactionBehavior::Immediate, &work))
            .await
    }
}

/// A client that goes away does not stop `work`: what has begun is finished, and committed.
async fn on_blocking_thread<T, E>(
    work: impl FnOnce() -> std::result::Result<T, E> + Send + 'static,
) -> std::result::Result<T, E>
where
    T: Send + 'static,
    E: From<Error> + Send + 'static,
{
    tokio::task::spawn_blocking(work)
        .await
        .map_err(Error::Thread)?
}

fn run<T, E: From<Error>>(
    connection: &mut Connection,
    behaviour: TransactionBehavior,
    work: impl Fn(&mut Transaction<'_>) -> std::result::Result<T, E>,
) -> std::result::Result<T, E> {
    let transaction = connection
        .transaction_with_behavior(behaviour)
        .map_err(Error::from)?;
    // Dropped without a commit, the transaction is rolled back.
    let value = work(&mut Transaction::sqlite(&transaction))?;
    transaction.commit().map_err(Error::from)?;
    Ok(value)
}

fn reader(file: &Path) -> Result<Connection> {
    let connection = connect(file)?;
    connection.pragma_update(None, "query_only", true)?;
    Ok(connection)
}

fn connect(file: &Path) -> Result<Connection> {
    let connection = Connection::open(file)?;
    connection.busy_timeout(BUSY)?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "temp_store", "memory")?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    Ok(connection)
}

/// The list of idle connections is whole between any two statements, so a poisoned lock is no harm.
fn lock<T>(mutex: &std::sync::Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// Makes the folder readable by its owner only: it holds password hashes and registry passwords.
#[cfg(unix)]
fn make_private(folder: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
}

#[cfg(not(unix))]
fn make_private(folder: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)
}

impl ToSql for Value<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Bool(truth) => ValueRef::Integer(i64::from(*truth)),
            Self::Integer(number) => ValueRef::Integer(*number),
            Self::Real(number) => ValueRef::Real(*number),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Bytes(bytes) => ValueRef::Blob(bytes),
        }))
    }
}
