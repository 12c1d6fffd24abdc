//! The oracle: a rewriter that works on whole documents, slow and obvious.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use windlass_transforms::plan::body::{
    BodyPlan, KeySource, LayoutNode, ObjectId, StepTurn, Strategy, ValuePlan, Wrap,
};
use windlass_transforms::step::StepContext;

/// Why a document cannot be rewritten; for people.
pub(crate) type Wrong = String;

/// Rewrites one document; answers with the members touched, too.
pub(crate) fn rewrite(
    plan: &BodyPlan,
    context: &StepContext,
    input: &[u8],
) -> Result<(Vec<u8>, Vec<String>), Wrong> {
    let mut oracle = Oracle {
        plan,
        context,
        touched: BTreeSet::new(),
    };
    let out = oracle.body(input)?;
    Ok((out, oracle.touched.into_iter().collect()))
}

struct Oracle<'a> {
    plan: &'a BodyPlan,
    context: &'a StepContext,
    touched: BTreeSet<String>,
}

fn unexpected(expected: &str) -> Wrong {
    format!("expected {expected}")
}

impl Oracle<'_> {
    fn body(&mut self, input: &[u8]) -> Result<Vec<u8>, Wrong> {
        let plan = self.plan;
        match &plan.strategy {
            Strategy::Pass => Ok(input.to_vec()),
            Strategy::Fixed(text) => Ok(text.as_bytes().to_vec()),
            Strategy::Stream(stream) => {
                let value = self.select(
                    &parse(input)?,
                    &stream.select,
                    &stream.value,
                    stream.otherwise.as_deref(),
                )?;
                Ok(format!("{}{value}{}", stream.before, stream.after).into_bytes())
            }
            Strategy::Hold(hold) => {
                let root = parse(input)?;
                Ok(self.draw(&root, &hold.layout)?.into_bytes())
            }
        }
    }

    fn draw(&mut self, root: &Value, node: &LayoutNode) -> Result<String, Wrong> {
        Ok(match node {
            LayoutNode::Value {
                path,
                value,
                otherwise,
            } => self.select(root, path, value, otherwise.as_deref())?,
            LayoutNode::Array(inner) => format!("[{}]", self.draw(root, inner)?),
            LayoutNode::Literal(text) => text.to_string(),
            LayoutNode::Object(members) => {
                let mut parts = Vec::new();
                for (key, inner) in members {
                    let key = match key {
                        KeySource::Literal(text) => text.to_string(),
                        KeySource::Path(path) => find(root, path)?
                            .and_then(Value::as_str)
                            .ok_or_else(|| unexpected("a string to be used as a key"))?
                            .to_owned(),
                        KeySource::RequestPath(name) => text_of(self.context.path.get(&**name))?,
                        KeySource::RequestQuery(name) => text_of(self.context.query.get(&**name))?,
                    };
                    parts.push(format!("{}:{}", Value::from(key), self.draw(root, inner)?));
                }
                format!("{{{}}}", parts.join(","))
            }
        })
    }

    fn select(
        &mut self,
        root: &Value,
        path: &[Box<str>],
        plan: &ValuePlan,
        otherwise: Option<&str>,
    ) -> Result<String, Wrong> {
        let found = find(root, path)?;
        match (found, otherwise) {
            (None | Some(Value::Null), Some(text)) => Ok(text.to_owned()),
            (None, None) => Err(unexpected("the selected member")),
            (Some(Value::Null), None) if !path.is_empty() => Err(unexpected("the selected member")),
            (Some(value), _) => Ok(self.value(value.clone(), plan)?.0.to_string()),
        }
    }

    /// The value, and whether something was replaced in it.
    fn value(&mut self, value: Value, plan: &ValuePlan) -> Result<(Value, bool), Wrong> {
        let Some(step) = &plan.step else {
            return self.plain(value, plan);
        };
        let run = |value| {
            (step.run)(value, self.context).map_err(|error| format!("`{}`: {error}", step.name))
        };
        let value = match step.turn {
            StepTurn::First => {
                let value = run(value)?;
                self.plain(value, plan)?.0
            }
            StepTurn::Last => {
                let value = self.plain(value, plan)?.0;
                (step.run)(value, self.context).map_err(|error| error.to_string())?
            }
        };
        Ok((value, true))
    }

    fn plain(&mut self, value: Value, plan: &ValuePlan) -> Result<(Value, bool), Wrong> {
        let (value, mut changed) = match (plan.wrap, value) {
            (Wrap::Unwrap, Value::Array(mut elements)) => {
                if elements.len() > 1 {
                    return Err(unexpected("an array of at most one element"));
                }
                (elements.pop().unwrap_or(Value::Null), true)
            }
            (_, value) => (value, false),
        };
        if value.is_null() {
            return Ok(match (&plan.null, plan.wrap) {
                (Some(text), _) => (parse(text.as_bytes())?, true),
                (None, Wrap::Wrap) => (Value::Array(Vec::new()), true),
                (None, _) => (value, changed),
            });
        }
        let (mut value, inner) = self.inner(value, plan)?;
        changed |= inner;
        if plan.wrap == Wrap::Wrap && !value.is_array() {
            value = Value::Array(vec![value]);
            changed = true;
        }
        Ok((value, changed))
    }

    fn inner(&mut self, value: Value, plan: &ValuePlan) -> Result<(Value, bool), Wrong> {
        Ok(match value {
            Value::Array(elements) => {
                let mut changed = false;
                let mut out = Vec::new();
                for element in elements {
                    let (element, inner) = self.inner(element, plan)?;
                    changed |= inner;
                    out.push(element);
                }
                (Value::Array(out), changed)
            }
            Value::Object(members) => match plan.object {
                Some(id) => (Value::Object(self.object(members, id)?), false),
                None => (Value::Object(members), false),
            },
            Value::String(text) => match plan.words.iter().find(|(from, _)| **from == *text) {
                Some((_, to)) => (Value::String(to.to_string()), true),
                None => (Value::String(text), false),
            },
            other => (other, false),
        })
    }

    fn object(
        &mut self,
        members: Map<String, Value>,
        id: ObjectId,
    ) -> Result<Map<String, Value>, Wrong> {
        let plan = self.plan;
        let plan = &plan.objects[usize::from(id.0)];
        let mut seen = 0_u64;
        let mut out = Map::new();
        for (name, value) in members {
            let Some(rule) = plan.members.iter().find(|rule| *rule.from == *name) else {
                let value = match &plan.others {
                    Some(others) => self.value(value, others)?.0,
                    None => value,
                };
                out.insert(name, value);
                continue;
            };
            if let Some(bit) = rule.seen {
                seen |= 1 << bit;
            }
            let mut touched = rule.to.len() != 1 || *rule.to[0].name != *name;
            for target in &rule.to {
                let (value, changed) = self.value(value.clone(), &target.value)?;
                touched |= changed;
                out.insert(target.name.to_string(), value);
            }
            if touched {
                self.touched.insert(format!("{}.{name}", plan.shape));
            }
        }
        for default in &plan.defaults {
            if seen & (1 << default.seen) == 0 {
                out.insert(default.name.to_string(), parse(default.value.as_bytes())?);
            }
        }
        Ok(out)
    }
}

fn parse(input: &[u8]) -> Result<Value, Wrong> {
    serde_json::from_slice(input).map_err(|error| error.to_string())
}

fn find<'v>(root: &'v Value, path: &[Box<str>]) -> Result<Option<&'v Value>, Wrong> {
    let mut at = root;
    for (depth, name) in path.iter().enumerate() {
        match at {
            Value::Object(members) => match members.get(&**name) {
                Some(value) => at = value,
                None => return Ok(None),
            },
            Value::Null if depth > 0 => return Ok(None),
            _ => return Err(unexpected("an object")),
        }
    }
    Ok(Some(at))
}

fn text_of(value: Option<&Value>) -> Result<String, Wrong> {
    match value {
        Some(Value::String(text)) => Ok(text.clone()),
        _ => Err(unexpected("a value of the request to be used as a key")),
    }
}
