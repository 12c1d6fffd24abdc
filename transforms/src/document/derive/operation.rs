//! One V1 operation as its mapping and the V2 document describe it.

use crate::compile::Direction;
use crate::document::derive::Deriver;
use crate::document::derive::layout::fixed;
use crate::document::{
    Content, Kind, Operation, Parameter, Place, Request, Response, Schema, Status,
};
use crate::mapping::layout::Layout;
use crate::mapping::operation::{CallFile, FileKind, OperationFile, ResponseFile, Target};
use crate::mapping::set::Unmapped;
use crate::operation::{Endpoint, PathTemplate, Segment};
use crate::plan::call::StatusPattern;

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
            FileKind::Answer {
                status,
                body,
                content_type,
            } => {
                let kind = content_type.as_deref().unwrap_or("application/json");
                operation.responses.push(Response {
                    status: Status::Exact(*status),
                    description: "Answered by the proxy itself".to_owned(),
                    content: Content(vec![(kind.to_owned(), fixed(body))]),
                });
            }
            FileKind::None { reason, instead } => {
                operation.deprecated = true;
                answer(&mut operation, GONE, &format!("{reason} {instead}"));
            }
        }
        operation
    }

    fn call(&mut self, call: &'s CallFile, operation: &mut Operation) {
        let v2 = self.v2_operation(&call.v2.endpoint);
        if let Some(v2) = v2 {
            operation.tags.clone_from(&v2.tags);
        }
        self.parameters(call, v2, operation);
        if let Some(layout) = &call.request {
            let body = v2.and_then(|v2| v2.request.as_ref());
            let v2_schema = body.and_then(|body| body.content.as_json());
            let schema = self.draw(layout, v2_schema, Direction::V1ToV2);
            operation.request = Some(Request {
                required: body.is_some_and(|body| body.required),
                content: Content::json(schema),
            });
        } else if let Some(body) = v2.and_then(|v2| v2.request.as_ref()) {
            operation.request = Some(Request {
                required: body.required,
                content: self.content(&body.content, None),
            });
        }
        self.responses(call, v2, operation);
    }

    /// The V2 operation that a call is for. Parameters may have other names in the document.
    fn v2_operation(&self, v2: &Endpoint) -> Option<&'s Operation> {
        let wanted = anonymous(&written(&v2.template));
        self.source
            .operations
            .iter()
            .find(|known| known.method == v2.method && anonymous(&known.path) == wanted)
    }

    fn parameters(
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
        for (v1, target) in &call.query {
            let mut parameter = Parameter {
                name: v1.value.clone(),
                place: Place::Query,
                required: false,
                description: None,
                schema: Schema::of(Kind::String),
            };
            match target {
                Target::Name { name, boolean } => {
                    let known = v2.and_then(|v2| v2.parameter(Place::Query, &name.value));
                    if let Some(known) = known {
                        let has_default = call
                            .query_default
                            .iter()
                            .any(|(default, _)| default.value == name.value);
                        parameter.required = known.required && !has_default;
                        parameter.description.clone_from(&known.description);
                        parameter.schema = self.plain(&known.schema);
                    }
                    if *boolean {
                        parameter.schema = Schema::of(Kind::Boolean);
                    }
                }
                Target::None { reason } => {
                    // Any value is taken, since none is used.
                    parameter.schema = Schema::default();
                    parameter.description = Some(format!("Not used: {reason}"));
                }
            }
            operation.parameters.push(parameter);
        }
        let parameters = v2.map_or(&[][..], |v2| &v2.parameters);
        for header in parameters.iter().filter(|p| p.place == Place::Header) {
            let schema = self.plain(&header.schema);
            operation.parameters.push(Parameter {
                schema,
                ..header.clone()
            });
        }
    }

    fn responses(
        &mut self,
        call: &'s CallFile,
        v2: Option<&'s Operation>,
        operation: &mut Operation,
    ) {
        let declared = v2.map_or(&[][..], |v2| &v2.responses);
        // Successes first: another V2 status that becomes the same V1 status adds nothing then.
        let mut order: Vec<&Response> = declared.iter().collect();
        order.sort_by_key(|response| !response.status.is_success());
        for response in order {
            let rule = self.rule(call, response.status);
            self.response(rule, response.status, Some(response), operation);
        }
        // What servers answered besides what the document declares.
        for rule in &call.responses {
            let status = match rule.v2 {
                StatusPattern::Exact(status) => Status::Exact(status),
                StatusPattern::Class(class) => Status::Class(class),
            };
            let is_declared = match status {
                Status::Class(class) => declared.iter().any(
                    |known| matches!(known.status, Status::Exact(status) if status / 100 == class),
                ),
                _ => false,
            };
            if !is_declared && declared.iter().all(|known| known.status != status) {
                self.response(Some(rule), status, None, operation);
            }
        }
        if !operation.responses.iter().any(|r| r.status.is_success()) {
            operation.responses.push(Response {
                status: Status::Exact(200),
                description: String::new(),
                content: Content::json(Schema::default()),
            });
        }
        operation.responses.sort_by_key(|response| response.status);
    }

    /// What the mapping says for a V2 status: the operation itself, then all operations; statuses
    /// before classes.
    fn rule(&self, call: &'s CallFile, status: Status) -> Option<&'s ResponseFile> {
        let fits = |rule: &&'s ResponseFile, exact: bool| match (rule.v2, status) {
            (StatusPattern::Exact(a), Status::Exact(b)) => exact && a == b,
            (StatusPattern::Class(a), Status::Exact(b)) => !exact && a == b / 100,
            (StatusPattern::Class(a), Status::Class(b)) => !exact && a == b,
            _ => false,
        };
        let own = call.responses.iter();
        let common = self.set.defaults.iter();
        own.clone()
            .find(|rule| fits(rule, true))
            .or_else(|| own.clone().find(|rule| fits(rule, false)))
            .or_else(|| common.clone().find(|rule| fits(rule, true)))
            .or_else(|| common.clone().find(|rule| fits(rule, false)))
    }

    fn response(
        &mut self,
        rule: Option<&'s ResponseFile>,
        v2_status: Status,
        v2: Option<&'s Response>,
        operation: &mut Operation,
    ) {
        let status = rule
            .and_then(|rule| rule.v1)
            .map_or(v2_status, Status::Exact);
        let content = self.answer(rule, v2);
        let known = operation.responses.iter_mut().find(|r| r.status == status);
        if let Some(known) = known {
            if known.content.is_empty() {
                known.content = content;
            }
            return;
        }
        operation.responses.push(Response {
            status,
            description: v2.map_or_else(String::new, |v2| v2.description.clone()),
            content,
        });
    }

    fn answer(&mut self, rule: Option<&'s ResponseFile>, v2: Option<&'s Response>) -> Content {
        let none = Content::default();
        let content = v2.map_or(&none, |v2| &v2.content);
        let Some(rule) = rule else {
            return v2.map_or_else(Content::default, |v2| self.content(&v2.content, None));
        };
        if let Some(text) = &rule.text {
            let kind = rule.content_type.as_deref().unwrap_or("text/plain");
            let schema = Schema::exactly(text.as_str().into());
            return Content(vec![(kind.to_owned(), schema)]);
        }
        let Some(layout) = &rule.layout else {
            return v2.map_or_else(Content::default, |v2| self.content(&v2.content, None));
        };
        if let Some(kind) = &rule.content_type {
            let schema = v2.and_then(|v2| v2.content.as_json());
            let drawn = self.draw(layout, schema, Direction::V2ToV1);
            return Content(vec![(kind.clone(), drawn)]);
        }
        if content.is_empty() {
            return Content::json(self.draw(layout, None, Direction::V2ToV1));
        }
        v2.map_or_else(Content::default, |v2| {
            self.content(&v2.content, Some(layout))
        })
    }

    /// Bodies by media type, JSON ones drawn as the layout says.
    fn content(&mut self, content: &'s Content, layout: Option<&'s Layout>) -> Content {
        let kinds = content.0.iter().map(|(kind, schema)| {
            let schema = match layout.filter(|_| kind.contains("json")) {
                Some(layout) => self.draw(layout, Some(schema), Direction::V2ToV1),
                None => self.plain(schema),
            };
            (kind.clone(), schema)
        });
        Content(kinds.collect())
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
