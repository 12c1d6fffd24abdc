//! What of V1 is mapped, counted.

use std::collections::BTreeMap;

use serde::Serialize;
use windlass_transforms::compare::{Comparison, Documents, Fact, Kind};

/// Version of the JSON form.
const FORMAT: u32 = 1;

/// How many things of one kind ended in each way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// All of them.
    pub total: usize,
    /// V2 has it, as the mapping says.
    pub exact: usize,
    /// It works, with a declared loss.
    pub loss: usize,
    /// Declared as having nothing in V2.
    pub unsupported: usize,
    /// Mapped without a V1 document.
    pub assumed: usize,
    /// Mapped by something that documents cannot be held against.
    pub unseen: usize,
    /// Nothing is said of it.
    pub forgotten: usize,
}

impl Counts {
    fn add(&mut self, fact: &Fact) {
        self.total += 1;
        let count = match fact.verdict.word() {
            "exact" => &mut self.exact,
            "loss" => &mut self.loss,
            "unsupported" => &mut self.unsupported,
            "assumed" => &mut self.assumed,
            "unseen" => &mut self.unseen,
            _ => &mut self.forgotten,
        };
        *count += 1;
    }
}

/// One line of the report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Row {
    /// Whose; `all` for the sum.
    pub service: String,
    /// What is counted.
    pub kind: Kind,
    /// How it ended.
    #[serde(flatten)]
    pub counts: Counts,
}

/// The whole report.
#[derive(Debug, Serialize)]
pub struct Coverage {
    format: u32,
    /// The V1 documents, by name.
    pub v1: Vec<String>,
    /// The V2 documents, by name, in the order they are asked.
    pub v2: Vec<String>,
    /// Counts per service and kind, then the sums.
    pub rows: Vec<Row>,
    /// How often each reason was given, most often first, for what is not exact.
    pub reasons: Vec<Reason>,
    /// Everything that is forgotten.
    pub forgotten: Vec<Fact>,
    /// What `--list` asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub listed: Vec<Fact>,
}

/// A reason and how often it was given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reason {
    /// The verdict.
    pub verdict: &'static str,
    /// Why.
    pub reason: String,
    /// How often.
    pub count: usize,
}

impl Coverage {
    /// Counts what a comparison found. `list` are the verdicts whose facts are wanted one by one.
    pub fn count(comparison: &Comparison, documents: &Documents, list: &[&str]) -> Self {
        let facts = &comparison.facts;
        let mut services: Vec<&str> = Vec::new();
        for fact in facts {
            if !services.contains(&fact.service.as_str()) {
                services.push(&fact.service);
            }
        }
        let row = |service: &str, kind: Kind, of: &dyn Fn(&Fact) -> bool| {
            let mut counts = Counts::default();
            let facts = facts.iter().filter(|fact| fact.kind == kind && of(fact));
            facts.for_each(|fact| counts.add(fact));
            Row {
                service: service.to_owned(),
                kind,
                counts,
            }
        };
        let mut rows = Vec::new();
        for service in &services {
            for kind in Kind::ALL {
                rows.push(row(service, kind, &|fact| fact.service == *service));
            }
        }
        rows.retain(|row| row.counts.total > 0);
        rows.extend(Kind::ALL.map(|kind| row("all", kind, &|_| true)));
        let names = |sources: &[windlass_transforms::compare::Source]| {
            sources.iter().map(|source| source.name.clone()).collect()
        };
        let matching = |words: &[&str]| -> Vec<Fact> {
            let found = facts.iter().filter(|f| words.contains(&f.verdict.word()));
            found.cloned().collect()
        };
        Self {
            format: FORMAT,
            v1: names(&documents.v1),
            v2: names(&documents.v2),
            rows,
            reasons: reasons(facts),
            forgotten: matching(&["forgotten"]),
            listed: matching(list),
        }
    }

    /// The sum for one kind.
    pub fn sum(&self, kind: Kind) -> Counts {
        let all = self.rows.iter().filter(|row| row.service == "all");
        all.filter(|row| row.kind == kind)
            .map(|row| row.counts)
            .next()
            .unwrap_or_default()
    }
}

fn reasons(facts: &[Fact]) -> Vec<Reason> {
    let mut counted: BTreeMap<(&'static str, &str), usize> = BTreeMap::new();
    for fact in facts {
        if let Some(reason) = fact.verdict.reason() {
            *counted.entry((fact.verdict.word(), reason)).or_default() += 1;
        }
    }
    let mut reasons: Vec<Reason> = counted
        .into_iter()
        .map(|((verdict, reason), count)| Reason {
            verdict,
            reason: reason.to_owned(),
            count,
        })
        .collect();
    reasons.sort_by_key(|reason| std::cmp::Reverse(reason.count));
    reasons
}
