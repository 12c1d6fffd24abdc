//! Writes the access log of a made month: 40 clients, some of them on their way to V2.
//!
//! ```text
//! cargo run --example made_month > access.log            # about 100,000 lines, combined format
//! cargo run --example made_month -- --scale 60 > big.log  # about 1 GB
//! windlass audit --format html access.log > report.html
//! ```
//!
//! The same every time: chance comes from a fixed seed. Nobody in it exists.

use std::io::{self, BufWriter, Write};

/// The first day, 2026-10-20, in days since 1970.
const FIRST_DAY: u64 = 20_746;
const DAYS: u64 = 30;

/// A kind of client: what it calls in V1 and V2, and how often.
struct Kind {
    agent: &'static str,
    /// Target and weight; `{d}` becomes a digest, `{t}` a tag.
    v1: &'static [(&'static str, u32)],
    v2: &'static [(&'static str, u32)],
    per_day: u32,
    /// Runs on weekends too.
    weekends: bool,
}

const KINDS: [Kind; 9] = [
    Kind {
        agent: "python-requests/2.26.0",
        v1: &[
            ("GET /v1/", 6),
            ("GET /v1/images?fulltag={t}", 10),
            ("GET /v1/images/{d}", 8),
            ("GET /v1/images/{d}/check?tag={t}&detail=true", 6),
            ("GET /v1/images/{d}/vuln/os?vendor_only=True", 5),
            ("GET /v1/policies?detail=false", 2),
            ("POST /v1/images?autosubscribe=True", 3),
            ("GET /v1/system", 1),
        ],
        v2: &[
            ("GET /v2/images?full_tag={t}", 5),
            ("GET /v2/images/{d}", 5),
        ],
        per_day: 70,
        weekends: false,
    },
    Kind {
        agent: "Apache-HttpClient/4.5.13 (Java/11.0.16)",
        v1: &[
            ("POST /v1/images", 5),
            ("GET /v1/images/{d}", 18),
            ("GET /v1/images/{d}/check?tag={t}", 14),
            ("GET /v1/images/{d}/vuln/all", 5),
            (
                "GET /v1/query/images/by_vulnerability?vulnerability_id=CVE-2026-1000",
                1,
            ),
        ],
        v2: &[
            ("POST /v2/images", 5),
            ("GET /v2/images/{d}", 18),
            ("GET /v2/images/{d}/check?tag={t}", 14),
            ("GET /v2/images/{d}/vuln/all", 5),
        ],
        per_day: 220,
        weekends: false,
    },
    Kind {
        agent: "Go-http-client/1.1",
        v1: &[
            ("POST /v1/enterprise/kubernetes-inventory", 12),
            ("GET /version", 1),
        ],
        v2: &[("POST /v2/kubernetes-inventory", 12)],
        per_day: 96,
        weekends: true,
    },
    Kind {
        agent: "Go-http-client/2.0",
        v1: &[
            ("POST /v1/registries", 3),
            (
                "PUT /v1/registries/registry.example.com:5000/library/app",
                3,
            ),
            ("POST /v1/images", 6),
            ("GET /v1/images/{d}", 12),
            ("GET /v1/images/{d}/vuln/all?vendor_only=false", 6),
        ],
        v2: &[("POST /v2/images", 6), ("GET /v2/images/{d}", 12)],
        per_day: 140,
        weekends: true,
    },
    Kind {
        agent: "curl/7.88.1",
        v1: &[
            ("GET /images?fulltag={t}", 4),
            ("GET /v1/summaries/imagetags", 4),
            ("GET /v1/subscriptions", 2),
            ("PUT /v1/subscriptions/abc", 1),
        ],
        v2: &[("GET /v2/summaries/image-tags", 3)],
        per_day: 24,
        weekends: true,
    },
    Kind {
        agent: "nightly-import.sh curl/7.74.0",
        v1: &[
            ("POST /v1/import/images", 2),
            ("GET /v1/images/{d}", 2),
            ("POST /v1/imports/images", 1),
        ],
        v2: &[("POST /v2/imports/images", 1)],
        per_day: 6,
        weekends: true,
    },
    Kind {
        agent: "compliance-dashboard/3.2",
        v1: &[
            ("GET /v1/summaries/imagetags", 3),
            ("GET /v1/policies?detail=true", 3),
            (
                "GET /v1/events?since=2026-10-01&source_servicename=catalog",
                3,
            ),
            ("GET /v1/accounts", 1),
            ("GET /v1/enterprise/inventories", 2),
        ],
        v2: &[("GET /v2/summaries/image-tags", 3), ("GET /v2/policies", 3)],
        per_day: 180,
        weekends: true,
    },
    Kind {
        agent: "kube-probe/1.29",
        v1: &[("GET /health", 1)],
        v2: &[("GET /health", 1)],
        per_day: 288,
        weekends: true,
    },
    Kind {
        agent: "anchorectl/5.3.0",
        v1: &[("GET /v1/status", 1)],
        v2: &[
            ("GET /v2/images", 4),
            ("GET /v2/images/{d}", 6),
            ("GET /v2/images/{d}/check", 5),
            ("GET /v2/policies", 2),
        ],
        per_day: 60,
        weekends: false,
    },
];

/// User, kind, and the first day on V2 (`DAYS` and more: never; 0: always).
const CLIENTS: [(&str, usize, u64); 40] = [
    ("ci-payments", 1, 12),
    ("ci-checkout", 1, 15),
    ("ci-search", 1, 99),
    ("ci-mobile", 1, 21),
    ("ci-platform", 1, 9),
    ("ci-data", 1, 99),
    ("ci-legacy", 1, 99),
    ("release-bot", 0, 18),
    ("admin", 0, 99),
    ("alice", 0, 24),
    ("bob", 0, 99),
    ("carol", 0, 16),
    ("security-scan", 0, 99),
    ("audit-export", 0, 99),
    ("cluster-eu-1", 2, 10),
    ("cluster-eu-2", 2, 10),
    ("cluster-us-1", 2, 14),
    ("cluster-us-2", 2, 99),
    ("cluster-edge", 2, 99),
    ("harbor-main", 3, 20),
    ("harbor-dmz", 3, 99),
    ("ops-scripts", 4, 99),
    ("weekly-report", 4, 99),
    ("inventory-sync", 4, 22),
    ("wiki-bot", 4, 99),
    ("ticket-bot", 4, 13),
    ("nightly-import", 5, 99),
    ("nightly-mirror", 5, 99),
    ("dashboard", 6, 99),
    ("dashboard-test", 6, 17),
    ("sre", 6, 25),
    ("-", 7, 99),
    ("dev-anna", 8, 0),
    ("dev-ben", 8, 0),
    ("dev-chen", 8, 0),
    ("dev-dora", 8, 0),
    ("ci-new-shop", 8, 0),
    ("ci-new-app", 8, 0),
    ("ci-new-web", 8, 0),
    ("policy-editor", 8, 0),
];

/// SplitMix64.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit.max(1)
    }
}

fn main() -> io::Result<()> {
    let scale = scale();
    let mut out = BufWriter::with_capacity(1 << 20, io::stdout().lock());
    let mut chance = Chance(2026);
    for day in 0..DAYS {
        // 2026-10-20 is a Tuesday.
        let weekend = matches!((day + 1) % 7, 5 | 6);
        let mut calls = Vec::new();
        for (index, (user, kind, switch)) in CLIENTS.iter().enumerate() {
            let kind = &KINDS[*kind];
            if weekend && !kind.weekends {
                continue;
            }
            let usual = u64::from(kind.per_day) * scale;
            let count = usual * (80 + chance.below(40)) / 100;
            for _ in 0..count {
                // Whoever changes does so over some days.
                let on_v2 =
                    *switch == 0 || (day >= *switch && chance.below(6) < (day - switch + 1) * 2);
                let list = if on_v2 { kind.v2 } else { kind.v1 };
                let second = chance.below(86_400);
                calls.push((second, index, *user, kind.agent, pick(list, &mut chance)));
            }
        }
        calls.sort_unstable();
        for (second, index, user, agent, call) in calls {
            line(&mut out, &mut chance, day, second, index, user, agent, call)?;
        }
    }
    out.flush()
}

/// The number behind `--scale`, or 1.
fn scale() -> u64 {
    let words: Vec<String> = std::env::args().collect();
    words
        .windows(2)
        .find(|pair| pair[0] == "--scale")
        .and_then(|pair| pair[1].parse().ok())
        .unwrap_or(1)
}

fn pick(list: &'static [(&'static str, u32)], chance: &mut Chance) -> &'static str {
    let total: u32 = list.iter().map(|(_, weight)| weight).sum();
    let mut at = chance.below(u64::from(total));
    for (call, weight) in list {
        let weight = u64::from(*weight);
        if at < weight {
            return call;
        }
        at -= weight;
    }
    list[0].0
}

#[expect(clippy::too_many_arguments, reason = "one for each part of a log line")]
fn line(
    out: &mut impl Write,
    chance: &mut Chance,
    day: u64,
    second: u64,
    client: usize,
    user: &str,
    agent: &str,
    call: &str,
) -> io::Result<()> {
    let (method, target) = call.split_once(' ').unwrap_or(("GET", call));
    // A few hundred images are looked at again and again.
    let image = chance.below(400);
    let digest = format!(
        "sha256:{:016x}{:016x}{:016x}{:016x}",
        image,
        image * 7,
        image * 13,
        image * 31
    );
    let tag = format!(
        "registry.example.com/team/app{}:1.{}",
        image % 40,
        image % 9
    );
    let target = target.replace("{d}", &digest).replace("{t}", &tag);
    let status = match (target.starts_with("/v1/import/"), chance.below(100)) {
        (true, _) => 501,
        (_, 0..=2) => 404,
        (_, 3) => 500,
        _ => 200,
    };
    let date = date(FIRST_DAY + day);
    writeln!(
        out,
        "10.{}.{}.{} - {user} [{date}:{:02}:{:02}:{:02} +0000] \"{method} {target} HTTP/1.1\" {status} {} \"-\" \"{agent}\"",
        client % 8,
        client,
        10 + chance.below(3),
        second / 3600,
        second / 60 % 60,
        second % 60,
        200 + chance.below(9_000),
    )
}

/// `20/Oct/2026` for days since 1970 in October and November 2026.
fn date(day: u64) -> String {
    let in_month = day - FIRST_DAY + 20;
    if in_month <= 31 {
        format!("{in_month:02}/Oct/2026")
    } else {
        format!("{:02}/Nov/2026", in_month - 31)
    }
}
