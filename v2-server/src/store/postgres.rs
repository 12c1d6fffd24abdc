//! PostgreSQL: a pool of connections that several servers may share a database through.
//!
//! Writers run at the isolation level SERIALIZABLE, so that each sees the database as if it ran
//! alone, which is what a writer of [`super::sqlite`] does. One that meets another is repeated.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use prometheus::IntCounter;
use rustls_platform_verifier::BuilderVerifierExt;
use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tokio_postgres::config::SslMode;
use tokio_postgres::{Client, Config, IsolationLevel, NoTls, Statement};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::{Error, Result, Transaction};

/// How many transactions one server runs at once; more wait for their turn.
const CONNECTIONS: usize = 16;
/// How often a transaction that met others is repeated.
const ATTEMPTS: u32 = 12;
/// Longest wait before it is repeated, the first time. Doubles each time.
const PAUSE: Duration = Duration::from_millis(2);
/// How long a server waits for a connection to the database.
const CONNECT: Duration = Duration::from_secs(10);

/// The connections to one database.
pub(super) struct Postgres {
    config: Config,
    idle: Arc<Mutex<Vec<Connection>>>,
    permits: Arc<Semaphore>,
    /// Transactions that were run again.
    repeats: IntCounter,
}

/// A connection with the statements that were prepared on it.
struct Connection {
    client: Client,
    statements: HashMap<String, Statement>,
}

/// What a transaction may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Access {
    Read,
    Write,
    /// Sees at each statement what others have done up to then, also while it waited.
    Migrate,
}

impl Postgres {
    /// A pool for the database at `url`. Nothing is connected yet.
    pub(super) fn new(url: &str, repeats: IntCounter) -> Result<Self> {
        let mut config: Config = url.parse().map_err(Error::Address)?;
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(CONNECT);
        }
        config.application_name("windlass-server");
        Ok(Self {
            config,
            idle: Arc::default(),
            permits: Arc::new(Semaphore::new(CONNECTIONS)),
            repeats,
        })
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
        self.run(Access::Read, work).await
    }

    pub(super) async fn write<T, E, F>(&self, work: F) -> std::result::Result<T, E>
    where
        F: Fn(&mut Transaction<'_>) -> std::result::Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        self.run(Access::Write, work).await
    }

    pub(super) async fn migrate(
        &self,
        work: impl Fn(&mut Transaction<'_>) -> Result<bool> + Send + 'static,
    ) -> Result<bool> {
        self.run(Access::Migrate, work).await
    }

    async fn run<T, E, F>(&self, access: Access, work: F) -> std::result::Result<T, E>
    where
        F: Fn(&mut Transaction<'_>) -> std::result::Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        let permit = Arc::clone(&self.permits)
            .acquire_owned()
            .await
            .expect("the semaphore is never closed");
        let idle = lock(&self.idle).pop().filter(|c| !c.client.is_closed());
        let mut connection = match idle {
            Some(connection) => connection,
            None => connect(&self.config).await?,
        };
        let pool = Arc::clone(&self.idle);
        let handle = Handle::current();
        let repeats = self.repeats.clone();
        tokio::task::spawn_blocking(move || {
            let outcome = repeat(&mut connection, &handle, access, &repeats, &work);
            if !connection.client.is_closed() {
                lock(&pool).push(connection);
            }
            drop(permit);
            outcome
        })
        .await
        .map_err(Error::Thread)?
    }
}

/// Runs `work` in a transaction, again when others came in between.
fn repeat<T, E: From<Error>>(
    connection: &mut Connection,
    handle: &Handle,
    access: Access,
    repeats: &IntCounter,
    work: impl Fn(&mut Transaction<'_>) -> std::result::Result<T, E>,
) -> std::result::Result<T, E> {
    let mut attempt = 1;
    loop {
        match once(connection, handle, access, &work) {
            Attempt::Done(outcome) => return outcome,
            Attempt::Met(error) if attempt == ATTEMPTS => return Err(error.into()),
            Attempt::Met(_) => {
                repeats.inc();
                // Of two that met, one should be first the next time.
                let longest = PAUSE * 2_u32.pow(attempt.min(8));
                std::thread::sleep(longest.mul_f64(rand::random::<f64>()));
                attempt += 1;
            }
        }
    }
}

/// How one run of a transaction ended.
enum Attempt<T, E> {
    /// It committed, or `work` failed by itself.
    Done(std::result::Result<T, E>),
    /// It met others and left nothing.
    Met(Error),
}

fn once<T, E: From<Error>>(
    connection: &mut Connection,
    handle: &Handle,
    access: Access,
    work: impl Fn(&mut Transaction<'_>) -> std::result::Result<T, E>,
) -> Attempt<T, E> {
    let Connection { client, statements } = connection;
    let builder = client.build_transaction();
    let builder = match access {
        Access::Read => builder
            .isolation_level(IsolationLevel::RepeatableRead)
            .read_only(true),
        Access::Write => builder.isolation_level(IsolationLevel::Serializable),
        Access::Migrate => builder.isolation_level(IsolationLevel::ReadCommitted),
    };
    let started = handle.block_on(builder.start()).map_err(Error::from);
    let inner = match started {
        Ok(inner) => inner,
        Err(error) => return Attempt::Done(Err(error.into())),
    };
    let mut transaction = Transaction::postgres(&inner, statements, handle);
    let outcome = work(&mut transaction);
    if let Some(error) = transaction.conflict() {
        drop(handle.block_on(inner.rollback()));
        return Attempt::Met(error);
    }
    match outcome {
        // Dropped without a commit, the transaction is rolled back.
        Err(error) => {
            drop(handle.block_on(inner.rollback()));
            Attempt::Done(Err(error))
        }
        Ok(value) => match handle.block_on(inner.commit()).map_err(Error::from) {
            Ok(()) => Attempt::Done(Ok(value)),
            Err(error @ Error::Conflict { .. }) => Attempt::Met(error),
            Err(error) => Attempt::Done(Err(error.into())),
        },
    }
}

async fn connect(config: &Config) -> Result<Connection> {
    let client = if config.get_ssl_mode() == SslMode::Disable {
        let (client, connection) = config.connect(NoTls).await?;
        tokio::spawn(drive(connection));
        client
    } else {
        let (client, connection) = config.connect(tls()?).await?;
        tokio::spawn(drive(connection));
        client
    };
    Ok(Connection {
        client,
        statements: HashMap::new(),
    })
}

/// Speaks with the database until the client is dropped.
async fn drive(connection: impl Future<Output = std::result::Result<(), tokio_postgres::Error>>) {
    if let Err(error) = connection.await {
        tracing::warn!("a connection to the database broke: {error}");
    }
}

/// TLS that trusts what the operating system trusts.
fn tls() -> Result<MakeRustlsConnect> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(BuilderVerifierExt::with_platform_verifier)
        .map_err(|error| Error::Database(error.into()))?
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}

/// The list of idle connections is whole between any two statements, so a poisoned lock is no harm.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
