//! Lowers `[pages]`: the layout of a list whose pages are joined.

use std::sync::Arc;

use crate::compile::operation::LoweredResponse;
use crate::diagnostic::Diagnostic;
use crate::diagnostic::code::PAGES_NOT_ONE_LIST;
use crate::mapping::pages::PagesFile;
use crate::plan::body::{BodyPlan, Strategy, StreamPlan};
use crate::plan::pages::PagesPlan;
use crate::plan::response::StatusPattern;

/// The status that every page is answered with.
const ANSWERED: u16 = 200;

/// Lowers `[pages]`; `responses` are the operation's own.
pub(super) fn lower(
    file: &PagesFile,
    responses: &[LoweredResponse<'_>],
    errors: &mut Vec<Diagnostic>,
) -> Option<PagesPlan> {
    let list = responses
        .iter()
        .find(|response| !response.common && response.plan.v2 == StatusPattern::Exact(ANSWERED))
        .and_then(|response| match &response.plan.body.strategy {
            Strategy::Stream(stream)
                if response.plan.looked_up.is_none() && !stream.select.is_empty() =>
            {
                Some((stream, &response.plan.body))
            }
            _ => None,
        });
    let Some((stream, body)) = list else {
        let mut diagnostic = file.place.diagnostic(
            PAGES_NOT_ONE_LIST,
            "the layout of `[response.200]` does not draw one list that streams",
        );
        diagnostic.help = Some("such as `{ \"things\": $.things as Thing }`".into());
        errors.push(diagnostic);
        return None;
    };
    let mut selects = vec![stream.select.clone()];
    selects.extend(file.also.iter().map(|name| {
        let mut select = stream.select.clone();
        if let Some(last) = select.last_mut() {
            *last = name.as_str().into();
        }
        select
    }));
    let lists = selects.into_iter().map(|select| {
        let stream = StreamPlan {
            before: "".into(),
            select,
            after: "".into(),
            ..stream.clone()
        };
        let plan = BodyPlan::new(Strategy::Stream(stream), body.objects.clone());
        Arc::new(plan)
    });
    Some(PagesPlan {
        page: file.page.as_str().into(),
        size: file.size.as_str().into(),
        rows: file.rows,
        before: stream.before.clone(),
        lists: lists.collect(),
        after: stream.after.clone(),
    })
}
