//! How fast bodies are rewritten, in bytes of input per second, on one core.
//!
//! `cargo bench -p windlass-transforms --bench rewrite`. The machines are shared: compare
//! medians of several runs.

mod bodies;

use std::hint::black_box;
use std::sync::Arc;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use windlass_transforms::plan::body::BodyPlan;
use windlass_transforms::rewrite::{BodyRewriter, Limits};
use windlass_transforms::step::StepContext;

/// As much as a proxy reads at a time.
const CHUNK: usize = 64 << 10;

/// Rewrites a body; the output is thrown away chunk by chunk.
fn rewrite(plan: &Arc<BodyPlan>, context: &Arc<StepContext>, body: &[u8], out: &mut Vec<u8>) {
    let mut rewriter = BodyRewriter::new(Arc::clone(plan), Arc::clone(context), Limits::default());
    for chunk in body.chunks(CHUNK) {
        out.clear();
        rewriter.push(chunk, out).expect("the body is JSON");
        black_box(&*out);
    }
    rewriter.finish(out).expect("the body is JSON");
    black_box(&*out);
}

fn bodies(c: &mut Criterion) {
    let context = Arc::new(StepContext::default());
    let mut group = c.benchmark_group("rewrite");
    let mut measure = |name: &str, plan: BodyPlan, body: Vec<u8>| {
        let plan = Arc::new(plan);
        let mut out = Vec::new();
        group.throughput(Throughput::Bytes(body.len() as u64));
        group.sample_size(if body.len() > 100_000 { 20 } else { 100 });
        group.bench_function(BenchmarkId::from_parameter(name), |b| {
            b.iter(|| rewrite(&plan, &context, &body, &mut out));
        });
    };

    let list = bodies::vulnerabilities;
    measure(
        "1 KB list, 15 renames each",
        bodies::list_plan(),
        list(1 << 10),
    );
    measure(
        "100 KB list, 15 renames each",
        bodies::list_plan(),
        list(100 << 10),
    );
    measure(
        "20 MB list, 15 renames each",
        bodies::list_plan(),
        list(20 << 20),
    );
    measure(
        "20 MB list, 3 of 16 dropped",
        bodies::dropping_plan(),
        list(20 << 20),
    );
    measure(
        "20 MB list, no rule",
        bodies::reading_plan(),
        list(20 << 20),
    );
    measure(
        "20 MB pretty list, 15 renames each",
        bodies::list_plan(),
        bodies::pretty(20 << 20),
    );
    measure(
        "20 MB numbers, no rule",
        bodies::reading_plan(),
        bodies::numbers(20 << 20),
    );
    measure(
        "20 MB points, 2 renames each",
        bodies::points_plan(),
        bodies::points(20 << 20),
    );
    measure(
        "20 MB escapes, no rule",
        bodies::reading_plan(),
        bodies::escapes(20 << 20),
    );
    group.finish();
}

criterion_group!(benches, bodies);
criterion_main!(benches);
