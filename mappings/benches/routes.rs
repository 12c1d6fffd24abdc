//! How long it takes to find the operation of a request, with all operations in the table.
//!
//! `cargo bench -p windlass-mappings --bench routes`. One measurement finds a request for each
//! operation (`thrpt` is requests a second), the next a path that nothing has.

use std::hint::black_box;
use std::time::Instant;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use http::Method;
use windlass_mappings::mappings;
use windlass_transforms::operation::Segment;
use windlass_transforms::route::{Route, RouteTable};

/// A digest, as most path values are.
const DIGEST: &str = "sha256:8d9001d32c6a703d95921a77115050f33dd823d3f1730bd35215dcbecad6dc20";

/// A request of every operation: method and path.
fn requests() -> Vec<(Method, String)> {
    let request = |operation: &windlass_transforms::plan::operation::Operation| {
        let segments = operation.v1.template.segments.iter();
        let path: String = segments
            .map(|segment| match segment {
                Segment::Literal(word) => format!("/{word}"),
                Segment::Parameter(_) => format!("/{DIGEST}"),
                Segment::Rest(_) => "/registry.example.com:5000%2Fteam".to_owned(),
            })
            .collect();
        (operation.v1.method.clone(), path)
    };
    mappings().operations().iter().map(|o| request(o)).collect()
}

/// Finds all requests; returns how many led to an operation.
fn find_all(routes: &RouteTable, requests: &[(Method, String)]) -> usize {
    requests
        .iter()
        .filter(|(method, path)| {
            let found = routes.find(black_box(method), black_box(path));
            matches!(black_box(found), Route::Found { .. })
        })
        .count()
}

fn routes(c: &mut Criterion) {
    let routes = mappings().routes();
    let requests = requests();
    assert_eq!(
        find_all(routes, &requests),
        requests.len(),
        "every operation is found"
    );
    // The best of all samples: the machines are shared.
    let mut nanoseconds = u128::MAX;
    let mut group = c.benchmark_group("routes");
    group.throughput(Throughput::Elements(requests.len() as u64));
    group.bench_function("a request for each operation", |b| {
        b.iter_custom(|times| {
            let start = Instant::now();
            for _ in 0..times {
                black_box(find_all(routes, &requests));
            }
            let took = start.elapsed();
            let one = took.as_nanos() / (u128::from(times) * requests.len() as u128);
            nanoseconds = nanoseconds.min(one);
            took
        });
    });
    assert!(
        nanoseconds < 1000,
        "a route costs {nanoseconds} ns, a microsecond is too much"
    );
    group.throughput(Throughput::Elements(1));
    group.bench_function("a path that no operation has", |b| {
        b.iter(|| routes.find(&Method::GET, black_box("/images/by_name/nosuch/content")));
    });
    group.finish();
}

criterion_group!(benches, routes);
criterion_main!(benches);
