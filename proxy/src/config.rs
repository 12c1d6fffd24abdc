//! Every setting of the program: its key, its default, and what it means.
//!
//! Each one can be given in the file, as an environment variable or as a flag (see
//! [`windlass_v2_server::settings`]).

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use windlass_v2_server::settings::{Error, Group, Program, Setting, Settings};

use crate::limits::{Limits, Timeouts};
use crate::routing::Versionless;
use crate::start::Tls;
use crate::upstream::UpstreamUrl;

/// What `windlass-proxy` can be told.
pub const PROGRAM: Program = Program {
    name: "windlass-proxy",
    version: env!("CARGO_PKG_VERSION"),
    about: "Lets clients of the Anchore V1 API work with a V2 server.\n\nRequests to `/v1`, and to \
            paths without a version, are rewritten; `/v2` passes through. Without an upstream, \
            a V2 server is started inside, on SQLite.",
    after_help: "Sizes are bytes, or have a unit: 64KiB, 16MiB, 1GiB. Times are seconds, or have \
                 a unit: 500ms, 60s, 2m.\n\nExamples:\n  windlass-proxy\n  windlass-proxy \
                 --upstream http://anchore.example:8228 --listen 0.0.0.0:8228\n  \
                 WINDLASS_VERSIONLESS=enforce windlass-proxy --config /etc/windlass/proxy.toml\n  \
                 windlass-proxy --mappings ./mappings --check",
    groups: &[
        Group {
            heading: "Clients",
            settings: &[
                Setting::new("listen", "ADDRESS", "Where V1 and V2 clients are served")
                    .or("127.0.0.1:8228"),
                Setting::new(
                    "tls_certificate",
                    "FILE",
                    "Speak TLS, with this PEM certificate",
                ),
                Setting::new("tls_key", "FILE", "Its private key, as PEM"),
                Setting::switch("h2c", "Speak HTTP/2 without TLS too"),
                Setting::new(
                    "versionless",
                    "POLICY",
                    "V1 requests without a version: `rewrite` them, or `enforce` versions with 404",
                )
                .or("rewrite"),
                Setting::switch(
                    "gzip",
                    "Compress rewritten answers for clients that take gzip",
                ),
            ],
        },
        Group {
            heading: "The V2 server",
            settings: &[
                Setting::new(
                    "upstream",
                    "URL",
                    "Where it is; without this, one is started inside",
                ),
                Setting::new(
                    "upstream_ca",
                    "FILE",
                    "PEM certificates to trust, for https",
                ),
                Setting::new("upstream_pool", "NUMBER", "Idle connections that are kept").or("512"),
                Setting::new(
                    "server_listen",
                    "ADDRESS",
                    "Where the one started inside listens",
                )
                .or("127.0.0.1:8328"),
                Setting::new("data_dir", "FOLDER", "Where it keeps its data").or("./windlass-data"),
                Setting::new(
                    "admin_password",
                    "PASSWORD",
                    "For its first start; a random one is printed otherwise",
                ),
            ],
        },
        Group {
            heading: "Rewriting",
            settings: &[Setting::new(
                "mappings",
                "FOLDER",
                "Use the mappings in this folder, not those built in",
            )],
        },
        Group {
            heading: "Operation",
            settings: &[
                Setting::new(
                    "admin_listen",
                    "ADDRESS",
                    "Metrics and probes; `off` for none",
                )
                .or("127.0.0.1:9228"),
                Setting::new(
                    "records",
                    "FILE",
                    "A line for every request, for `windlass audit`; `off` for none [default: \
                     records.jsonl in the data folder]",
                ),
                Setting::new(
                    "log",
                    "FILTER",
                    "What is logged: `warn`, `info`, `debug`, …",
                )
                .or("info"),
                Setting::new(
                    "threads",
                    "NUMBER",
                    "Threads that answer requests [default: one for each processor]",
                ),
                Setting::switch("check", "Check settings and mappings, and start nothing"),
            ],
        },
        Group {
            heading: "Limits",
            settings: &[
                Setting::new("max_uri_bytes", "SIZE", "Path and query of a request").or("16KiB"),
                Setting::new("max_header_bytes", "SIZE", "Header of a request").or("64KiB"),
                Setting::new(
                    "max_body_bytes",
                    "SIZE",
                    "Request body that passes as it is",
                )
                .or("1GiB"),
                Setting::new(
                    "max_rewritten_body_bytes",
                    "SIZE",
                    "Request body that is rewritten, and held for it",
                )
                .or("16MiB"),
                Setting::new("max_lookup_bytes", "SIZE", "Answer of a look-up").or("4MiB"),
                Setting::new(
                    "max_held_bytes",
                    "SIZE",
                    "Held back of an answer to rewrite it",
                )
                .or("16MiB"),
                Setting::new("max_depth", "NUMBER", "Nesting of a rewritten body").or("128"),
            ],
        },
        Group {
            heading: "Timeouts",
            settings: &[
                Setting::new(
                    "client_idle_timeout",
                    "TIME",
                    "Connection without a request",
                )
                .or("60s"),
                Setting::new(
                    "client_read_timeout",
                    "TIME",
                    "Next piece of a request body",
                )
                .or("60s"),
                Setting::new(
                    "client_write_timeout",
                    "TIME",
                    "Client takes a piece of an answer",
                )
                .or("60s"),
                Setting::new(
                    "upstream_connect_timeout",
                    "TIME",
                    "Connection to the V2 server",
                )
                .or("5s"),
                Setting::new("upstream_read_timeout", "TIME", "Next piece of its answer")
                    .or("120s"),
                Setting::new(
                    "upstream_write_timeout",
                    "TIME",
                    "It takes a piece of a request",
                )
                .or("60s"),
                Setting::new("upstream_idle_timeout", "TIME", "Kept connection to it").or("50s"),
                Setting::new("drain_timeout", "TIME", "Requests under way at the end").or("30s"),
            ],
        },
    ],
};

/// The settings, as values.
#[derive(Debug, Clone)]
pub struct Config {
    /// `listen`
    pub listen: String,
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
            tls: tls(settings)?,
            h2c: settings.get("h2c")?,
            versionless: settings.get("versionless")?,
            gzip: settings.get("gzip")?,
            upstream: settings.optional("upstream")?,
            upstream_ca: settings.optional("upstream_ca")?,
            upstream_pool: settings.get("upstream_pool")?,
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

/// How the log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// A line for people.
    Text,
    /// A JSON object a line.
    Json,
}

impl FromStr for LogFormat {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            _ => Err("it is either `text` or `json`"),
        }
    }
}

impl FromStr for Versionless {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "rewrite" => Ok(Self::Rewrite),
            "enforce" => Ok(Self::Enforce),
            _ => Err("it is either `rewrite` or `enforce`"),
        }
    }
}

impl FromStr for UpstreamUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

/// A value, or `off`.
struct OrOff<T>(Option<T>);

impl<T: FromStr> FromStr for OrOff<T> {
    type Err = T::Err;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "off" {
            return Ok(Self(None));
        }
        text.parse().map(|value| Self(Some(value)))
    }
}

/// A number that is not 0.
struct AtLeastOne(usize);

impl FromStr for AtLeastOne {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.parse() {
            Ok(0) => Err("it must be at least 1".to_owned()),
            Ok(number) => Ok(Self(number)),
            Err(error) => Err(format!("{error}")),
        }
    }
}

/// A number of bytes, as `65536` or `64KiB`.
#[derive(Debug, PartialEq, Eq)]
struct Size(usize);

impl FromStr for Size {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const EXPECTED: &str = "a size is a number of bytes, or has a unit: 64KiB, 16MiB, 1GiB";
        let (digits, unit) = split_unit(text);
        let shift = match unit {
            "" | "B" => 0,
            "KiB" => 10,
            "MiB" => 20,
            "GiB" => 30,
            _ => return Err(EXPECTED),
        };
        let number: usize = digits.parse().map_err(|_| EXPECTED)?;
        number
            .checked_mul(1 << shift)
            .filter(|bytes| *bytes > 0)
            .map(Self)
            .ok_or("it must be at least 1 byte, and fit the memory of a machine")
    }
}

/// A time, as `60` (seconds), `500ms` or `2m`.
#[derive(Debug, PartialEq, Eq)]
struct Time(Duration);

impl FromStr for Time {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const EXPECTED: &str = "a time is a number of seconds, or has a unit: 500ms, 60s, 2m";
        let (digits, unit) = split_unit(text);
        let number: u64 = digits.parse().map_err(|_| EXPECTED)?;
        let milliseconds = match unit {
            "ms" => Some(number),
            "" | "s" => number.checked_mul(1000),
            "m" => number.checked_mul(60_000),
            "h" => number.checked_mul(3_600_000),
            _ => return Err(EXPECTED),
        };
        // A year is as good as forever, and does not overflow clocks.
        milliseconds
            .filter(|ms| (1..=365 * 86_400_000).contains(ms))
            .map(|ms| Self(Duration::from_millis(ms)))
            .ok_or("it must be at least 1ms and at most a year")
    }
}

fn split_unit(text: &str) -> (&str, &str) {
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (digits, unit) = text.split_at(end);
    (digits, unit.trim_start())
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
    fn sizes_and_times_have_units() {
        assert_eq!("65536".parse(), Ok(Size(65536)));
        assert_eq!("64KiB".parse(), Ok(Size(65536)));
        assert_eq!("1 GiB".parse(), Ok(Size(1 << 30)));
        for wrong in ["", "KiB", "64kb", "-1", "1.5MiB", "0", "99999999999GiB"] {
            assert!(wrong.parse::<Size>().is_err(), "{wrong}");
        }
        assert_eq!("60".parse(), Ok(Time(Duration::from_secs(60))));
        assert_eq!("500ms".parse(), Ok(Time(Duration::from_millis(500))));
        assert_eq!("2m".parse(), Ok(Time(Duration::from_secs(120))));
        for wrong in ["", "s", "1d", "0", "-5s", "99999999999999999999"] {
            assert!(wrong.parse::<Time>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn off_switches_records_and_the_admin_listener_off() {
        let config = read(&["--records", "off", "--admin-listen", "off"]).unwrap();
        assert_eq!((config.records, config.admin_listen), (None, None));
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
