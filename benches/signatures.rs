//! What the knowledge costs: loading all of it, and holding an event against the rules that the index offers.
#![allow(clippy::unwrap_used, reason = "a bench may fail loudly")]

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use rdpwhy::signatures::Database;

fn load(c: &mut Criterion) {
    c.bench_function("signatures/load", |b| b.iter(|| Database::built_in().unwrap()));
}

/// Every example of every rule is an event that its rule, and others, must be tried on.
fn matching(c: &mut Criterion) {
    let db = Database::built_in().unwrap();
    let events = Database::example_events();
    let candidates: usize = events.iter().map(|event| db.candidates(event).count()).sum();
    let mut group = c.benchmark_group("signatures/match");
    group.throughput(Throughput::Elements(events.len() as u64));
    group.bench_function("event", |b| {
        b.iter(|| events.iter().map(|event| db.matches(black_box(event)).count()).sum::<usize>());
    });
    group.throughput(Throughput::Elements(candidates as u64));
    group.bench_function("candidate", |b| {
        b.iter(|| events.iter().map(|event| db.matches(black_box(event)).count()).sum::<usize>());
    });
    group.finish();
}

criterion_group!(benches, load, matching);
criterion_main!(benches);
