//! Every setting of the program: its key, its default, and what it means.
//!
//! Each one can be given in the file, as an environment variable or as a flag (see
//! [`windlass_v2_server::settings`]).

mod program;
mod value;

use std::path::PathBuf;

use windlass_v2_server::settings::{Error, Settings};

use crate::limits::{Limits, Timeouts};
use crate::routing::Versionless;
use crate::start::Tls;
use crate::upstream::UpstreamUrl;
use value::{AtLeastOne, OrOff, Size, Time};

pub use program::PROGRAM;
pub use value::LogFormat;

/// The settings, as values.
#[derive(Debug, Clone)]
pub struct Config {
    /// `listen`
    pub listen: String,
    /// `rbac_listen`, `notifications_listen` and `reports_listen`: services that are on, and where
    pub service_listen: Vec<(&'static str, String)>,
    /// `tls_certificate` and `tls_key`
    pub tls: Option<Tls>,
    /// `h2c`
    pub h2c: bool,
    /// `versionless`
    pub versionless: Versionless,
    /// `gzip`
    pub gzip: bool,
    /// `upstream`
    pub upstream: Option<UpstreamUrl>,
    /// `upstream_ca`
    pub upstream_ca: Option<PathBuf>,
    /// `upstream_pool`
    pub upstream_pool: usize,
    /// `parallel_calls`
    pub parallel_calls: usize,
    /// `lookup_cache`
    pub lookup_cache: usize,
    /// `server_listen`
    pub server_listen: std::net::SocketAddr,
    /// `data_dir`
    pub data_dir: PathBuf,
    /// `admin_password`
    pub admin_password: Option<String>,
    /// `mappings`
    pub mappings: Option<PathBuf>,
    /// `admin_listen`
    pub admin_listen: Option<String>,
    /// `records`
    pub records: Option<PathBuf>,
    /// `log`
    pub log: String,
    /// `log_format`
    pub log_format: LogFormat,
    /// `threads`
    pub threads: Option<usize>,
    /// `check`
    pub check: bool,
    /// The limits, each by its name.
    pub limits: Limits,
    /// The timeouts, each by its name.
    pub timeouts: Timeouts,
}

impl Config {
    /// Takes the values out of settings that were read.
    pub fn from_settings(settings: &Settings) -> Result<Self, Error> {
        let data_dir: PathBuf = settings.get("data_dir")?;
        let records = match settings.optional::<OrOff<PathBuf>>("records")? {
            Some(OrOff(records)) => records,
            None => Some(data_dir.join("records.jsonl")),
        };
        Ok(Self {
            listen: settings.get("listen")?,
            service_listen: service_listen(settings)?,
            tls: tls(settings)?,
            h2c: settings.get("h2c")?,
            versionless: settings.get("versionless")?,
            gzip: settings.get("gzip")?,
            upstream: settings.optional("upstream")?,
            upstream_ca: settings.optional("upstream_ca")?,
            upstream_pool: settings.get("upstream_pool")?,
            parallel_calls: settings.get::<AtLeastOne>("parallel_calls")?.0,
            lookup_cache: settings.get("lookup_cache")?,
            server_listen: settings.get("server_listen")?,
            data_dir,
            admin_password: settings.optional("admin_password")?,
            mappings: settings.optional("mappings")?,
            admin_listen: settings.get::<OrOff<String>>("admin_listen")?.0,
            records,
            log: settings.get("log")?,
            log_format: settings.get("log_format")?,
            threads: settings
                .optional::<AtLeastOne>("threads")?
                .map(|threads| threads.0),
            check: settings.get("check")?,
            limits: limits(settings)?,
            timeouts: timeouts(settings)?,
        })
    }
}

/// V1 services that had a port of their own, by their name in the mappings, and the setting that
/// opens it again.
const SERVICES: [(&str, &str); 3] = [
    ("rbac", "rbac_listen"),
    ("notifications", "notifications_listen"),
    ("reports", "reports_listen"),
];

fn service_listen(settings: &Settings) -> Result<Vec<(&'static str, String)>, Error> {
    let mut listen = Vec::new();
    for (service, key) in SERVICES {
        if let OrOff(Some(address)) = settings.get(key)? {
            listen.push((service, address));
        }
    }
    Ok(listen)
}

/// A certificate is of no use without its key, nor the key without it.
fn tls(settings: &Settings) -> Result<Option<Tls>, Error> {
    let certificate: Option<PathBuf> = settings.optional("tls_certificate")?;
    let key: Option<PathBuf> = settings.optional("tls_key")?;
    Ok(match (certificate, key) {
        (None, None) => None,
        (Some(certificate), None) => Some(Tls {
            certificate,
            key: settings.get("tls_key")?,
        }),
        (None, Some(key)) => Some(Tls {
            certificate: settings.get("tls_certificate")?,
            key,
        }),
        (Some(certificate), Some(key)) => Some(Tls { certificate, key }),
    })
}

fn limits(settings: &Settings) -> Result<Limits, Error> {
    let size = |key| settings.get::<Size>(key).map(|size| size.0);
    Ok(Limits {
        max_uri_bytes: size("max_uri_bytes")?,
        max_header_bytes: size("max_header_bytes")?,
        max_body_bytes: size("max_body_bytes")?,
        max_rewritten_body_bytes: size("max_rewritten_body_bytes")?,
        max_lookup_bytes: size("max_lookup_bytes")?,
        max_held_bytes: size("max_held_bytes")?,
        max_upstream_calls: settings.get::<AtLeastOne>("max_upstream_calls")?.0,
        max_depth: settings.get::<AtLeastOne>("max_depth")?.0,
    })
}

fn timeouts(settings: &Settings) -> Result<Timeouts, Error> {
    let time = |key| settings.get::<Time>(key).map(|time| time.0);
    Ok(Timeouts {
        client_idle: time("client_idle_timeout")?,
        client_read: time("client_read_timeout")?,
        client_write: time("client_write_timeout")?,
        upstream_connect: time("upstream_connect_timeout")?,
        upstream_read: time("upstream_read_timeout")?,
        upstream_write: time("upstream_write_timeout")?,
        upstream_idle: time("upstream_idle_timeout")?,
        drain: time("drain_timeout")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(flags: &[&str]) -> Result<Config, String> {
        let flags = [&["windlass-proxy"], flags].concat();
        let settings = PROGRAM
            .read_from(flags, |_| None)
            .map_err(|error| error.to_string())?;
        Config::from_settings(&settings).map_err(|error| error.to_string())
    }

    #[test]
    fn the_defaults_in_the_help_are_the_defaults_in_the_code() {
        let config = read(&[]).unwrap();
        assert_eq!(config.limits, Limits::default());
        assert_eq!(config.timeouts, Timeouts::default());
        assert_eq!(config.versionless, Versionless::default());
        assert_eq!(
            config.records.unwrap(),
            PathBuf::from("./windlass-data/records.jsonl")
        );
        assert_eq!(config.upstream, None);
    }

    #[test]
    fn off_switches_records_and_the_admin_listener_off() {
        let config = read(&["--records", "off", "--admin-listen", "off"]).unwrap();
        assert_eq!((config.records, config.admin_listen), (None, None));
    }

    #[test]
    fn ports_of_services_are_off_until_they_are_named() {
        assert!(read(&[]).unwrap().service_listen.is_empty());
        let config = read(&["--reports-listen", "0.0.0.0:8558", "--rbac-listen", "off"]).unwrap();
        assert_eq!(
            config.service_listen,
            [("reports", "0.0.0.0:8558".to_owned())]
        );
    }

    #[test]
    fn values_that_do_not_fit_say_what_would() {
        for (flags, told) in [
            (
                &["--versionless", "maybe"][..],
                "either `rewrite` or `enforce`",
            ),
            (
                &["--upstream", "localhost:8228"],
                "does not begin with `http://`",
            ),
            (&["--max-held-bytes", "much"], "64KiB, 16MiB, 1GiB"),
            (&["--drain-timeout", "soon"], "500ms, 60s, 2m"),
            (&["--threads", "0"], "at least 1"),
            (&["--tls-key", "key.pem"], "`--tls-certificate` is needed"),
        ] {
            let error = read(flags).unwrap_err();
            assert!(error.contains(told), "{error}");
        }
    }
}
