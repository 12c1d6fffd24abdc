//! The answers of one V1 operation as its mapping and the V2 document describe them.

use crate::compile::Direction;
use crate::document::derive::Deriver;
use crate::document::derive::layout::Bodies;
use crate::document::{Content, Kind, Operation, Response, Schema, Status};
use crate::mapping::layout::Layout;
use crate::mapping::response::ResponseFile;
use crate::plan::response::StatusPattern;

impl<'s> Deriver<'s> {
    pub(super) fn responses(
        &mut self,
        rules: &'s [ResponseFile],
        declared: &'s [Response],
        bodies: &Bodies<'s>,
        operation: &mut Operation,
    ) {
        // Successes first: another V2 status that becomes the same V1 status adds nothing then.
        let mut order: Vec<&Response> = declared.iter().collect();
        order.sort_by_key(|response| !response.status.is_success());
        for response in order {
            let rule = self.rule(rules, response.status);
            self.response(rule, response.status, Some(response), bodies, operation);
        }
        // What servers answered besides what the document declares.
        for rule in rules {
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
                self.response(Some(rule), status, None, bodies, operation);
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
    pub(super) fn rule(
        &self,
        rules: &'s [ResponseFile],
        status: Status,
    ) -> Option<&'s ResponseFile> {
        let fits = |rule: &&'s ResponseFile, exact: bool| match (rule.v2, status) {
            (StatusPattern::Exact(a), Status::Exact(b)) => exact && a == b,
            (StatusPattern::Class(a), Status::Exact(b)) => !exact && a == b / 100,
            (StatusPattern::Class(a), Status::Class(b)) => !exact && a == b,
            _ => false,
        };
        let own = rules.iter();
        let common = self.set.defaults.iter();
        own.clone()
            .find(|rule| fits(rule, true))
            .or_else(|| own.clone().find(|rule| fits(rule, false)))
            .or_else(|| common.clone().find(|rule| fits(rule, true)))
            .or_else(|| common.clone().find(|rule| fits(rule, false)))
    }

    pub(super) fn response(
        &mut self,
        rule: Option<&'s ResponseFile>,
        v2_status: Status,
        v2: Option<&'s Response>,
        bodies: &Bodies<'s>,
        operation: &mut Operation,
    ) {
        let status = rule
            .and_then(|rule| rule.v1)
            .map_or(v2_status, Status::Exact);
        let content = self.answer(rule, v2, bodies);
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

    fn answer(
        &mut self,
        rule: Option<&'s ResponseFile>,
        v2: Option<&'s Response>,
        bodies: &Bodies<'s>,
    ) -> Content {
        let same = |deriver: &mut Self| match v2 {
            Some(v2) => deriver.content(&v2.content, None, bodies),
            None => Content::default(),
        };
        let Some(rule) = rule else {
            return same(self);
        };
        if rule.gzip.is_some() {
            let file = Schema {
                format: Some("binary".to_owned()),
                ..Schema::of(Kind::String)
            };
            return Content(vec![("application/gzip".to_owned(), file)]);
        }
        if let Some(text) = &rule.text {
            let kind = rule.content_type.as_deref().unwrap_or("text/plain");
            let schema = Schema::exactly(text.as_str().into());
            return Content(vec![(kind.to_owned(), schema)]);
        }
        let Some(layout) = &rule.layout else {
            return same(self);
        };
        let schema = v2.and_then(|v2| v2.content.as_json());
        let known = Bodies {
            v2: schema.or(bodies.v2),
            ..bodies.clone()
        };
        match (&rule.content_type, v2) {
            (Some(kind), _) => {
                let drawn = self.draw(layout, &known, Direction::V2ToV1);
                Content(vec![(kind.clone(), drawn)])
            }
            (None, Some(v2)) if !v2.content.is_empty() => {
                self.content(&v2.content, Some(layout), bodies)
            }
            (None, _) => Content::json(self.draw(layout, &known, Direction::V2ToV1)),
        }
    }

    /// Bodies by media type, JSON ones drawn as the layout says.
    pub(super) fn content(
        &mut self,
        content: &'s Content,
        layout: Option<&'s Layout>,
        bodies: &Bodies<'s>,
    ) -> Content {
        let kinds = content.0.iter().map(|(kind, schema)| {
            let schema = match layout.filter(|_| kind.contains("json")) {
                Some(layout) => {
                    let known = Bodies {
                        v2: Some(schema),
                        ..bodies.clone()
                    };
                    self.draw(layout, &known, Direction::V2ToV1)
                }
                None => self.plain(schema),
            };
            (kind.clone(), schema)
        });
        Content(kinds.collect())
    }
}
