//! Cases of several V2 calls: `page.N.v2.http` for the pages of a list, `call.N.v2.http` for the
//! calls of a composition in the order in which they are made one by one. Each holds the request,
//! a line `--`, and the answer.

use std::collections::VecDeque;
use std::sync::Arc;

use serde_json::Map;
use windlass_transforms::plan::call::CallPlan;
use windlass_transforms::plan::composed::ComposedPlan;
use windlass_transforms::plan::operation::Operation;
use windlass_transforms::plan::pages::PagesPlan;
use windlass_transforms::rewrite::{After, Limits, PageJoin, RowReader, RowsError};
use windlass_transforms::route::PathValues;
use windlass_transforms::step::StepContext;

use crate::case::{
    Case, Kept, Wrong, asked_and_answered, check_answer, check_refusal, check_step_error,
    expected_answer, no_upstream, rewritten, same_body, same_call, same_status, same_type,
};

/// The pages of a list.
pub(super) fn check_pages(
    case: &Case,
    plan: &CallPlan,
    pages: &Arc<PagesPlan>,
    values: &PathValues,
    query: Option<&str>,
    context: &Arc<StepContext>,
) -> Result<(), Wrong> {
    no_upstream(case)?;
    let call = plan
        .call(values, query, None, &Map::new())
        .map_err(|error| format!("request.v1.http: {error}"))?;
    let mut join = PageJoin::new(Arc::clone(pages), Arc::clone(context), Limits::default());
    let mut out = Vec::new();
    let mut number = 0;
    loop {
        number += 1;
        let file = format!("page.{number}.v2.http");
        let text = case
            .read(&file)?
            .ok_or_else(|| format!("`{file}` is missing"))?;
        let (asked, answered) = asked_and_answered(&file, &text)?;
        let page = pages.call(&call, number);
        same_call(&file, page.method.as_str(), &page.path_and_query, &asked)?;
        if number == 1 && answered.status != 200 {
            return check_answer(case, plan.responses(), &answered, context, &Kept::new());
        }
        for piece in answered.message.body.as_bytes().chunks(5) {
            join.push(piece, &mut out)
                .map_err(|error| format!("{file}: {error}"))?;
        }
        let after = join.end_page(&mut out);
        if after.map_err(|error| format!("{file}: {error}"))? == After::Page {
            continue;
        }
        let expected = expected_answer(case)?;
        let content_type = answered.message.header("content-type");
        same_status(plan.response(200).status, &expected)?;
        same_type(content_type, &expected)?;
        return same_body("response.v1.http", &out, &expected.message);
    }
}

/// The calls of a composition.
pub(super) fn check_composed(
    case: &Case,
    operation: &Operation,
    plan: &ComposedPlan,
    values: &PathValues,
    query: Option<&str>,
) -> Result<(), Wrong> {
    no_upstream(case)?;
    let (context, _) = plan
        .context(values, query)
        .map_err(|error| format!("request.v1.http: {error}"))?;
    if let Some(why) = operation.refusal(&context) {
        return check_refusal(case, 400, "detail", &why);
    }
    let context = Arc::new(context);
    let mut composing = match plan.start(&context) {
        Ok(composing) => composing,
        Err(error) => return check_step_error(case, error),
    };
    let mut queue = VecDeque::new();
    let mut number = 0;
    loop {
        queue.extend(composing.calls());
        let Some(wanted) = queue.pop_front() else {
            break;
        };
        number += 1;
        let file = format!("call.{number}.v2.http");
        let (part, call) = plan.call(&wanted).map_err(|error| error.to_string())?;
        let made = format!("{} {}", call.method, call.path_and_query);
        let text = case
            .read(&file)?
            .ok_or_else(|| format!("`{file}` is missing, for {made}"))?;
        let (asked, answered) = asked_and_answered(&file, &text)?;
        same_call(&file, call.method.as_str(), &call.path_and_query, &asked)?;
        if number == 1 && answered.status != 200 {
            return check_answer(case, plan.responses(), &answered, &context, &Kept::new());
        }
        let mut reader = RowReader::new(part, Limits::default());
        let mut read = || {
            for piece in answered.message.body.as_bytes().chunks(5) {
                reader.push(piece, &mut |row| composing.row(&wanted, row))?;
            }
            Ok::<_, RowsError>(())
        };
        read().map_err(|error| format!("{file}: {error}"))?;
        let rest = reader.finish(&mut |row| composing.row(&wanted, row));
        let rest = rest.map_err(|error| format!("{file}: {error}"))?;
        composing
            .answered(&wanted, rest)
            .map_err(|error| format!("{file}: {error}"))?;
    }
    if case
        .read(&format!("call.{}.v2.http", number + 1))?
        .is_some()
    {
        return Err(format!("only {number} calls are made"));
    }
    let answer = composing.finish().map_err(|error| error.to_string())?;
    let response = plan.responses().of(200);
    let body = rewritten(&response.body, &context, &answer.to_string())
        .map_err(|error| error.to_string())?;
    let expected = expected_answer(case)?;
    same_status(response.status, &expected)?;
    same_type(Some("application/json"), &expected)?;
    same_body("response.v1.http", &body, &expected.message)
}
