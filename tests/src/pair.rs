//! Two real servers on one PostgreSQL, and a balancer in front of them. One server after the other
//! is killed (SIGKILL) and started again, and whoever calls the balancer must not notice.
//!
//! ```text
//!                          ┌──▶ first  ──┐
//! clients, proxy ─▶ balancer             ├──▶ PostgreSQL
//!                          └──▶ second ──┘
//! ```
//!
//! A read that a dead server does not answer is repeated on the other one. A write without an answer
//! may have happened or not, and no story could go on from there. So a server takes no new write
//! before it is killed, and has answered those in flight. Everything else is hit in the middle:
//! reads, analyses, deliveries, timers, and what a write has just set going. Kills in the middle of
//! writes are what `suite/killed` is about.

use std::fmt;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tokio::net::TcpListener;
use tokio::sync::{Notify, RwLock, RwLockReadGuard, watch};
use tokio::task::JoinHandle;

use crate::program::{Program, Setting};
use crate::relay::{MAX_BODY, end_to_end};
use crate::say;

/// How many requests there are at most from the moment that both servers are there to the next kill.
/// Odd, so that it is not always the same request of a loop.
const EVERY: usize = 7;

/// A world with so many requests must have seen a kill.
const MANY: usize = 3 * EVERY;

/// How long servers live at least while somebody asks the same again and again. What that one waits
/// for is a job of theirs, with a period of a second in worlds that wait for one: servers that never
/// live so long would never do it.
const LIFE: Duration = Duration::from_secs(2);

/// Milliseconds from the request over which a server is killed to its death: now before it has
/// seen the request, now in the midst of it, now in the midst of what goes on afterwards.
const DELAYS: [u64; 8] = [20, 0, 60, 3, 35, 1, 150, 8];

/// How long it may take until a server is killed that shall be.
const PATIENCE: Duration = Duration::from_secs(30);

/// How often a read is tried. Each time the other server has to die just then.
const ATTEMPTS: usize = 5;

/// The names of the servers.
pub(crate) const NAMES: [&str; 2] = ["first", "second"];

/// Whether worlds have two servers, as `WINDLASS_TEST_SERVERS` says.
///
/// # Panics
/// It says something else than 1 or 2.
pub(crate) fn is_wanted() -> bool {
    match std::env::var("WINDLASS_TEST_SERVERS").as_deref() {
        Err(_) | Ok("" | "1") => false,
        Ok("2") => true,
        Ok(other) => panic!("WINDLASS_TEST_SERVERS is 1 or 2, not `{other}`"),
    }
}

/// Two servers that are killed in turn, until it is stopped or dropped.
pub(crate) struct Pair {
    address: SocketAddr,
    balancer: Arc<Balancer>,
    serving: JoinHandle<()>,
    killing: JoinHandle<()>,
}

impl Pair {
    /// Starts both servers on a database, and waits until they can work.
    pub(crate) async fn start(folder: &Path, database: &str, settings: &[Setting]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("it listens");
        let mut settings = settings.to_vec();
        settings.push(("base_url", format!("http://{address}")));
        let start = |name| Program::start(folder, Some(database), name, &settings);
        let (first, second) = tokio::join!(start(NAMES[0]), start(NAMES[1]));
        let programs = [first, second];
        let balancer = Arc::new(Balancer::in_front_of(&programs));
        let app = Router::new()
            .fallback(pass)
            .with_state(Arc::clone(&balancer));
        let serving = tokio::spawn(async move {
            axum::serve(listener, app)
                .await
                .expect("it serves until it is dropped");
        });
        let killing = tokio::spawn(Arc::clone(&balancer).kill_in_turn(programs));
        Self {
            address,
            balancer,
            serving,
            killing,
        }
    }

    /// Where the balancer listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops both servers, and says how often they were killed.
    ///
    /// # Panics
    /// None was, though there were requests enough; or one did not start again.
    pub(crate) async fn stop(mut self) {
        let (requests, is_one_due) = {
            let turns = self.balancer.turns();
            (turns.requests, turns.fatal.is_none())
        };
        if is_one_due || requests >= MANY {
            let mut kills = self.balancer.kills.subscribe();
            let killed = kills.wait_for(|kills| *kills > 0);
            let waited = tokio::time::timeout(PATIENCE, killed).await;
            assert!(
                waited.is_ok(),
                "no server was killed in {requests} requests"
            );
        }
        self.killing.abort();
        // The servers end with the task.
        if let Err(ended) = (&mut self.killing).await
            && let Ok(panic) = ended.try_into_panic()
        {
            std::panic::resume_unwind(panic);
        }
        let kills = *self.balancer.kills.borrow();
        let repeated = self.balancer.repeated.load(Ordering::Relaxed);
        say(&format!(
            "{requests} requests, {kills} kills, {repeated} reads repeated"
        ));
    }
}

impl Drop for Pair {
    fn drop(&mut self) {
        self.killing.abort();
        self.serving.abort();
    }
}

impl fmt::Debug for Pair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pair")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

/// Passes requests on to the servers that are there.
struct Balancer {
    http: Client<HttpConnector, Full<Bytes>>,
    servers: [Server; 2],
    turns: Mutex<Turns>,
    /// Told when the server whose turn it is has the request over which it is killed.
    due: Notify,
    kills: watch::Sender<usize>,
    repeated: AtomicUsize,
}

/// A server as the balancer sees it.
struct Server {
    address: SocketAddr,
    is_up: AtomicBool,
    /// Every write in flight holds it with others, who kills the server holds it alone.
    writes: RwLock<()>,
}

struct Turns {
    requests: usize,
    /// Whose turn it is to be killed.
    victim: usize,
    /// The request over which that happens; nothing while it is dead or about to die.
    fatal: Option<usize>,
    /// When each server could work.
    alive: [Instant; 2],
    /// The last request.
    last: Option<(Method, Uri)>,
}

impl Turns {
    /// Counts a request, and tells whether a server is killed over it.
    fn is_fatal(&mut self, request: &Passed) -> bool {
        self.requests += 1;
        let this = Some((request.head.method.clone(), request.head.uri.clone()));
        let is_again = self.last == this;
        self.last = this;
        if is_again && self.alive[self.victim].elapsed() < LIFE {
            return false;
        }
        let now = self.requests;
        let is_due = |fatal: &mut usize| *fatal <= now || request.sets_work_going();
        self.fatal.take_if(is_due).is_some()
    }
}

impl Balancer {
    fn in_front_of(programs: &[Program; 2]) -> Self {
        // Connections are not kept: after a kill they would lead to the former process.
        let http = Client::builder(TokioExecutor::new())
            .pool_max_idle_per_host(0)
            .build_http();
        let server = |program: &Program| Server {
            address: program.address(),
            is_up: AtomicBool::new(true),
            writes: RwLock::default(),
        };
        Self {
            http,
            servers: programs.each_ref().map(server),
            turns: Mutex::new(Turns {
                requests: 0,
                victim: 0,
                fatal: Some(EVERY),
                alive: [Instant::now(); 2],
                last: None,
            }),
            due: Notify::new(),
            kills: watch::Sender::new(0),
            repeated: AtomicUsize::new(0),
        }
    }

    fn turns(&self) -> MutexGuard<'_, Turns> {
        self.turns.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The server for a request, and whether it is killed over it.
    fn next(&self, request: &Passed) -> (usize, bool) {
        let mut turns = self.turns();
        if turns.is_fatal(request) {
            (turns.victim, true)
        } else {
            (turns.requests % 2, false)
        }
    }

    /// Kills one server after the other and starts it again, so that both are never dead.
    async fn kill_in_turn(self: Arc<Self>, mut programs: [Program; 2]) {
        for delay in DELAYS.into_iter().cycle() {
            self.due.notified().await;
            tokio::time::sleep(Duration::from_millis(delay)).await;
            let victim = self.turns().victim;
            let (program, server) = (&mut programs[victim], &self.servers[victim]);
            let no_writes = server.writes.write().await;
            server.is_up.store(false, Ordering::Release);
            program.kill();
            self.kills.send_modify(|kills| *kills += 1);
            program.revive().await;
            server.is_up.store(true, Ordering::Release);
            drop(no_writes);
            let mut turns = self.turns();
            turns.alive[victim] = Instant::now();
            turns.victim = 1 - victim;
            turns.fatal = Some(turns.requests + EVERY);
        }
    }

    /// Asks a server; nothing when it dies over it.
    async fn ask(&self, server: usize, request: &Passed) -> Option<Response> {
        let asked = self.http.request(request.to(&self.servers[server]));
        let (head, body) = asked.await.ok()?.into_parts();
        let body = body.collect().await.ok()?.to_bytes();
        let mut answer = Response::new(Body::from(body));
        *answer.status_mut() = head.status;
        *answer.headers_mut() = end_to_end(&head.headers);
        Some(answer)
    }

    async fn read(&self, request: &Passed) -> Response {
        let (mut server, is_fatal) = self.next(request);
        if is_fatal {
            self.due.notify_one();
        } else if !self.servers[server].is_up.load(Ordering::Acquire) {
            server = 1 - server;
        }
        for _ in 0..ATTEMPTS {
            if let Some(answer) = self.ask(server, request).await {
                return answer;
            }
            self.repeated.fetch_add(1, Ordering::Relaxed);
            server = 1 - server;
        }
        panic!("no server answers {request:?}");
    }

    async fn write(&self, request: &Passed) -> Response {
        let (first, is_fatal) = self.next(request);
        let (server, _in_flight) = self.open(first).await;
        if is_fatal {
            self.due.notify_one();
        }
        let answer = self.ask(server, request).await;
        answer.unwrap_or_else(|| panic!("a living server does not answer {request:?}"))
    }

    /// A server that takes writes, rather this one, and the right to send it one.
    async fn open(&self, first: usize) -> (usize, RwLockReadGuard<'_, ()>) {
        for server in [first, 1 - first] {
            if let Ok(right) = self.servers[server].writes.try_read() {
                return (server, right);
            }
        }
        (first, self.servers[first].writes.read().await)
    }
}

async fn pass(State(balancer): State<Arc<Balancer>>, request: Request) -> Response {
    let Some(request) = Passed::read(request).await else {
        // The client broke off, and waits for nothing any more.
        return StatusCode::BAD_REQUEST.into_response();
    };
    if request.may_be_repeated() {
        balancer.read(&request).await
    } else {
        balancer.write(&request).await
    }
}

/// A request that is passed on, again if it must be.
struct Passed {
    head: axum::http::request::Parts,
    body: Bytes,
}

impl Passed {
    /// Reads a request to its end; nothing when that does not come.
    async fn read(request: Request) -> Option<Self> {
        let (head, body) = request.into_parts();
        let body = axum::body::to_bytes(body, MAX_BODY).await.ok()?;
        Some(Self { head, body })
    }

    /// The test of a notification is a GET, and yet it sends something.
    fn may_be_repeated(&self) -> bool {
        let is_read = matches!(self.head.method, Method::GET | Method::HEAD);
        is_read && !self.head.uri.path().ends_with("/test")
    }

    /// Whether an analysis comes of it: that is what servers shall be killed over.
    fn sets_work_going(&self) -> bool {
        let path = self.head.uri.path();
        self.head.method == Method::POST && (path == "/v2/images" || path.ends_with("/finalize"))
    }

    /// The same for a server.
    fn to(&self, server: &Server) -> http::Request<Full<Bytes>> {
        let path = self.head.uri.path_and_query();
        let uri = Uri::builder()
            .scheme("http")
            .authority(server.address.to_string())
            .path_and_query(path.map_or("/", |path| path.as_str()))
            .build()
            .expect("the URI was one before");
        let mut request = http::Request::new(Full::new(self.body.clone()));
        *request.method_mut() = self.head.method.clone();
        *request.uri_mut() = uri;
        *request.headers_mut() = end_to_end(&self.head.headers);
        request
    }
}

impl fmt::Debug for Passed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.head.method, self.head.uri)
    }
}
