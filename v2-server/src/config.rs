//! The settings of `windlass-server`.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use windlass_v2_server::settings::{Error, Group, Program, Setting, Settings};
use windlass_v2_server::{
    InventorySettings, Limits, Server, ServerBuilder, SsoSettings, Tls, WEBHOOK_TYPES, Webhooks,
};

/// All settings, as `--help` shows them.
pub(crate) const PROGRAM: Program = Program {
    name: "windlass-server",
    version: env!("CARGO_PKG_VERSION"),
    about: "A server for the V2 Anchore Enterprise API: one binary, its data in one folder.",
    after_help: "\
Start it, then log in with the password it prints:

    windlass-server --data-dir /var/lib/windlass
    curl -u admin:PASSWORD http://127.0.0.1:8228/v2/images

Every setting can be a flag, an environment variable, or a line in the file; flags win over
variables, variables over the file:

    # windlass.toml, read with --config windlass.toml
    listen = \"0.0.0.0:8228\"
    data_dir = \"/var/lib/windlass\"

GET /v2/openapi.json (or .yaml) is the document of the API; /v2/ui/ shows it in a browser.",
    groups: &[
        Group {
            heading: "Network",
            settings: &[
                Setting::new("listen", "ADDRESS", "Address and port to listen on")
                    .or("127.0.0.1:8228"),
                Setting::new(
                    "base_url",
                    "URL",
                    "Where clients reach this server, where that is not the address it listens on",
                ),
                Setting::new(
                    "tls_certificate",
                    "FILE",
                    "Speak TLS, with this PEM certificate and its chain; read again when it changes, \
                     and on SIGHUP",
                ),
                Setting::new("tls_key", "FILE", "Its private key, as PEM"),
                Setting::new(
                    "metrics_listen",
                    "ADDRESS",
                    "Where `/metrics`, `/livez` and `/readyz` are, without TLS and without a login; \
                     nowhere without this",
                ),
            ],
        },
        Group {
            heading: "Data",
            settings: &[
                Setting::new(
                    "data_dir",
                    "FOLDER",
                    "Where the database is kept; made when missing",
                )
                .or("./windlass-data"),
                Setting::new(
                    "database",
                    "URL",
                    "PostgreSQL database to keep everything in, which several servers may share, such as \
                     postgres://USER:PASSWORD@HOST/NAME; without it, SQLite in the data folder. Better as \
                     a variable: others can see flags",
                ),
                Setting::new(
                    "host_id",
                    "NAME",
                    "Name of this server in the records that tell which one it was; servers that share a database need \
                     one each",
                )
                .or("localhost"),
            ],
        },
        Group {
            heading: "Access",
            settings: &[
                Setting::new(
                    "admin_password",
                    "PASSWORD",
                    "Password of the user `admin`, who is made on the first start; without it one is \
                     made up and printed. Better as a variable: others can see flags",
                ),
                Setting::new(
                    "token_key",
                    "TEXT",
                    "Key that signs access tokens, at least 32 bytes; without it one is made on the \
                     first start and kept. Better as a variable: others can see flags",
                ),
                Setting::new(
                    "token_lifetime_seconds",
                    "SECONDS",
                    "How long access tokens are good",
                )
                .or("3600"),
                Setting::new(
                    "refresh_token_lifetime_seconds",
                    "SECONDS",
                    "How long refresh tokens are good",
                )
                .or("86400"),
                Setting::new(
                    "sso_require_existing_users",
                    "true|false",
                    "Whether users of identity providers must have been made before they log in",
                )
                .or("false"),
            ],
        },
        Group {
            heading: "Limits",
            settings: &[
                Setting::new("max_body_bytes", "BYTES", "Longest request body").or("8388608"),
                Setting::new(
                    "max_upload_bytes",
                    "BYTES",
                    "Longest part of an import, such as an SBOM",
                )
                .or("268435456"),
                Setting::new(
                    "request_timeout_seconds",
                    "SECONDS",
                    "How long a request may take, its body included",
                )
                .or("300"),
            ],
        },
        Group {
            heading: "Inventories",
            settings: &[
                Setting::new(
                    "inventory_ttl_days",
                    "DAYS",
                    "How long is kept what is not reported again; 0 is forever",
                )
                .or("120"),
                Setting::new(
                    "inventory_ingest_overwrite",
                    "true|false",
                    "Whether a report replaces what is known of its namespaces, or of its ECS cluster",
                )
                .or("false"),
            ],
        },
        Group {
            heading: "Alerts",
            settings: &[
                Setting::new(
                    "alerts_interval_seconds",
                    "SECONDS",
                    "How often the images of watched tags are checked for alerts; at least 1",
                )
                .or("600"),
            ],
        },
        Group {
            heading: "Notifications",
            settings: &[
                Setting::new(
                    "notifications_interval_seconds",
                    "SECONDS",
                    "How often new events are looked at, and notifications sent; at least 1",
                )
                .or("30"),
            ],
        },
        Group {
            heading: "Webhooks, as far as they can be tested",
            settings: &[
                Setting::new(
                    "webhook_general_url",
                    "URL",
                    "Address that is told everything; `<account_name>` and `<notification_type>` in it \
                     are replaced",
                ),
                Setting::new(
                    "webhook_policy_eval_url",
                    "URL",
                    "Address that is told of changed evaluations",
                ),
                Setting::new(
                    "webhook_tag_update_url",
                    "URL",
                    "Address that is told of tags that point at another image",
                ),
                Setting::new(
                    "webhook_vuln_update_url",
                    "URL",
                    "Address that is told of changed vulnerabilities",
                ),
                Setting::new(
                    "webhook_analysis_update_url",
                    "URL",
                    "Address that is told of analysed images",
                ),
                Setting::new(
                    "webhook_event_log_url",
                    "URL",
                    "Address that is told of events",
                ),
                Setting::new("webhook_user", "NAME", "User name for all these addresses"),
                Setting::new(
                    "webhook_password",
                    "PASSWORD",
                    "Its password. Better as a variable: others can see flags",
                ),
                Setting::new(
                    "webhook_verify",
                    "true|false",
                    "Whether certificates of these addresses are verified",
                )
                .or("true"),
            ],
        },
        Group {
            heading: "Log",
            settings: &[
                Setting::new(
                    "log",
                    "FILTER",
                    "What to log: a level, or levels by module, such as `info,tower=debug`",
                )
                .or("info"),
                Setting::new(
                    "log_format",
                    "FORMAT",
                    "`text` or `json`, one object a line",
                )
                .or("text"),
            ],
        },
    ],
};

/// How to write the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LogFormat {
    /// For people.
    Text,
    /// For programs.
    Json,
}

impl std::str::FromStr for LogFormat {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            _ => Err("there are `text` and `json`"),
        }
    }
}

/// The server that these settings describe.
///
/// # Errors
/// A value does not fit.
pub(crate) fn server(settings: &Settings) -> Result<ServerBuilder, Error> {
    let mut builder = Server::builder(settings.get::<PathBuf>("data_dir")?)
        .listen(settings.get::<SocketAddr>("listen")?)
        .host_id(settings.get::<String>("host_id")?)
        .token_lifetimes(
            settings.get::<u32>("token_lifetime_seconds")?.into(),
            settings
                .get::<u32>("refresh_token_lifetime_seconds")?
                .into(),
        )
        .limits(Limits {
            body_bytes: settings.get("max_body_bytes")?,
            upload_bytes: settings.get("max_upload_bytes")?,
            request_seconds: settings.get("request_timeout_seconds")?,
        });
    if let Some(password) = settings.optional::<String>("admin_password")? {
        builder = builder.admin_password(password);
    }
    if let Some(key) = settings.optional::<String>("token_key")? {
        builder = builder.token_key(key);
    }
    if let Some(url) = settings.optional::<String>("database")? {
        builder = builder.database(url);
    }
    if let Some(url) = settings.optional::<String>("base_url")? {
        builder = builder.base_url(url);
    }
    if let Some(address) = settings.optional("metrics_listen")? {
        builder = builder.metrics_listen(address);
    }
    if let Some(tls) = tls(settings)? {
        builder = builder.tls(tls);
    }
    let inventory = InventorySettings {
        ttl_days: settings.get("inventory_ttl_days")?,
        ingest_overwrite: settings.get("inventory_ingest_overwrite")?,
    };
    let sso = SsoSettings {
        require_existing_users: settings.get("sso_require_existing_users")?,
    };
    let alerts_every = settings.get::<NonZeroU32>("alerts_interval_seconds")?;
    let notifications_every = settings.get::<NonZeroU32>("notifications_interval_seconds")?;
    Ok(builder
        .inventory(inventory)
        .sso(sso)
        .alerts_every(Duration::from_secs(alerts_every.get().into()))
        .notifications_every(Duration::from_secs(notifications_every.get().into()))
        .webhooks(webhooks(settings)?))
}

/// A certificate is of no use without its key, nor the key without it.
fn tls(settings: &Settings) -> Result<Option<Tls>, Error> {
    let given = ["tls_certificate", "tls_key"].map(|key| settings.optional::<PathBuf>(key));
    let [certificate, key] = given;
    Ok(match (certificate?, key?) {
        (None, None) => None,
        // Where one lacks, asking for it tells so.
        (certificate, key) => Some(Tls {
            certificate: certificate.map_or_else(|| settings.get("tls_certificate"), Ok)?,
            key: key.map_or_else(|| settings.get("tls_key"), Ok)?,
        }),
    })
}

/// The webhooks that these settings describe.
fn webhooks(settings: &Settings) -> Result<Webhooks, Error> {
    let mut webhooks = Webhooks {
        accept_invalid_certificates: !settings.get::<bool>("webhook_verify")?,
        ..Webhooks::default()
    };
    for (kind, setting) in WEBHOOK_TYPES.into_iter().zip([
        "webhook_general_url",
        "webhook_policy_eval_url",
        "webhook_tag_update_url",
        "webhook_vuln_update_url",
        "webhook_analysis_update_url",
        "webhook_event_log_url",
    ]) {
        if let Some(url) = settings.optional::<String>(setting)? {
            webhooks.urls.insert(kind.to_owned(), url);
        }
    }
    if let Some(user) = settings.optional::<String>("webhook_user")? {
        let password = settings.optional::<String>("webhook_password")?;
        webhooks.login = Some((user, password.unwrap_or_default()));
    }
    Ok(webhooks)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_default_is_a_good_value() {
        let settings = PROGRAM
            .read_from(["windlass-server"], |_variable| None)
            .unwrap();
        server(&settings).unwrap();
        assert_eq!(
            settings.get::<LogFormat>("log_format").unwrap(),
            LogFormat::Text
        );
        settings
            .get::<tracing_subscriber::EnvFilter>("log")
            .unwrap();
    }

    #[test]
    fn a_password_comes_from_its_variable() {
        let settings = PROGRAM
            .read_from(["windlass-server"], |variable| {
                (variable == "WINDLASS_ADMIN_PASSWORD").then(|| "secret".to_owned())
            })
            .unwrap();
        let password: String = settings.get("admin_password").unwrap();
        assert_eq!(password, "secret");
    }

    #[test]
    fn a_certificate_wants_its_key_and_a_key_its_certificate() {
        for (flags, lacking) in [
            (["--tls-certificate", "c.pem"], "tls_key"),
            (["--tls-key", "k.pem"], "tls_certificate"),
        ] {
            let flags = [&["windlass-server"][..], &flags].concat();
            let settings = PROGRAM.read_from(flags, |_variable| None).unwrap();
            let error = server(&settings).err().unwrap().to_string();
            assert!(error.contains(lacking), "{error}");
        }
    }
}
