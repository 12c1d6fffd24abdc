//! The table of all settings: key, what it takes, what it means, default.

use windlass_v2_server::settings::{Group, Program, Setting};

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
                    "rbac_listen",
                    "ADDRESS",
                    "Serve the RBAC manager alone too, which V1 had on port 8229",
                )
                .or("off"),
                Setting::new(
                    "notifications_listen",
                    "ADDRESS",
                    "Serve notifications alone too, which V1 had on port 8668",
                )
                .or("off"),
                Setting::new(
                    "reports_listen",
                    "ADDRESS",
                    "Serve reports alone too, which V1 had on port 8558",
                )
                .or("off"),
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
                    "parallel_calls",
                    "NUMBER",
                    "Calls at a time for one V1 request that takes several",
                )
                .or("8"),
                Setting::new(
                    "lookup_cache",
                    "NUMBER",
                    "Look-ups kept whose answer never changes; 0 for none",
                )
                .or("10000"),
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
                    "log_format",
                    "FORMAT",
                    "`text` or `json`, one object a line",
                )
                .or("text"),
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
                    "max_upstream_calls",
                    "NUMBER",
                    "V2 calls for one V1 request: pages, compositions",
                )
                .or("10000"),
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
