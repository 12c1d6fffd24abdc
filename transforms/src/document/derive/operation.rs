//! One V1 operation as its mapping and the V2 document describe it.

use crate::compile::Direction;
use crate::document::derive::Deriver;
use crate::document::derive::layout::{Bodies, fixed};
use crate::document::{
    Content, Kind, Operation, Parameter, Place, Request, Response, Schema, Status,
};
use crate::mapping::composed::ComposedFile;
use crate::mapping::operation::{CallFile, FileKind, OperationFile, Target};
use crate::mapping::place::Text;
use crate::mapping::request::RequestFile;
use crate::mapping::set::Unmapped;
use crate::operation::{Endpoint, PathTemplate, Segment};

/// The status of operations that V2 no longer offers.
const GONE: u16 = 410;

/// The status of operations without a mapping.
const NOT_IMPLEMENTED: u16 = 501;

/// An operation that nobody has mapped.
pub(super) fn unmapped(unmapped: &Unmapped) -> Operation {
    let mut operation = start(&unmapped.id.value, &unmapped.v1.endpoint);
    "Not served yet.".clone_into(&mut operation.summary);
    operation.deprecated = true;
    answer(&mut operation, NOT_IMPLEMENTED, "Not served yet");
    operation
}

fn start(id: &str, v1: &Endpoint) -> Operation {
    Operation {
        id: Some(id.to_owned()),
        method: v1.method.clone(),
        path: written(&v1.template),
        summary: String::new(),
        tags: Vec::new(),
        deprecated: false,
        parameters: v1.template.parameters().map(path_parameter).collect(),
        request: None,
        responses: Vec::new(),
    }
}

fn answer(operation: &mut Operation, status: u16, description: &str) {
    operation.responses.push(Response {
        status: Status::Exact(status),
        description: description.to_owned(),
        content: Content::default(),
    });
}

/// A path as documents write it: the rest of a path is a parameter like others.
fn written(template: &PathTemplate) -> String {
    let path = PathTemplate {
        segments: template
            .segments
            .iter()
            .map(|segment| match segment {
                Segment::Rest(name) => Segment::Parameter(name.clone()),
                other => other.clone(),
            })
            .collect(),
        query: Vec::new(),
    };
    path.to_string()
}

fn path_parameter(name: &str) -> Parameter {
    Parameter {
        name: name.to_owned(),
        place: Place::Path,
        required: true,
        description: None,
        schema: Schema::of(Kind::String),
    }
}

impl<'s> Deriver<'s> {
    /// One V1 operation.
    pub(super) fn operation(&mut self, file: &'s OperationFile) -> Operation {
        let mut operation = start(&file.id, &file.v1.endpoint);
        operation.summary.clone_from(&file.summary);
        match &file.kind {
            FileKind::Call(call) => self.call(call, &mut operation),
            FileKind::Composed(composed) => self.composed(composed, &mut operation),
            FileKind::Answer {
                status,
                body,
                content_type,
                document,
            } => {
                let kind = content_type.as_deref().unwrap_or("application/json");
                operation.responses.push(Response {
                    status: Status::Exact(*status),
                    description: "Answered by the proxy itself".to_owned(),
                    content: Content(vec![(
                        kind.to_owned(),
                        match document {
                            Some(_) => Schema::of(Kind::Object),
                            None => fixed(body),
                        },
                    )]),
                });
            }
            FileKind::None { reason, instead } => {
                operation.deprecated = true;
                answer(&mut operation, GONE, &format!("{reason} {instead}"));
            }
        }
        for allowed in &file.allowed {
            let named = |parameter: &&mut Parameter| parameter.name == allowed.name.value;
            if let Some(parameter) = operation.parameters.iter_mut().find(named) {
                let values = allowed.values.iter();
                parameter.schema.words = values.map(|text| text.as_str().into()).collect();
            }
        }
        operation
    }

    fn call(&mut self, call: &'s CallFile, operation: &mut Operation) {
        let v2 = self.v2_operation(&call.v2.endpoint);
        if let Some(v2) = v2 {
            operation.tags.clone_from(&v2.tags);
        }
        self.path_parameters(call, v2, operation);
        self.query_parameters(&call.query, v2, operation);
        for (default, _) in &call.query_default {
            let sent = call.query.iter().find(
                |(_, target)| matches!(target, Target::Name { name, .. } if name.value == default.value),
            );
            let is_it = |known: &&mut Parameter| {
                known.place == Place::Query && sent.is_some_and(|(v1, _)| v1.value == known.name)
            };
            if let Some(parameter) = operation.parameters.iter_mut().find(is_it) {
                parameter.required = false;
            }
        }
        self.headers(v2, operation);
        let body = v2.and_then(|v2| v2.request.as_ref());
        match &call.request {
            Some(RequestFile::Layout(layout)) => {
                let bodies = Bodies {
                    v2: body.and_then(|body| body.content.as_json()),
                    ..Bodies::default()
                };
                let schema = self.draw(layout, &bodies, Direction::V1ToV2);
                operation.request = Some(Request {
                    required: body.is_some_and(|body| body.required),
                    content: Content::json(schema),
                });
            }
            // Whatever V1 clients send, V2 is sent something else.
            Some(RequestFile::Body(..)) => {}
            None => {
                if let Some(body) = body {
                    operation.request = Some(Request {
                        required: body.required,
                        content: self.content(&body.content, None, &Bodies::default()),
                    });
                }
            }
        }
        let lookups = call.lookups.iter().map(|lookup| {
            let v2 = self.v2_operation(&lookup.v2.endpoint);
            let answer = v2.and_then(|v2| v2.response(200));
            let schema = answer.and_then(|answer| answer.content.as_json());
            (lookup.name.value.as_str(), schema)
        });
        let bodies = Bodies {
            v2: None,
            lookups: lookups.collect(),
        };
        let declared = v2.map_or(&[][..], |v2| &v2.responses);
        self.responses(&call.responses, declared, &bodies, operation);
    }

    /// An operation that a composition answers: it leaves a body in the form of V2.
    fn composed(&mut self, composed: &'s ComposedFile, operation: &mut Operation) {
        // The composition reads the parameters itself; its calls have others.
        self.query_parameters(&composed.query, None, operation);
        for part in &composed.calls {
            let v2 = self.v2_operation(&part.v2.endpoint);
            self.headers(v2, operation);
        }
        let root = self.roots.get(&composed.name.value);
        let name = root.and_then(|root| root.reference.as_ref());
        let bodies = Bodies {
            v2: name.and_then(|name| self.source.schemas.get(name)),
            ..Bodies::default()
        };
        self.responses(&composed.responses, &[], &bodies, operation);
        let first = composed.calls.first();
        let failures = first.and_then(|part| self.v2_operation(&part.v2.endpoint));
        let failures = failures.map_or(&[][..], |v2| &v2.responses).iter();
        for failure in failures.filter(|failure| !failure.status.is_success()) {
            let rule = self.rule(&composed.responses, failure.status);
            let bodies = Bodies::default();
            self.response(rule, failure.status, Some(failure), &bodies, operation);
        }
        operation.responses.sort_by_key(|response| response.status);
    }

    /// The V2 operation that a call is for. Parameters may have other names in the document.
    fn v2_operation(&self, v2: &Endpoint) -> Option<&'s Operation> {
        let wanted = anonymous(&written(&v2.template));
        self.source
            .operations
            .iter()
            .find(|known| known.method == v2.method && anonymous(&known.path) == wanted)
    }

    fn path_parameters(
        &mut self,
        call: &'s CallFile,
        v2: Option<&'s Operation>,
        operation: &mut Operation,
    ) {
        for parameter in &mut operation.parameters {
            let target = call.path.iter().find(|(v1, _)| v1.value == parameter.name);
            let Some((_, Target::Name { name, .. })) = target else {
                continue;
            };
            if let Some(known) = v2.and_then(|v2| v2.parameter(Place::Path, &name.value)) {
                parameter.schema = self.plain(&known.schema);
            }
        }
    }

    fn query_parameters(
        &mut self,
        query: &'s [(Text, Target)],
        v2: Option<&'s Operation>,
        operation: &mut Operation,
    ) {
        for (v1, target) in query {
            let mut parameter = Parameter {
                name: v1.value.clone(),
                place: Place::Query,
                required: false,
                description: None,
                schema: Schema::default(),
            };
            match target {
                Target::Name { name, boolean } => {
                    let known = v2.and_then(|v2| v2.parameter(Place::Query, &name.value));
                    if let Some(known) = known {
                        parameter.required = known.required;
                        parameter.description.clone_from(&known.description);
                        parameter.schema = self.plain(&known.schema);
                    }
                    if *boolean {
                        parameter.schema = Schema::of(Kind::Boolean);
                    }
                }
                Target::None { reason } => {
                    parameter.description = Some(format!("Not used: {reason}"));
                }
            }
            operation.parameters.push(parameter);
        }
    }

    fn headers(&mut self, v2: Option<&'s Operation>, operation: &mut Operation) {
        let parameters = v2.map_or(&[][..], |v2| &v2.parameters);
        for header in parameters.iter().filter(|p| p.place == Place::Header) {
            if operation.parameter(Place::Header, &header.name).is_none() {
                let schema = self.plain(&header.schema);
                operation.parameters.push(Parameter {
                    schema,
                    ..header.clone()
                });
            }
        }
    }
}

/// A path whose parameters have no names.
fn anonymous(path: &str) -> String {
    let segments = path
        .split('/')
        .map(|segment| match segment.strip_prefix('{') {
            Some(_) => "{}",
            None => segment,
        });
    segments.collect::<Vec<_>>().join("/")
}
