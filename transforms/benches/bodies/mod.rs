//! Bodies and plans to measure with, the same in every run.

use windlass_transforms::plan::body::{
    BodyPlan, MemberPlan, MemberTarget, ObjectId, ObjectPlan, Strategy, StreamPlan, ValuePlan,
};

const WORDS: [&str; 44] = [
    "buffer",
    "overflow",
    "heap",
    "use",
    "after",
    "free",
    "remote",
    "attacker",
    "crafted",
    "packet",
    "allows",
    "denial",
    "of",
    "service",
    "via",
    "the",
    "parser",
    "component",
    "before",
    "version",
    "improper",
    "validation",
    "input",
    "leads",
    "to",
    "execution",
    "arbitrary",
    "code",
    "information",
    "disclosure",
    "privilege",
    "escalation",
    "in",
    "kernel",
    "module",
    "when",
    "malformed",
    "archive",
    "header",
    "length",
    "field",
    "is",
    "not",
    "checked",
];

/// Renames of the members of one vulnerability.
const RENAMES: [(&str, &str); 12] = [
    ("vulnerabilityId", "vulnerability_id"),
    ("cveId", "cve_id"),
    ("cvssScore", "cvss_score"),
    ("cvssVector", "cvss_vector"),
    ("packageName", "package_name"),
    ("packageVersion", "package_version"),
    ("fixedVersion", "fixed_version"),
    ("firstSeenAt", "first_seen_at"),
    ("lastSeenAt", "last_seen_at"),
    ("isFixable", "is_fixable"),
    ("referenceUrls", "reference_urls"),
    ("affectedAsset", "affected_asset"),
];

const ASSET_RENAMES: [(&str, &str); 3] = [
    ("assetId", "asset_id"),
    ("assetName", "asset_name"),
    ("ipAddress", "ip_address"),
];

/// `$.items` of vulnerabilities: 12 renames in each, 3 in an object inside.
pub(crate) fn list_plan() -> BodyPlan {
    items(vec![
        ObjectPlan {
            members: RENAMES
                .map(|(from, to)| rename(from, to, (from == "affectedAsset").then_some(1)))
                .into(),
            ..ObjectPlan::default()
        },
        asset(),
    ])
}

/// The same with three members left out.
pub(crate) fn dropping_plan() -> BodyPlan {
    let mut members: Vec<_> = RENAMES
        .map(|(from, to)| rename(from, to, (from == "affectedAsset").then_some(1)))
        .into();
    members.extend(["title", "severity", "status"].map(|from| MemberPlan {
        from: from.into(),
        to: Vec::new(),
        seen: None,
    }));
    items(vec![
        ObjectPlan {
            members,
            ..ObjectPlan::default()
        },
        asset(),
    ])
}

/// The document as it is, without a rule for anything in it.
pub(crate) fn reading_plan() -> BodyPlan {
    plan(Vec::new(), None, Vec::new())
}

/// Points `{"xPos":…,"yPos":…}` with both names changed.
pub(crate) fn points_plan() -> BodyPlan {
    let point = ObjectPlan {
        members: vec![rename("xPos", "x_pos", None), rename("yPos", "y_pos", None)],
        ..ObjectPlan::default()
    };
    plan(Vec::new(), Some(0), vec![point])
}

fn asset() -> ObjectPlan {
    ObjectPlan {
        members: ASSET_RENAMES
            .map(|(from, to)| rename(from, to, None))
            .into(),
        ..ObjectPlan::default()
    }
}

fn items(objects: Vec<ObjectPlan>) -> BodyPlan {
    plan(vec!["items".into()], Some(0), objects)
}

fn plan(select: Vec<Box<str>>, object: Option<u16>, objects: Vec<ObjectPlan>) -> BodyPlan {
    let stream = StreamPlan {
        before: "".into(),
        select,
        value: inside(object),
        otherwise: None,
        after: "".into(),
    };
    BodyPlan::new(Strategy::Stream(stream), objects)
}

fn inside(object: Option<u16>) -> ValuePlan {
    ValuePlan {
        object: object.map(ObjectId),
        ..ValuePlan::default()
    }
}

fn rename(from: &str, to: &str, object: Option<u16>) -> MemberPlan {
    MemberPlan {
        from: from.into(),
        to: vec![MemberTarget {
            name: to.into(),
            value: inside(object),
        }],
        seen: None,
    }
}

/// Numbers in a fixed random order.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16) % limit
    }

    fn word(&mut self) -> &'static str {
        self.pick(&WORDS)
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        let index = self.below(from.len() as u64);
        from[usize::try_from(index).expect("small")]
    }

    /// Words, now and then with escapes, other scripts, or what looks like JSON.
    fn text(&mut self, words: u64) -> String {
        let mut text = match self.below(50) {
            0 => r#"{\"packageName\":\"decoy\",\"cveId\": [1,2]} "#.to_owned(),
            _ => String::new(),
        };
        let kind = self.below(100);
        for word in 0..words {
            if word > 0 {
                text.push(' ');
            }
            text.push_str(self.word());
            if word == words / 2 {
                text.push_str(match kind {
                    0..10 => r#" the \"quoted\" name"#,
                    10..15 => r" line\nbreak\tand \\ slash",
                    15..20 => " déjà vu 漏洞",
                    _ => "",
                });
            }
        }
        text
    }
}

/// One vulnerability: 16 members, one of them an object of three.
fn vulnerability(r: &mut Random) -> String {
    let (year, number) = (2005 + r.below(22), r.below(99_999));
    let url = format!(r#""https://nvd.example/vuln/detail/CVE-{year}-{number:05}""#);
    let urls = vec![url; usize::try_from(r.below(3)).expect("small")].join(",");
    let words = (4 + r.below(7), 10 + r.below(31));
    format!(
        concat!(
            r#"{{"vulnerabilityId":"{:08x}-{:04x}-4{:03x}-a{:03x}-{:012x}","cveId":"CVE-{}-{:05}","#,
            r#""title":"{}","description":"{}","severity":"{}","cvssScore":{}.{},"#,
            r#""cvssVector":"CVSS:3.1/AV:{}/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H","#,
            r#""packageName":"lib{}","packageVersion":"{}.{}.{}","fixedVersion":{},"#,
            r#""firstSeenAt":"20{}-0{}-1{}T0{}:00:00Z","lastSeenAt":"2026-0{}-1{}T0{}:30:00Z","#,
            r#""isFixable":{},"status":"{}","referenceUrls":[{}],"#,
            r#""affectedAsset":{{"assetId":{},"assetName":"host-{:04}.example","ipAddress":"10.{}.{}.{}"}}}}"#,
        ),
        r.below(1 << 32),
        r.below(1 << 16),
        r.below(1 << 12),
        r.below(1 << 12),
        r.below(1 << 48),
        year,
        number,
        r.text(words.0),
        r.text(words.1),
        r.pick(&["low", "medium", "high", "critical"]),
        r.below(10),
        r.below(10),
        r.pick(&["N", "A", "L", "P"]),
        r.word(),
        r.below(10),
        r.below(41),
        r.below(10),
        match r.below(10) {
            0..3 => "null".to_owned(),
            _ => format!("\"{}.{}.{}\"", r.below(10), r.below(41), r.below(10)),
        },
        10 + r.below(17),
        1 + r.below(9),
        r.below(10),
        r.below(10),
        1 + r.below(9),
        r.below(10),
        r.below(10),
        r.below(10) < 7,
        r.pick(&["open", "fixed", "ignored"]),
        urls,
        r.below(1 << 31),
        r.below(10_000),
        r.below(256),
        r.below(256),
        1 + r.below(254),
    )
}

/// About `size` bytes of one thing after another.
fn fill(
    size: usize,
    before: &str,
    after: &str,
    mut next: impl FnMut(&mut Random) -> String,
) -> Vec<u8> {
    let mut random = Random(7);
    let mut text = before.to_owned();
    loop {
        text.push_str(&next(&mut random));
        if text.len() + after.len() >= size {
            break;
        }
        text.push(',');
    }
    text.push_str(after);
    text.into_bytes()
}

/// `{"items":[…],"total":N,"nextCursor":null}`
pub(crate) fn vulnerabilities(size: usize) -> Vec<u8> {
    fill(
        size,
        r#"{"items":["#,
        r#"],"total":7,"nextCursor":null}"#,
        vulnerability,
    )
}

/// The same, indented.
pub(crate) fn pretty(size: usize) -> Vec<u8> {
    let list = vulnerabilities(size * 4 / 5);
    let value: serde_json::Value = serde_json::from_slice(&list).expect("JSON");
    format!("{value:#}").into_bytes()
}

/// Arrays of short numbers.
pub(crate) fn numbers(size: usize) -> Vec<u8> {
    fill(size, "[", "]", |r| {
        format!(
            "[{},{}.{},-{},{}e-{}]",
            r.below(10),
            r.below(1000),
            r.below(100),
            r.below(100_000),
            r.below(10),
            r.below(10)
        )
    })
}

/// Small objects of numbers.
pub(crate) fn points(size: usize) -> Vec<u8> {
    fill(size, "[", "]", |r| {
        format!(
            r#"{{"xPos":{},"yPos":{}.{},"z":{}}}"#,
            r.below(1000),
            r.below(1000),
            r.below(100),
            r.below(2) == 0
        )
    })
}

/// Strings with an escape every few bytes.
pub(crate) fn escapes(size: usize) -> Vec<u8> {
    fill(size, "[", "]", |r| {
        format!(
            r#""{}\n{}\"{}\\\u00e9\t{}""#,
            r.word(),
            r.word(),
            r.word(),
            r.word()
        )
    })
}
