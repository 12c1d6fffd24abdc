//! Plans in words.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::compile::names::Names;
use crate::compile::operation::LoweredResponse;
use crate::mapping::composed::ComposedFile;
use crate::mapping::cursor::Named;
use crate::mapping::expression::Expression;
use crate::mapping::layout::Layout;
use crate::mapping::operation::{CallFile, OperationFile, Target};
use crate::mapping::place::Text;
use crate::mapping::request::RequestFile;
use crate::mapping::set::Unmapped;
use crate::mapping::shape::ShapeFile;
use crate::plan::body::{BodyPlan, Strategy, Wrap};
use crate::plan::explain::{
    Body, Explanation, Field, Lookup, Pages, Parameter, Part, Response, Shape, Step, Way,
};
use crate::plan::operation::AnswerPlan;

/// What a call was lowered to.
pub(super) struct Explained<'f> {
    pub(super) request: Option<(&'f Layout, Arc<BodyPlan>)>,
    pub(super) responses: Vec<LoweredResponse<'f>>,
}

pub(super) fn unmapped(unmapped: &Unmapped, summary: &str) -> Explanation {
    Explanation {
        operation: unmapped.id.value.clone(),
        summary: summary.to_owned(),
        v1: unmapped.v1.endpoint.to_string(),
        ..Explanation::default()
    }
}

fn start(file: &OperationFile) -> Explanation {
    Explanation {
        operation: file.id.clone(),
        summary: file.summary.clone(),
        v1: file.v1.endpoint.to_string(),
        service: file.service.clone(),
        assumed: file.assumed.clone(),
        losses: file.losses.clone(),
        allowed: file
            .allowed
            .iter()
            .map(|a| {
                let values = a.values.iter().map(|v| v.value.clone());
                (a.name.value.clone(), values.collect())
            })
            .collect(),
        ..Explanation::default()
    }
}

pub(super) fn answer(file: &OperationFile, plan: &AnswerPlan) -> Explanation {
    Explanation {
        answer: Some(match plan.document {
            Some(_) => format!("the V1 document, with {} in it", plan.body),
            None => plan.body.to_string(),
        }),
        ..start(file)
    }
}

pub(super) fn none(file: &OperationFile, reason: &str, instead: &str) -> Explanation {
    Explanation {
        reason: Some(reason.to_owned()),
        instead: Some(instead.to_owned()),
        ..start(file)
    }
}

pub(super) fn call(
    file: &OperationFile,
    call: &CallFile,
    explained: &Explained<'_>,
    names: &Names<'_>,
) -> Explanation {
    let mut used = Used::new(names);
    let request = explained.request.as_ref().map(|(layout, plan)| {
        used.add_layout(layout);
        body(layout, plan)
    });
    let responses = used.responses(explained);
    let drawn = match &call.request {
        Some(RequestFile::Body(body, _)) => Some(body.to_string()),
        Some(RequestFile::Layout(_)) | None => None,
    };
    Explanation {
        v2: Some(call.v2.endpoint.to_string()),
        path: call.path.iter().map(parameter).collect(),
        query: call.query.iter().map(parameter).collect(),
        query_defaults: call
            .query_default
            .iter()
            .map(|(name, value)| (name.value.clone(), value.value.clone()))
            .collect(),
        body_query: call
            .body_query
            .iter()
            .map(|(v1, v2)| Parameter {
                v1: v1.value.clone(),
                v2: Some(v2.value.clone()),
                note: Some("a member of the request body".into()),
            })
            .collect(),
        lookups: call
            .lookups
            .iter()
            .map(|lookup| Lookup {
                name: lookup.name.value.clone(),
                v2: lookup.v2.endpoint.to_string(),
                take: pairs(&lookup.take),
                otherwise: pairs(&lookup.otherwise),
                unless: pairs(&lookup.unless),
                unchanging: lookup.unchanging.clone(),
            })
            .collect(),
        pages: call.pages.as_ref().map(|pages| Pages {
            page: pages.page.value.clone(),
            size: pages.size.value.clone(),
            rows: pages.rows,
            also: pages.also.iter().map(|name| name.value.clone()).collect(),
        }),
        interrupted: call.interrupted.as_ref().map(|text| text.value.clone()),
        request_body: drawn,
        request,
        responses,
        shapes: used.shapes,
        steps: used.steps,
        ..start(file)
    }
}

/// What a composition does.
pub(super) fn composed(
    file: &OperationFile,
    composed: &ComposedFile,
    explained: &Explained<'_>,
    names: &Names<'_>,
) -> Explanation {
    let mut used = Used::new(names);
    let responses = used.responses(explained);
    // An unknown composition is reported elsewhere.
    let composition = names.composition(&composed.name, &mut Vec::new());
    Explanation {
        composition: composition.map(|composition| Step {
            name: composition.name.to_owned(),
            reason: composition.reason.to_owned(),
            renames: Vec::new(),
        }),
        query: composed.query.iter().map(parameter).collect(),
        calls: composed
            .calls
            .iter()
            .map(|call| Part {
                name: call.name.value.clone(),
                v2: call.v2.endpoint.to_string(),
                rows: call
                    .rows
                    .as_ref()
                    .map(|path| format!("$.{}", path.join("."))),
            })
            .collect(),
        responses,
        shapes: used.shapes,
        steps: used.steps,
        ..start(file)
    }
}

fn pairs(entries: &[(Text, Text)]) -> Vec<(String, String)> {
    entries
        .iter()
        .map(|(name, value)| (name.value.clone(), value.value.clone()))
        .collect()
}

fn parameter((v1, target): &(Text, Target)) -> Parameter {
    let (v2, note) = match target {
        Target::Name { name, boolean } => (
            Some(name.value.clone()),
            boolean.then(|| "any spelling of true and false".to_owned()),
        ),
        Target::None { reason } => (None, Some(reason.clone())),
    };
    Parameter {
        v1: v1.value.clone(),
        v2,
        note,
    }
}

fn body(layout: &Layout, plan: &BodyPlan) -> Body {
    let mut holds = Vec::new();
    if let Strategy::Hold(hold) = &plan.strategy {
        holds.push(hold.reason.to_string());
    }
    for object in &plan.objects {
        let values = object
            .members
            .iter()
            .flat_map(|member| member.to.iter().map(move |target| (&*member.from, target)))
            .map(|(from, target)| (from, &target.value));
        let others = object.others.iter().map(|others| ("any member", &**others));
        for (from, value) in values.chain(others) {
            if let Some(step) = &value.step {
                let shape = &object.shape;
                holds.push(format!("`{from}` of `{shape}`, for step `{}`", step.name));
            }
        }
        for member in object.members.iter().filter(|member| member.to.len() > 1) {
            let names: Vec<String> = member.to.iter().map(|t| format!("`{}`", t.name)).collect();
            holds.push(format!(
                "`{}` of `{}`, to write it as {}",
                member.from,
                object.shape,
                names.join(" and ")
            ));
        }
    }
    Body {
        layout: layout.text.value.trim().to_owned(),
        way: match plan.strategy {
            Strategy::Pass => Way::Passes,
            Strategy::Fixed(_) => Way::Fixed,
            Strategy::Stream(_) => Way::Streams,
            Strategy::Hold(_) => Way::Holds,
        },
        holds,
    }
}

/// The shapes and steps of an operation, in the order they are met.
pub(super) struct Used<'n, 's> {
    names: &'n Names<'s>,
    seen: BTreeSet<&'s str>,
    pub(super) shapes: Vec<Shape>,
    pub(super) steps: Vec<Step>,
}

impl<'n, 's> Used<'n, 's> {
    pub(super) fn new(names: &'n Names<'s>) -> Self {
        Self {
            names,
            seen: BTreeSet::new(),
            shapes: Vec::new(),
            steps: Vec::new(),
        }
    }

    /// Answers, with the shapes and steps of their layouts.
    fn responses(&mut self, explained: &Explained<'_>) -> Vec<Response> {
        let mut responses = Vec::new();
        for response in &explained.responses {
            let layout = response.file.layout.as_ref();
            if let Some(layout) = layout {
                self.add_layout(layout);
            }
            let looked_up = response.plan.looked_up.as_deref();
            responses.push(Response {
                v2_status: response.file.key.value.clone(),
                v1_status: response.file.v1,
                common: response.common,
                body: layout.map(|layout| match looked_up {
                    None => body(layout, &response.plan.body),
                    Some(name) => Body {
                        way: Way::Holds,
                        holds: vec![format!("the answer of look-up `{name}`")],
                        ..body(layout, &response.plan.body)
                    },
                }),
                text: response.file.text.clone(),
                gzip: response.file.gzip.as_ref().map(|name| name.value.clone()),
            });
        }
        responses
    }

    pub(super) fn add_layout(&mut self, layout: &Layout) {
        for value in layout.values() {
            self.add_step(value.step.as_ref());
            self.add_shape(value.shape.as_ref());
        }
    }

    fn add_shape(&mut self, name: Option<&Named>) {
        let Some(file) = name.and_then(|name| self.names.set.shapes.get(name.as_str())) else {
            return;
        };
        if !self.seen.insert(&file.name) {
            return;
        }
        self.shapes.push(shape(file));
        for expression in file.expressions() {
            self.add_step(expression.step.as_ref());
            self.add_shape(expression.shape.as_ref());
        }
    }

    fn add_step(&mut self, name: Option<&Named>) {
        // An unknown step is reported elsewhere.
        let step = name.and_then(|name| self.names.step(name, &mut Vec::new()));
        if let Some(step) = step
            && self.steps.iter().all(|known| known.name != step.name)
        {
            let owned = |(v1, v2): &(&str, &str)| ((*v1).to_owned(), (*v2).to_owned());
            self.steps.push(Step {
                name: step.name.to_owned(),
                reason: step.reason.to_owned(),
                renames: step.renames.iter().map(owned).collect(),
            });
        }
    }
}

fn shape(file: &ShapeFile) -> Shape {
    let field = |v1: Option<&str>, v2: Option<&str>, note: Option<String>| Field {
        v1: v1.map(Into::into),
        v2: v2.map(Into::into),
        note,
    };
    let mut fields: Vec<Field> = file
        .fields
        .iter()
        .map(|(v1, expression)| {
            field(
                Some(v1.as_str()),
                Some(expression.v2()),
                note(file, expression),
            )
        })
        .collect();
    if let Some(each) = &file.each {
        fields.push(field(Some("*"), Some("*"), note(file, each)));
    }
    let only = |list: &[(Text, Text)]| -> Vec<(String, String)> { pairs(list) };
    for (name, reason) in only(&file.only_v1) {
        fields.push(field(Some(&name), None, Some(reason)));
    }
    for (name, reason) in only(&file.only_v2) {
        fields.push(field(None, Some(&name), Some(reason)));
    }
    for (name, reason) in only(&file.kept_v2) {
        let reason = format!("in V1 answers too: {reason}");
        fields.push(field(Some(&name), Some(&name), Some(reason)));
    }
    let defaults = |list: &[(Text, serde_json::Value)]| {
        list.iter()
            .map(|(name, value)| (name.value.clone(), value.to_string()))
            .collect()
    };
    Shape {
        name: file.name.clone(),
        summary: file.summary.clone(),
        fields,
        v1_defaults: defaults(&file.v1_default),
        v2_defaults: defaults(&file.v2_default),
    }
}

/// What happens to a value besides its name.
fn note(file: &ShapeFile, expression: &Expression) -> Option<String> {
    let mut notes = Vec::new();
    match expression.wrap {
        Wrap::None => {}
        Wrap::Wrap => notes.push("V1 has an array of it".to_owned()),
        Wrap::Unwrap => notes.push("V2 has an array of it".to_owned()),
    }
    if let Some(name) = &expression.words {
        let list = file.word_list(&name.value);
        notes.push(words(list.map_or(&[], |list| &list.words)));
    }
    if let Some(name) = &expression.shape {
        notes.push(format!("as `{}`", name.value));
    }
    if let Some(name) = &expression.step {
        notes.push(format!("by step `{}`", name.value));
    }
    (!notes.is_empty()).then(|| notes.join(", "))
}

/// Most pairs of words that are written out.
const WORDS: usize = 8;

/// Which words are exchanged.
fn words(pairs: &[(Text, Text)]) -> String {
    let shown = pairs.iter().take(WORDS);
    let shown: Vec<String> = shown
        .map(|(v1, v2)| format!("{} → {}", v1.value, v2.value))
        .collect();
    let more = match pairs.len().saturating_sub(WORDS) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("other words: {}{more}", shown.join(", "))
}
