//! SQLite: one connection that writes, several that read, all in write-ahead mode.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rusqlite::config::DbConfig;
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, ToSql};
use tokio::sync::Semaphore;

use super::{Error, Result, Transaction, Value};

/// Name of the database file in the data folder.
const FILE: &str = "windlass.db";
/// How many transactions may read at once; more wait for their turn.
const READERS: usize = 8;
/// How long a statement waits for another program that holds the file.
const BUSY: Duration = Duration::from_secs(10);
/// How many prepared statements a connection keeps.
const STATEMENTS: usize = 512;
/// How long a peek may keep the thread that asks.
const PEEK: Duration = Duration::from_millis(1);
/// After how many steps of SQLite's machine a peek looks at the time. A row takes about ten.
const STEPS: i32 = 200;

/// The connections to one database file.
pub(super) struct Sqlite {
    file: PathBuf,
    /// Fair: writers get it in the order they asked.
    writer: Arc<tokio::sync::Mutex<Connection>>,
    /// Idle readers. Opened when first needed, so that start-up opens one connection only.
    readers: Arc<Mutex<Vec<Reader>>>,
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
            writer: Arc::new(tokio::sync::Mutex::new(writer)),
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
        let writer = self
            .writer
            .try_lock()
            .expect("nobody else has the store before it is returned");
        while run(&writer, Begin::Write, &migrate)? {}
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
            let reader = Reader::take(&readers, &file)?;
            let outcome = run(&reader.connection, Begin::Read, &work);
            lock(&readers).push(reader);
            drop(permit);
            outcome
        })
        .await
    }

    /// As [`Self::read`], on the thread that asks, as far as that is short.
    pub(super) async fn peek<T, E, F>(&self, work: F) -> std::result::Result<T, E>
    where
        F: Fn(&mut Transaction<'_>) -> std::result::Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        if let Ok(_permit) = self.permits.try_acquire() {
            let reader = Reader::take(&self.readers, &self.file)?;
            let outcome = reader.peek(&work);
            lock(&self.readers).push(reader);
            if let Some(outcome) = outcome {
                return outcome;
            }
        }
        self.read(work).await
    }

    pub(super) async fn write<T, E, F>(&self, work: F) -> std::result::Result<T, E>
    where
        F: Fn(&mut Transaction<'_>) -> std::result::Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        let connection = Arc::clone(&self.writer).lock_owned().await;
        on_blocking_thread(move || run(&connection, Begin::Write, &work)).await
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
    connection: &Connection,
    begin: Begin,
    work: impl Fn(&mut Transaction<'_>) -> std::result::Result<T, E>,
) -> std::result::Result<T, E> {
    let running = Running::begin(connection, begin)?;
    let value = work(&mut Transaction::sqlite(connection))?;
    running.commit()?;
    Ok(value)
}

/// How a transaction begins.
#[derive(Debug, Clone, Copy)]
enum Begin {
    /// It sees what was there when its first statement ran.
    Read,
    /// Nobody else writes from here on.
    Write,
}

/// A transaction under way. Dropped without a commit, it is rolled back. Unlike the one of the
/// driver, it prepares its statements once a connection, which short reads are glad of.
struct Running<'c>(&'c Connection);

impl<'c> Running<'c> {
    fn begin(connection: &'c Connection, begin: Begin) -> Result<Self> {
        let sql = match begin {
            Begin::Read => "BEGIN DEFERRED",
            Begin::Write => "BEGIN IMMEDIATE",
        };
        connection.prepare_cached(sql)?.execute([])?;
        Ok(Self(connection))
    }

    fn commit(self) -> Result<()> {
        self.0.prepare_cached("COMMIT")?.execute([])?;
        Ok(())
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        // Committed, or ended by a failure of its own.
        if self.0.is_autocommit() {
            return;
        }
        if let Err(error) = self.0.execute_batch("ROLLBACK") {
            tracing::error!("failed to roll a transaction back: {error}");
        }
    }
}

/// A connection that reads.
struct Reader {
    connection: Connection,
    patience: Arc<Mutex<Patience>>,
}

/// How long a reader may take for what it does.
#[derive(Debug, Clone, Copy)]
enum Patience {
    /// As long as it takes.
    Endless,
    /// Until then.
    Until(Instant),
    /// The time was over, and the statement was stopped.
    Lost,
}

impl Reader {
    /// An idle one, or a new one.
    fn take(idle: &Mutex<Vec<Self>>, file: &Path) -> Result<Self> {
        let idle = lock(idle).pop();
        match idle {
            Some(reader) => Ok(reader),
            None => Self::open(file),
        }
    }

    fn open(file: &Path) -> Result<Self> {
        let mut connection = connect(file)?;
        connection.pragma_update(None, "query_only", true)?;
        let patience = Arc::new(Mutex::new(Patience::Endless));
        let shared = Arc::clone(&patience);
        let is_over = move || {
            let mut patience = lock(&shared);
            match *patience {
                Patience::Until(end) if Instant::now() >= end => {
                    *patience = Patience::Lost;
                    true
                }
                Patience::Lost => true,
                Patience::Until(_) | Patience::Endless => false,
            }
        };
        connection.progress_handler(STEPS, Some(is_over))?;
        Ok(Self {
            connection,
            patience,
        })
    }

    /// Runs `work`; nothing when that took too long, or panicked: on a thread of its own that is an
    /// error, here it would end the connection of the client.
    fn peek<T, E: From<Error>>(
        &self,
        work: impl Fn(&mut Transaction<'_>) -> std::result::Result<T, E>,
    ) -> Option<std::result::Result<T, E>> {
        *lock(&self.patience) = Patience::Until(Instant::now() + PEEK);
        let attempt = || run(&self.connection, Begin::Read, work);
        let outcome = catch_unwind(AssertUnwindSafe(attempt)).ok();
        let patience = std::mem::replace(&mut *lock(&self.patience), Patience::Endless);
        // Whatever `work` made of the statement that was stopped.
        outcome.filter(|_| !matches!(patience, Patience::Lost))
    }
}

fn connect(file: &Path) -> Result<Connection> {
    let connection = Connection::open(file)?;
    connection.busy_timeout(BUSY)?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "temp_store", "memory")?;
    // Or a statement is planned again for each value that is bound to it.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    Ok(connection)
}

/// What is locked here is whole between any two statements, so a poisoned lock is no harm.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
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
