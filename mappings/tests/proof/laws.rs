//! What must hold of every body that a mapping rewrites.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::Arc;

use proptest::test_runner::{Config, RngSeed, TestCaseError, TestError, TestRunner};
use serde_json::{Map, Value};
use windlass_transforms::Mappings;
use windlass_transforms::document::{Schema, Status};
use windlass_transforms::plan::call::{CallPlan, RequestBody};
use windlass_transforms::plan::composed::ComposedPlan;
use windlass_transforms::plan::operation::{Kind, Operation};
use windlass_transforms::plan::response::Responses;
use windlass_transforms::rewrite::{
    BodyRewriter, Limits, PageJoin, PagesError, RewriteError, RowReader, RowsError,
};
use windlass_transforms::route::{PathValues, Route};
use windlass_transforms::step::{StepContext, StepError};

use crate::documents::Documents;
use crate::generate::{self, Body, Fill, Recipe};

/// What a run found.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    /// Bodies that were rewritten.
    pub(crate) bodies: usize,
    /// Bodies that a step refused, which is an answer too.
    pub(crate) refused: usize,
    /// Operations and statuses, or requests, that were looked at.
    pub(crate) subjects: BTreeSet<String>,
    /// What does not hold: the place, and an example. Sorted, each place once.
    pub(crate) wrong: BTreeMap<String, String>,
}

/// What came of one body.
enum Outcome {
    Rewritten(Vec<String>),
    Refused,
}

/// Runs all laws over all operations that `wanted` takes.
pub(crate) fn prove(
    mappings: &Mappings,
    documents: &Documents,
    cases: u32,
    wanted: &dyn Fn(&Operation) -> bool,
) -> Findings {
    let mut findings = Findings::default();
    for operation in mappings.operations().iter().filter(|o| wanted(o)) {
        let subject = Subject {
            mappings,
            documents,
            operation,
            cases,
        };
        match &operation.kind {
            Kind::Call(plan) => subject.call(plan, &mut findings),
            Kind::Composed(plan) => subject.composed(plan, &mut findings),
            Kind::Answer(_) | Kind::None { .. } | Kind::Unmapped => {}
        }
    }
    findings
}

struct Subject<'s> {
    mappings: &'s Mappings,
    documents: &'s Documents,
    operation: &'s Operation,
    cases: u32,
}

impl Subject<'_> {
    fn call(&self, plan: &CallPlan, findings: &mut Findings) {
        let Some(v2) = self.documents.v2(plan.v2()) else {
            return; // the other document may have it
        };
        for response in &v2.responses {
            let (Status::Exact(status), Some(schema)) =
                (response.status, response.content.as_json())
            else {
                continue;
            };
            let name = format!("{} {status}", self.operation.id);
            self.run(&name, findings, |recipe| {
                let body = generate::body(&self.documents.v2, schema, recipe);
                self.answer(plan, status, recipe, &body)
            });
        }
        let v1 = self.documents.v1(self.operation);
        let request = v1.and_then(|(document, v1)| {
            let schema = v1.request.as_ref()?.content.as_json()?;
            Some((document, schema))
        });
        if let (Some((document, schema)), RequestBody::Rewrite(_)) = (request, plan.request_body())
        {
            let v2_schema = v2.request.as_ref().and_then(|r| r.content.as_json());
            let name = format!("{} request", self.operation.id);
            self.run(&name, findings, |recipe| {
                let body = generate::body(document, schema, recipe);
                self.request(plan, v2_schema, recipe, &body)
            });
        }
    }

    /// Runs a law; what breaks it goes to the findings, as small as it gets.
    fn run(
        &self,
        name: &str,
        findings: &mut Findings,
        law: impl Fn(&Recipe) -> Result<Outcome, String>,
    ) {
        findings.subjects.insert(name.to_owned());
        let counted = std::cell::Cell::new((0, 0));
        let found = std::cell::RefCell::new(BTreeMap::new());
        // Every body is tried even when one is wrong: they are wrong in different places.
        let mut runner = TestRunner::new(Config {
            cases: self.cases,
            failure_persistence: None,
            rng_seed: RngSeed::Fixed(7),
            ..Config::default()
        });
        let outcome = runner.run(&generate::recipes(), |recipe| {
            let (bodies, refused) = counted.get();
            match law(&recipe) {
                Ok(Outcome::Rewritten(wrong)) => {
                    counted.set((bodies + 1, refused));
                    for place in wrong {
                        found
                            .borrow_mut()
                            .entry(format!("{name}: {place}"))
                            .or_insert_with(|| format!("{:?}", recipe.fill));
                    }
                    Ok(())
                }
                Ok(Outcome::Refused) => {
                    counted.set((bodies, refused + 1));
                    Ok(())
                }
                Err(why) => Err(TestCaseError::fail(why)),
            }
        });
        let (bodies, refused) = counted.get();
        findings.bodies += bodies;
        findings.refused += refused;
        findings.wrong.append(&mut found.borrow_mut());
        if let Err(TestError::Fail(why, recipe)) = outcome {
            let text = format!("{why}, by {recipe:?}");
            findings.wrong.insert(format!("{name}: {why}"), text);
        }
    }

    /// What the path of the request says, and its query.
    fn request_line(&self, recipe: &Recipe) -> (PathValues, String) {
        let allowed: BTreeMap<&str, &str> = self
            .operation
            .explanation
            .allowed
            .iter()
            .filter_map(|(name, values)| Some((name.as_str(), values.first()?.as_str())))
            .collect();
        let digest = format!("sha256:{}", "0123456789abcdef".repeat(4));
        let template = self.operation.v1.template.to_string().replace("...}", "}");
        let segments: Vec<String> = template
            .split('/')
            .map(|segment| match segment.strip_prefix('{') {
                None => segment.to_owned(),
                Some(name) => {
                    let name = name.trim_end_matches('}');
                    let is_digest = name.to_lowercase().contains("digest");
                    let usual = if is_digest { digest.as_str() } else { "all" };
                    (*allowed.get(name).unwrap_or(&usual)).to_owned()
                }
            })
            .collect();
        let path = segments.join("/");
        let Route::Found { values, .. } = self
            .mappings
            .routes()
            .find(&self.operation.v1.method, &path)
        else {
            panic!("{}: {path} is not found", self.operation.id);
        };
        let query: Vec<String> = self
            .operation
            .explanation
            .query
            .iter()
            .filter(|_| recipe.fill == Fill::All)
            .map(|parameter| {
                let name = parameter.v1.as_str();
                format!("{name}={}", allowed.get(name).unwrap_or(&"true"))
            })
            .collect();
        (values, query.join("&"))
    }

    /// The context of a call, with what its look-ups bring; `None` when they bring nothing.
    fn context(
        &self,
        plan: &CallPlan,
        recipe: &Recipe,
    ) -> Option<(Arc<StepContext>, Map<String, Value>)> {
        let (values, query) = self.request_line(recipe);
        let mut looked_up = Map::new();
        let mut kept = Map::new();
        for lookup in plan.lookups() {
            if !lookup.wanted(&plan.context(&values, Some(&query), looked_up.clone())) {
                continue;
            }
            let answer = self.documents.v2(lookup.v2())?.response(200)?;
            let all = Recipe {
                fill: Fill::All,
                choices: Vec::new(),
            };
            let answer = generate::body(&self.documents.v2, answer.content.as_json()?, &all).value;
            lookup.take(&answer, &values, &mut looked_up).ok()?;
            kept.insert(lookup.name().to_owned(), answer);
        }
        let context = plan.context(&values, Some(&query), looked_up);
        Some((Arc::new(context), kept))
    }

    /// V2 → V1.
    fn answer(
        &self,
        plan: &CallPlan,
        status: u16,
        recipe: &Recipe,
        body: &Body,
    ) -> Result<Outcome, String> {
        let Some((context, kept)) = self.context(plan, recipe) else {
            return Ok(Outcome::Refused);
        };
        if let Some(pages) = plan.pages().filter(|_| status == 200) {
            let mut out = Vec::new();
            let mut join = PageJoin::new(Arc::clone(pages), context, Limits::default());
            let ended = join
                .push(body.value.to_string().as_bytes(), &mut out)
                .and_then(|()| join.end_page(&mut out));
            return match ended {
                Ok(_) => self.judge(200, body, &out),
                // A page without its list: an error is the right answer, never a shorter list.
                Err(
                    PagesError::Page(RewriteError::UnexpectedForm { .. }) | PagesError::NotAList,
                ) => Ok(Outcome::Refused),
                Err(PagesError::Page(error)) => refused_or_wrong(error),
                Err(other) => Err(other.to_string()),
            };
        }
        self.drawn(plan.responses(), status, &context, &kept, body)
    }

    fn drawn(
        &self,
        responses: &Responses,
        status: u16,
        context: &Arc<StepContext>,
        kept: &Map<String, Value>,
        body: &Body,
    ) -> Result<Outcome, String> {
        let response = responses.of(status);
        if response.gzip.is_some() {
            return Ok(Outcome::Rewritten(Vec::new()));
        }
        let source = match &response.looked_up {
            Some(name) => &kept[&**name],
            None => &body.value,
        };
        let mut rewriter = BodyRewriter::new(response.body, Arc::clone(context), Limits::default());
        let mut out = Vec::new();
        let text = source.to_string();
        let middle = text.len() / 2;
        let ended = rewriter
            .push(&text.as_bytes()[..middle], &mut out)
            .and_then(|()| rewriter.push(&text.as_bytes()[middle..], &mut out))
            .and_then(|()| rewriter.finish(&mut out));
        match ended {
            Ok(()) => {
                let json = response.content_type.as_deref();
                if json.is_some_and(|kind| !kind.contains("json")) {
                    return Ok(Outcome::Rewritten(Vec::new()));
                }
                self.judge(response.status, body, &out)
            }
            Err(error) => refused_or_wrong(error),
        }
    }

    /// A V1 answer: it fits the V1 schema, and free-form maps are as they were.
    fn judge(&self, status: u16, body: &Body, out: &[u8]) -> Result<Outcome, String> {
        let value: Value = serde_json::from_slice(out)
            .map_err(|error| format!("the answer is not JSON: {error}"))?;
        let mut wrong = changed_maps(body, &value);
        if status >= 400 && value.get("error_type").is_some() {
            wrong.push("an error with members that only V2 has".to_owned());
        }
        if let Some((document, v1)) = self.documents.v1(self.operation)
            && let Some(schema) = v1.response(status).and_then(|r| r.content.as_json())
        {
            let key = format!("{} {status}", self.operation.id);
            wrong.extend(self.documents.misfits(&key, document, schema, &value));
        }
        Ok(Outcome::Rewritten(wrong))
    }

    /// V1 → V2.
    fn request(
        &self,
        plan: &CallPlan,
        v2: Option<&Schema>,
        recipe: &Recipe,
        body: &Body,
    ) -> Result<Outcome, String> {
        let RequestBody::Rewrite(rewrite) = plan.request_body() else {
            return Ok(Outcome::Refused);
        };
        let Some((context, _)) = self.context(plan, recipe) else {
            return Ok(Outcome::Refused);
        };
        let mut rewriter = BodyRewriter::new(rewrite, context, Limits::default());
        let mut out = Vec::new();
        let ended = rewriter
            .push(body.value.to_string().as_bytes(), &mut out)
            .and_then(|()| rewriter.finish(&mut out));
        if let Err(error) = ended {
            return refused_or_wrong(error);
        }
        let value: Value = serde_json::from_slice(&out)
            .map_err(|error| format!("the request is not JSON: {error}"))?;
        let mut wrong = changed_maps(body, &value);
        if let Some(schema) = v2 {
            let key = format!("{} request", self.operation.id);
            wrong.extend(
                self.documents
                    .misfits(&key, &self.documents.v2, schema, &value),
            );
        }
        Ok(Outcome::Rewritten(wrong))
    }

    /// A composition that is answered with bodies of the right form.
    fn composed(&self, plan: &ComposedPlan, findings: &mut Findings) {
        let known = plan
            .parts()
            .iter()
            .all(|part| self.documents.v2(part.v2()).is_some());
        if !known {
            return;
        }
        let name = format!("{} 200", self.operation.id);
        self.run(&name, findings, |recipe| self.compose(plan, recipe));
    }

    fn compose(&self, plan: &ComposedPlan, recipe: &Recipe) -> Result<Outcome, String> {
        /// A composition over bodies that say nothing sensible may go on for ever.
        const MOST_CALLS: usize = 40;
        let (values, query) = self.request_line(recipe);
        let Ok((context, _)) = plan.context(&values, Some(&query)) else {
            return Ok(Outcome::Refused);
        };
        if self.operation.refusal(&context).is_some() {
            return Ok(Outcome::Refused);
        }
        let mut composing = match plan.start(&context) {
            Ok(composing) => composing,
            Err(error) => return Ok(refused(&error)),
        };
        let context = Arc::new(context);
        let mut queue = VecDeque::new();
        let mut whole = Body {
            value: Value::Null,
            marked: HashMap::new(),
        };
        for _ in 0..MOST_CALLS {
            queue.extend(composing.calls());
            let Some(wanted) = queue.pop_front() else {
                let answer = match composing.finish() {
                    Ok(answer) => answer,
                    Err(error) => return Ok(refused(&error)),
                };
                whole.value = answer;
                return self.drawn(plan.responses(), 200, &context, &Map::new(), &whole);
            };
            let (part, _) = plan.call(&wanted).map_err(|error| error.to_string())?;
            let v2 = self.documents.v2(part.v2());
            let schema = v2.and_then(|v2| v2.response(200)?.content.as_json());
            let Some(schema) = schema else {
                return Ok(Outcome::Refused);
            };
            let body = generate::body(&self.documents.v2, schema, recipe);
            let mut reader = RowReader::new(part, Limits::default());
            let text = body.value.to_string();
            let read = reader.push(text.as_bytes(), &mut |row| composing.row(&wanted, row));
            let rest = match read {
                Ok(()) => reader.finish(&mut |row| composing.row(&wanted, row)),
                Err(error) => Err(error),
            };
            match rest {
                Ok(rest) => {
                    if let Err(error) = composing.answered(&wanted, rest) {
                        return Ok(refused(&error));
                    }
                }
                Err(RowsError::Refused(error)) => return Ok(refused(&error)),
                Err(RowsError::NotAList) => return Ok(Outcome::Refused),
                Err(other) => return Err(other.to_string()),
            }
        }
        Ok(Outcome::Refused)
    }
}

/// What is wrong when a step does not find what it needs.
const UNEXPECTED: &str = "a step misses something";

/// A step may refuse a body; everything else is a fault of the mapping.
fn refused_or_wrong(error: RewriteError) -> Result<Outcome, String> {
    match error {
        RewriteError::Step { error, .. } => Ok(refused(&error)),
        other => Err(other.to_string()),
    }
}

fn refused(error: &StepError) -> Outcome {
    match error {
        StepError::Refused { .. } | StepError::Malformed(_) => Outcome::Refused,
        // Which member it misses first is up to chance.
        StepError::Unexpected(_) => Outcome::Rewritten(vec![UNEXPECTED.to_owned()]),
    }
}

/// Free-form maps that are there, and not as they were.
fn changed_maps(body: &Body, out: &Value) -> Vec<String> {
    let mut changed = Vec::new();
    walk(out, "", &mut |value, place| {
        let mark = value.get("mark").and_then(Value::as_str);
        if let Some(original) = mark.and_then(|mark| body.marked.get(mark))
            && original != value
        {
            changed.push(format!("{place}: a free-form map was changed"));
        }
    });
    changed
}

fn walk(value: &Value, place: &str, see: &mut dyn FnMut(&Value, &str)) {
    see(value, place);
    match value {
        Value::Array(elements) => {
            for element in elements {
                walk(element, &format!("{place}[]"), see);
            }
        }
        Value::Object(members) => {
            for (name, member) in members {
                walk(member, &format!("{place}.{name}"), see);
            }
        }
        _ => {}
    }
}
