//! `windlass-server`: read the settings, start, and stop when asked to.

mod config;

use std::io::{IsTerminal, Write};
use std::process::ExitCode;

use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;
use windlass_v2_server::settings::{Error, Settings};
use windlass_v2_server::{Server, ServerBuilder};

fn main() -> ExitCode {
    let (settings, builder) = match read() {
        Ok(read) => read,
        Err(error) => return error.report(),
    };
    for doubt in settings.doubts() {
        tracing::warn!("{doubt}");
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .expect("the system gives threads to a program that starts");
    match runtime.block_on(run(builder)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tell(&format!("error: {}", with_causes(&*error)));
            ExitCode::FAILURE
        }
    }
}

fn read() -> Result<(Settings, ServerBuilder), Error> {
    let settings = config::PROGRAM.read()?;
    let filter: EnvFilter = settings.get("log")?;
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    match settings.get("log_format")? {
        config::LogFormat::Text => log.init(),
        config::LogFormat::Json => log.json().init(),
    }
    let builder = config::server(&settings)?;
    Ok((settings, builder))
}

async fn run(builder: ServerBuilder) -> Result<(), Box<dyn std::error::Error>> {
    // Before the start, so that no signal is missed.
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut renew = signal(SignalKind::hangup())?;
    let server = builder.start().await?;
    welcome(&server);
    loop {
        tokio::select! {
            _ = terminate.recv() => break,
            _ = interrupt.recv() => break,
            _ = renew.recv() => server.renew_certificate().await,
        }
    }
    tracing::info!("stopping: requests in flight may finish");
    server.stop().await;
    Ok(())
}

/// Says where the server is and, once, the password it made up. That goes to the reader directly,
/// never through the log.
fn welcome(server: &Server) {
    let address = server.address();
    tracing::info!(server.address = %address, "listening on {}/v2/", server.url());
    if let Some(address) = server.metrics_address() {
        tracing::info!("metrics and probes on http://{address}/metrics");
    }
    if let Some(password) = server.new_admin_password() {
        tell(&format!(
            "First start: the user `admin` has the password `{password}`. It is shown only now."
        ));
    }
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

fn tell(text: &str) {
    // A closed terminal is no reason to stop.
    let _ = writeln!(std::io::stderr(), "{text}");
}
