//! `windlass-proxy`: reads settings, starts the proxy (and a V2 server, if none was given), and
//! stops both when told to.

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;
use std::sync::Arc;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tracing_subscriber::EnvFilter;
use windlass_mappings::LoadError;
use windlass_mappings::document::Documents;
use windlass_proxy::config::{Config, LogFormat, PROGRAM};
use windlass_proxy::{EmbeddedServer, Proxy, UpstreamUrl};
use windlass_transforms::Mappings;
use windlass_v2_server::DOCUMENT;
use windlass_v2_server::settings::Settings;

/// Body buffers come and go with every answer; this allocator does not mind.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The status of a program that could not start.
const COULD_NOT_START: u8 = 2;

fn main() -> ExitCode {
    let (settings, config) = match read() {
        Ok(read) => read,
        Err(error) => return error.report(),
    };
    match run(&settings, config) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            // Nothing is left to do when not even this can be written.
            let _ = writeln!(io::stderr(), "error: {message}");
            ExitCode::from(COULD_NOT_START)
        }
    }
}

fn read() -> Result<(Settings, Config), windlass_v2_server::settings::Error> {
    let settings = PROGRAM.read()?;
    let config = Config::from_settings(&settings)?;
    Ok((settings, config))
}

fn run(settings: &Settings, config: Config) -> Result<(), String> {
    begin_logging(&config.log, config.log_format)?;
    for doubt in settings.doubts() {
        tracing::warn!("{doubt}");
    }
    let set = windlass_mappings::read_set(config.mappings.as_deref())
        .map_err(|error| format!("the mappings cannot be used\n{error}"))?;
    let mappings = windlass_mappings::compile_set(&set).map_err(|diagnostics| {
        format!(
            "the mappings cannot be used\n{}",
            LoadError::Wrong(diagnostics)
        )
    })?;
    if config.check {
        return check(&config, &mappings);
    }
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| format!("failed to start threads: {error}"))?
        .block_on(serve(
            config,
            Arc::new(mappings),
            Documents::new(set, DOCUMENT),
        ))
}

/// What pingora logs may quote what clients sent: the proxy logs its failures itself. The server
/// inside would log every request, which records have already.
fn begin_logging(filter: &str, format: LogFormat) -> Result<(), String> {
    let filter =
        format!("pingora=off,pingora_core=off,pingora_proxy=off,windlass_v2_server=warn,{filter}");
    let filter = EnvFilter::try_new(filter).map_err(|error| format!("`--log`: {error}"))?;
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal());
    match format {
        LogFormat::Text => log.init(),
        LogFormat::Json => log.json().init(),
    }
    Ok(())
}

fn check(config: &Config, mappings: &Mappings) -> Result<(), String> {
    if let Some(tls) = &config.tls {
        tls.check().map_err(|error| with_causes(&error))?;
    }
    print(&format!(
        "Settings and {} mapped operations are right.\n",
        mappings.operations().len()
    ));
    Ok(())
}

async fn serve(
    config: Config,
    mappings: Arc<Mappings>,
    documents: Documents,
) -> Result<(), String> {
    // From here on a signal ends the program in order.
    let mut signals =
        Signals::new().map_err(|error| format!("failed to wait for signals: {error}"))?;
    if let Some(folder) = config.records.as_ref().and_then(|file| file.parent()) {
        std::fs::create_dir_all(folder).map_err(|error| {
            format!("failed to make the folder `{}`: {error}", folder.display())
        })?;
    }
    let (server, upstream) = if let Some(upstream) = &config.upstream {
        (None, upstream.clone())
    } else {
        let server = EmbeddedServer::start(
            config.data_dir.clone(),
            config.server_listen,
            config.admin_password.clone(),
        )
        .await
        .map_err(|error| with_causes(&error))?;
        let upstream = UpstreamUrl::plain(server.address());
        (Some(server), upstream)
    };
    let mut builder = Proxy::builder(upstream.clone(), mappings)
        .documents(Arc::new(documents))
        .listen(&config.listen)
        .tls(config.tls.clone())
        .h2c(config.h2c)
        .versionless(config.versionless)
        .gzip(config.gzip)
        .upstream_ca(config.upstream_ca.clone())
        .upstream_pool(config.upstream_pool)
        .parallel_calls(config.parallel_calls)
        .lookup_cache(config.lookup_cache)
        .limits(config.limits.clone())
        .timeouts(config.timeouts.clone())
        .records(config.records.clone())
        .threads(config.threads);
    for (service, address) in &config.service_listen {
        builder = builder.service_listen(*service, address);
    }
    if let Some(address) = &config.admin_listen {
        builder = builder.admin_listen(address);
    }
    let mut proxy = match builder.start() {
        Ok(proxy) => proxy,
        Err(error) => {
            if let Some(server) = server {
                server.stop().await;
            }
            return Err(with_causes(&error));
        }
    };
    print(&welcome(&config, &proxy, &upstream, server.as_ref()));

    tokio::select! {
        () = signals.next() => {}
        () = proxy.failed() => return Err("the proxy ended by itself".to_owned()),
    }
    tracing::info!("stopping; another signal stops at once");
    let stopping = async {
        proxy.stop().await;
        if let Some(server) = server {
            server.stop().await;
        }
    };
    tokio::select! {
        () = stopping => tracing::info!("stopped"),
        () = signals.next() => tracing::warn!("stopped at once"),
    }
    Ok(())
}

/// What somebody who has just started the program wants to know.
fn welcome(
    config: &Config,
    proxy: &Proxy,
    upstream: &UpstreamUrl,
    server: Option<&EmbeddedServer>,
) -> String {
    let scheme = if config.tls.is_some() {
        "https"
    } else {
        "http"
    };
    let mut lines = vec![
        format!("windlass-proxy {}", env!("CARGO_PKG_VERSION")),
        format!("  V1 and V2 clients   {scheme}://{}", proxy.address()),
    ];
    for (service, address) in proxy.service_addresses() {
        lines.push(format!("  V1 {service:<17}{scheme}://{address}"));
    }
    match server {
        Some(_) => lines.push(format!(
            "  V2 server           {upstream} (inside, data in {})",
            config.data_dir.display()
        )),
        None => lines.push(format!("  V2 server           {upstream}")),
    }
    if let Some(address) = proxy.admin_address() {
        lines.push(format!("  metrics and probes  http://{address}/metrics"));
    }
    if let Some(records) = &config.records {
        lines.push(format!("  records             {}", records.display()));
    }
    if let Some(password) = server.and_then(EmbeddedServer::new_admin_password) {
        lines.push(format!(
            "  user and password   admin {password} (made up just now, shown only this once)"
        ));
    }
    lines.push(String::new());
    lines.join("\n")
}

fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

fn print(text: &str) {
    // A closed pipe is no reason not to serve.
    let _ = io::stdout().write_all(text.as_bytes());
    let _ = io::stdout().flush();
}

/// What asks the program to end.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn new() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
