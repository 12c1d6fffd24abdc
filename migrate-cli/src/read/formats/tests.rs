//! Each format by an example of its own, recognised by content.

use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use super::*;
use crate::audit::classify::Classifier;
use crate::audit::counter::{Counting, Window};
use crate::audit::identity::{ClientKey, Identity, Part};
use crate::audit::moment::Moment;
use crate::audit::tally::{Called, Tally};
use crate::read::{Reading, expand, read};

const RECORD: &str = r#"{"format":1,"time":"2026-11-20T10:00:00.000Z","generation":"v1","v1_operation":"list_images","method":"GET","versionless":false,"client":{"user":"admin","user_agent":"curl/8.1","address":"10.0.0.7"},"v1_parameters":["fulltag"],"downstream_status":200,"request_bytes":0,"response_bytes":2,"duration_ms":1,"outcome":"rewritten"}"#;
const COMBINED: &str = r#"10.0.0.7 - admin [20/Nov/2026:10:00:00 +0000] "GET /v1/images?fulltag=a HTTP/1.1" 200 2 "-" "curl/8.1""#;
const COMMON: &str =
    r#"10.0.0.7 - admin [20/Nov/2026:10:00:00 +0000] "GET /v1/images?fulltag=a HTTP/1.1" 200 2"#;
const VHOST: &str = r#"api.example.com:443 10.0.0.7 - admin [20/Nov/2026:10:00:00 +0000] "GET /v1/images?fulltag=a HTTP/1.1" 200 2 "-" "curl/8.1""#;
const CADDY: &str = r#"{"level":"info","ts":1795168800.0,"logger":"http.log.access","msg":"handled request","request":{"remote_ip":"10.0.0.7","proto":"HTTP/2.0","method":"GET","host":"api","uri":"/v1/images?fulltag=a","headers":{"User-Agent":["curl/8.1"],"Authorization":["REDACTED"]}},"user_id":"admin","duration":0.01,"size":2,"status":200}"#;
const TRAEFIK: &str = r#"{"ClientAddr":"10.0.0.7:41","ClientHost":"10.0.0.7","ClientUsername":"admin","DownstreamStatus":200,"RequestMethod":"GET","RequestPath":"/v1/images?fulltag=a","StartUTC":"2026-11-20T10:00:00.000000001Z","request_User-Agent":"curl/8.1"}"#;
const ALB: &str = r#"https 2026-11-20T10:00:00.186641Z app/lb/50dc6c 10.0.0.7:2817 10.1.0.1:80 0.000 0.001 0.000 200 200 34 366 "GET https://api.example.com:443/v1/images?fulltag=a HTTP/1.1" "curl/8.1" ECDHE TLSv1.2 arn "Root=1-58" "-" "-" 0"#;
const ENVOY: &str = r#"[2026-11-20T10:00:00.120Z] "GET /v1/images?fulltag=a HTTP/1.1" 200 - 0 135 4 4 "10.0.0.7" "curl/8.1" "84961386-6d84" "api.example.com" "10.1.0.1:80""#;
const ISTIO: &str = r#"[2026-11-20T10:00:00.120Z] "GET /v1/images?fulltag=a HTTP/1.1" 200 - via_upstream - "-" 0 135 4 4 "10.0.0.7" "curl/8.1" "84961386-6d84" "api:8000" "127.0.0.1:80" inbound|8000|| 127.0.0.1:41854 10.44.1.27:80 10.44.1.23:37652 - default"#;
const ISTIO_JSON: &str = r#"{"method":"GET","path":"/v1/images?fulltag=a","start_time":"2026-11-20T10:00:00.120Z","response_code":200,"user_agent":"curl/8.1","x_forwarded_for":"10.0.0.7, 10.9.9.9"}"#;
const HAPROXY: &str = r#"Nov 20 10:00:00 lb haproxy[143]: 10.0.0.7:33317 [20/Nov/2026:10:00:00.655] http-in api/s1 10/0/30/69/109 200 2750 - - ---- 1/1/1/1/0 0/0 {1wt.eu} {} "GET /v1/images?fulltag=a HTTP/1.1""#;
const CURL: &str = r#"$ curl -su admin:hunter2 -A curl/8.1 -G "$ANCHORE_URL/v1/images" --data-urlencode 'fulltag=a' | jq ."#;
const HAR: &str = r#"{"log":{"version":"1.2","creator":{"name":"x","version":"1"},"entries":[{"startedDateTime":"2026-11-20T10:00:00.000Z","request":{"method":"GET","url":"https://api.example.com/v1/images?fulltag=a","headers":[{"name":"authorization","value":"Basic YWRtaW46aHVudGVyMg=="},{"name":"User-Agent","value":"curl/8.1"}]},"response":{"status":200,"content":{"size":2,"text":"W10=","encoding":"base64"}}}]}}"#;

fn tnet(text: &str, kind: char) -> String {
    format!("{}:{text}{kind}", text.len())
}

fn mitmproxy() -> String {
    let header = |name: &str, value: &str| tnet(&(tnet(name, ',') + &tnet(value, ',')), ']');
    let headers = tnet(
        &(header("Authorization", "Basic YWRtaW46aHVudGVyMg==")
            + &header("user-agent", "curl/8.1")),
        ']',
    );
    let member = |name: &str, value: String| tnet(name, ';') + &value;
    let request = tnet(
        &[
            member("method", tnet("GET", ',')),
            member("path", tnet("/v1/images?fulltag=a", ',')),
            member("headers", headers),
            member("content", tnet("", ',')),
            member("timestamp_start", tnet("1795168800.0", '^')),
        ]
        .concat(),
        '}',
    );
    let peer = tnet(&(tnet("10.0.0.7", ';') + &tnet("4711", '#')), ']');
    tnet(
        &[
            member("type", tnet("http", ';')),
            member("client_conn", tnet(&member("peername", peer), '}')),
            member("request", request),
            member(
                "response",
                tnet(&member("status_code", tnet("200", '#')), '}'),
            ),
        ]
        .concat(),
        '}',
    )
}

/// Everything in `bytes`, as one file.
fn tally(bytes: &[u8], choice: &Choice<'_>, strict: bool) -> anyhow::Result<Tally> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("input");
    std::fs::write(&path, bytes).unwrap();
    let counting = Counting {
        classifier: Classifier::new(windlass_mappings::mappings()),
        identity: Identity::new(&[Part::User, Part::Account, Part::Agent], None).unwrap(),
        window: Window::default(),
    };
    read(
        &expand(&[PathBuf::from(&path)])?,
        &counting,
        Reading {
            formats: &Formats::new(choice)?,
            strict,
            threads: 2,
            bytes: Arc::new(AtomicU64::new(0)),
            progress: &mut |_| {},
        },
    )
}

/// Client, operation, calls, parameters and first call of the only use.
fn only_use(tally: &Tally) -> (String, Called, u64, Vec<String>, Option<String>) {
    assert_eq!(tally.clients.len(), 1, "{tally:?}");
    let (key, client) = tally.clients.first_key_value().unwrap();
    assert_eq!(client.operations.len(), 1, "{client:?}");
    let (called, seen) = client.operations.first_key_value().unwrap();
    (
        key.display(),
        called.clone(),
        seen.calls,
        seen.parameters.keys().cloned().collect(),
        seen.first.map(Moment::minute),
    )
}

#[test]
fn each_format_is_recognised_and_tells_the_same_call() {
    let mitmproxy = mitmproxy();
    for (text, kind, who, minute) in [
        (RECORD, Kind::Records, "admin via curl/8.1", true),
        (COMBINED, Kind::Combined, "admin via curl/8.1", true),
        (COMMON, Kind::Combined, "admin via (no user agent)", true),
        (VHOST, Kind::Combined, "admin via curl/8.1", true),
        (CADDY, Kind::Caddy, "admin via curl/8.1", true),
        (TRAEFIK, Kind::Traefik, "admin via curl/8.1", true),
        (ALB, Kind::Alb, "(no user) via curl/8.1", true),
        (ENVOY, Kind::Envoy, "(no user) via curl/8.1", true),
        (ISTIO, Kind::Envoy, "(no user) via curl/8.1", true),
        (ISTIO_JSON, Kind::Envoy, "(no user) via curl/8.1", true),
        (
            HAPROXY,
            Kind::Haproxy,
            "(no user) via (no user agent)",
            true,
        ),
        (CURL, Kind::Curl, "admin via curl/8.1", false),
        (HAR, Kind::Har, "admin via curl/8.1", true),
        (&mitmproxy, Kind::Mitmproxy, "admin via curl/8.1", true),
    ] {
        let tally = tally(text.as_bytes(), &Choice::default(), true).unwrap();
        assert_eq!(tally.sources[0].kind, kind);
        assert_eq!(
            (tally.sources[0].lines, tally.sources[0].calls),
            (1, 1),
            "{kind:?}"
        );
        assert_eq!(
            only_use(&tally),
            (
                who.to_owned(),
                Called::V1("list_images".to_owned()),
                1,
                vec!["fulltag".to_owned()],
                minute.then(|| "2026-11-20 10:00 UTC".to_owned())
            ),
            "{kind:?}"
        );
    }
}

#[test]
fn addresses_are_found_wherever_a_format_has_them() {
    let mitmproxy = mitmproxy();
    for text in [
        COMBINED, VHOST, CADDY, TRAEFIK, ALB, ENVOY, ISTIO, ISTIO_JSON, HAPROXY, &mitmproxy,
    ] {
        let tally = tally(text.as_bytes(), &Choice::default(), true).unwrap();
        let (_, client) = tally.clients.first_key_value().unwrap();
        assert!(client.addresses.contains("10.0.0.7"), "{text}");
    }
}

#[test]
fn formats_that_were_described_are_read_as_described() {
    let tab = "20/Nov/2026:10:00:00 +0000\tadmin\tGET\t/v1/images\tfulltag=a\t200\tcurl/8.1";
    let apache = r#"10.0.0.7 admin [20/Nov/2026:10:00:00 +0000] "GET /v1/images?fulltag=a HTTP/1.1" 200 "curl/8.1""#;
    let json = r#"{"who":{"name":"admin"},"http":{"url":"/v1/images?fulltag=a","verb":"GET","agent":"curl/8.1"},"at":1795168800000}"#;
    let text = "2026-11-20T10:00:00Z GET /v1/images?fulltag=a by admin with curl/8.1";
    let fields = [
        "client=$.who.name",
        "path=$.http.url",
        "method=$.http.verb",
        "agent=$.http.agent",
        "time=$.at",
    ]
    .map(str::to_owned);
    for (line, choice) in [
        (
            tab,
            Choice {
                log_format: Some(
                    "$time_local\t$remote_user\t$request_method\t$uri\t$args\t$status\t$http_user_agent",
                ),
                ..Choice::default()
            },
        ),
        (
            apache,
            Choice {
                log_format: Some("%h %u %t \\\"%r\\\" %>s \\\"%{User-Agent}i\\\""),
                ..Choice::default()
            },
        ),
        (
            json,
            Choice {
                fields: &fields,
                ..Choice::default()
            },
        ),
        (
            text,
            Choice {
                regex: Some(
                    r"^(?<time>\S+) (?<method>\S+) (?<path>\S+) by (?<client>\S+) with (?<agent>.*)$",
                ),
                ..Choice::default()
            },
        ),
    ] {
        let (who, called, ..) = only_use(&tally(line.as_bytes(), &choice, true).unwrap());
        assert_eq!(
            (who.as_str(), called),
            ("admin via curl/8.1", Called::V1("list_images".to_owned())),
            "{line}"
        );
    }
}

#[test]
fn a_description_that_can_name_no_call_is_an_error_with_the_reason() {
    for (choice, reason) in [
        (
            Choice {
                log_format: Some("$remote_addr $status"),
                ..Choice::default()
            },
            "neither the request nor a path",
        ),
        (
            Choice {
                log_format: Some("$request$status"),
                ..Choice::default()
            },
            "nothing between them",
        ),
        (
            Choice {
                regex: Some("(?<colour>.*)"),
                ..Choice::default()
            },
            "no part of a call is called `colour`",
        ),
        (
            Choice {
                fields: &["client=$.user".to_owned()],
                ..Choice::default()
            },
            "neither a `path` nor a `request`",
        ),
        (
            Choice {
                kind: Some(Kind::Regex),
                ..Choice::default()
            },
            "needs `--regex`",
        ),
    ] {
        let error = Formats::new(&choice).err().unwrap().to_string();
        assert!(error.contains(reason), "{error}");
    }
}

#[test]
fn gzip_and_zstd_are_taken_off() {
    let text = format!("{COMBINED}\n").repeat(1000);
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzip.write_all(text.as_bytes()).unwrap();
    let gzip = gzip.finish().unwrap();
    let zstd = zstd::encode_all(text.as_bytes(), 1).unwrap();
    for bytes in [&gzip, &zstd, &[gzip.clone(), gzip.clone()].concat()] {
        let tally = tally(bytes, &Choice::default(), true).unwrap();
        assert_eq!(tally.sources[0].calls % 1000, 0);
        assert!(tally.sources[0].calls >= 1000);
    }
}

#[test]
fn a_truncated_gzip_file_counts_what_came_before_and_says_so() {
    let text = format!("{COMBINED}\n").repeat(50_000);
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzip.write_all(text.as_bytes()).unwrap();
    let gzip = gzip.finish().unwrap();
    let cut = &gzip[..gzip.len() - 20];
    let tally = self::tally(cut, &Choice::default(), false).unwrap();
    let source = &tally.sources[0];
    assert!(source.calls > 1000 && source.calls < 50_000, "{source:?}");
    assert!(source.cut_short.as_deref().unwrap().contains("truncated"));
    let error = self::tally(cut, &Choice::default(), true)
        .unwrap_err()
        .to_string();
    assert!(error.contains("truncated"), "{error}");
}

#[test]
fn a_damaged_document_never_quotes_what_it_holds() {
    let har = HAR.replace("\"request\":", "\"request\":\"hunter2\",\"x\":");
    let tally = tally(har.as_bytes(), &Choice::default(), false).unwrap();
    assert_eq!(tally.sources[0].unreadable, 1);
    for text in [
        HAR.replace("[{\"started", "\"hunter2\",[{\"started"),
        HAR[..HAR.len() - 30].to_owned(),
    ] {
        let error = format!(
            "{:#}",
            self::tally(text.as_bytes(), &Choice::default(), true).unwrap_err()
        );
        assert!(
            !error.contains("hunter2") && error.contains("damaged"),
            "{error}"
        );
    }
}

#[test]
fn unreadable_lines_are_counted_with_their_number_in_the_whole_file() {
    let mut text = format!("{COMBINED}\n").repeat(20_000);
    text.push_str("password=hunter2\n\n");
    text.push_str(COMBINED);
    let tally = tally(text.as_bytes(), &Choice::default(), false).unwrap();
    let source = &tally.sources[0];
    assert_eq!(
        (source.lines, source.calls, source.unreadable),
        (20_002, 20_001, 1)
    );
    assert_eq!(source.first_unreadable[0].line, 20_001);
    assert!(!serde_json::to_string(&tally).unwrap().contains("hunter2"));
    let error = self::tally(text.as_bytes(), &Choice::default(), true)
        .unwrap_err()
        .to_string();
    assert!(error.contains("line 20001"), "{error}");
}

#[test]
fn greetings_of_other_protocols_and_odd_bytes_are_no_calls_and_no_errors() {
    let text = [
        b"10.0.0.7 - - [20/Nov/2026:10:00:00 +0000] \"\\x16\\x03\\x01\" 400 150 \"-\" \"-\"\n".as_slice(),
        b"10.0.0.7 - caf\xe9 [20/Nov/2026:10:00:00 +0000] \"GET /v1/images HTTP/1.1\" 200 2 \"-\" \"\xff\xfe\"\n",
        b"::1 - [x] [20/Nov/2026:10:00:00 +0000] \"GET /v1/images HTTP/1.1\" 200 2 \"a\\\"b\" \"a\\\"b\"\r\n",
    ]
    .concat();
    let tally = tally(&text, &Choice::default(), true).unwrap();
    assert_eq!((tally.other_calls, tally.sources[0].calls), (1, 3));
    let names: Vec<String> = tally.clients.keys().map(ClientKey::display).collect();
    assert_eq!(
        names,
        ["[x] via a\\\"b", "caf\u{fffd} via \u{fffd}\u{fffd}"]
    );
}

#[test]
fn a_format_that_nobody_knows_is_an_error_that_says_what_to_do() {
    let error = tally(b"hello\nworld\n", &Choice::default(), false)
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("not recognised") && error.contains("--log-format"),
        "{error}"
    );
    assert_eq!(
        tally(b"\n", &Choice::default(), true).unwrap().sources[0].kind,
        Kind::Empty
    );
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(200))]

    #[test]
    fn no_input_makes_a_reader_panic(
        bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..300),
        start in 0..14_usize,
        cut in 0..400_usize,
    ) {
        let mitmproxy = mitmproxy();
        let known = [RECORD, COMBINED, COMMON, VHOST, CADDY, TRAEFIK, ALB, ENVOY, ISTIO, ISTIO_JSON, HAPROXY, CURL, HAR, &mitmproxy][start];
        let mut text = known.as_bytes()[..cut.min(known.len())].to_vec();
        text.extend_from_slice(&bytes);
        // An error is fine; so are counted lines.
        let _ = tally(&text, &Choice::default(), false);
    }
}
