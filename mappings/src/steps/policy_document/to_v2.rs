//! V1 → V2: drops what V2 does not know, adds what it requires.

use std::collections::HashSet;

use serde_json::{Map, Value};
use uuid::Uuid;
use windlass_transforms::step::{StepContext, StepError};

use super::super::Direction;
use super::shapes::{Added, Besides, Holds, POLICY_BUNDLE, Shape};
use super::words;

/// The name space of made ids. Any fixed value does; changing it changes every made id.
const ID_SPACE: Uuid = Uuid::from_u128(0x5b1f_7c1e_3d0a_5e43_9c58_1a0e_64d2_7f90);

/// Rewrites a document. `place` is where it stands in the body, for messages.
///
/// # Errors
/// See [`super::v1_to_v2`].
pub(super) fn document(
    value: Value,
    place: &str,
    context: &StepContext,
) -> Result<Value, StepError> {
    let current = context.looked_up.get("policy");
    let rewriter = Rewriter { context, current };
    rewriter.object(value, &POLICY_BUNDLE, place, "", &mut HashSet::new())
}

struct Rewriter<'a> {
    context: &'a StepContext,
    /// The V2 document that this one replaces, where it is known.
    current: Option<&'a Value>,
}

impl Rewriter<'_> {
    /// Rewrites one object. `owner` is the id of the element around it, `taken` the ids of
    /// the elements beside it.
    fn object(
        &self,
        value: Value,
        shape: &'static Shape,
        place: &str,
        owner: &str,
        taken: &mut HashSet<String>,
    ) -> Result<Value, StepError> {
        let Value::Object(mut v1) = value else {
            return Err(wrong_type("object", place));
        };
        let member_of = |name: &str| shape.members.iter().position(|member| member.v1 == name);
        for name in v1.keys() {
            if member_of(name).is_none_or(|index| shape.members[index].v2 != name) {
                self.context.touched.note(shape.name, name);
            }
        }
        match shape.besides {
            Besides::Document => self.one_description(&mut v1),
            Besides::Mapping => self.one_list_of_rule_sets(&mut v1, place)?,
            Besides::Nothing | Besides::Rule => {}
        }
        if let Some(missing) = shape.required.iter().find(|name| !v1.contains_key(**name)) {
            return Err(refused(
                &format!("'{missing}' is a required property"),
                place,
            ));
        }
        let id = v1.get("id").and_then(Value::as_str).unwrap_or_default();
        let id = id.to_owned();
        let preferred: Vec<bool> = shape
            .members
            .iter()
            .map(|member| v1.contains_key(member.v1))
            .collect();

        let mut v2 = Map::new();
        for (name, value) in v1 {
            let Some(index) = member_of(&name) else {
                continue;
            };
            let member = &shape.members[index];
            let overruled = (0..index).any(|i| preferred[i] && shape.members[i].v2 == member.v2);
            if overruled {
                self.context.touched.note(shape.name, &name);
                continue;
            }
            let place = join(place, &name);
            let value = match member.holds {
                Holds::Anything => value,
                Holds::Version => version(value, &place)?,
                Holds::One(shape) => self.object(value, shape, &place, &id, &mut HashSet::new())?,
                Holds::Many(shape) => self.list(value, shape, &place, &id)?,
            };
            v2.insert(member.v2.to_owned(), value);
        }
        if shape.besides == Besides::Rule {
            words::rule(&mut v2, Direction::ToV2);
        }
        for added in shape.added {
            add(&mut v2, added, owner, taken);
        }
        Ok(Value::Object(v2))
    }

    fn list(
        &self,
        value: Value,
        shape: &'static Shape,
        place: &str,
        owner: &str,
    ) -> Result<Value, StepError> {
        let Value::Array(elements) = value else {
            return Err(wrong_type("array", place));
        };
        let mut taken: HashSet<String> = elements
            .iter()
            .filter_map(|element| element.get("id")?.as_str().map(str::to_owned))
            .collect();
        elements
            .into_iter()
            .enumerate()
            .map(|(index, element)| {
                let place = join(place, &index.to_string());
                self.object(element, shape, &place, owner, &mut taken)
            })
            .collect::<Result<Vec<_>, _>>()
            .map(Value::Array)
    }

    /// V1 has `description` and, older, `comment`; our answers carry both. Of two that
    /// differ, the one that V2 does not hold already is what the client changed; otherwise
    /// `description` stands, as the V1 specification says.
    fn one_description(&self, v1: &mut Map<String, Value>) {
        let differ =
            matches!((v1.get("description"), v1.get("comment")), (Some(d), Some(c)) if d != c);
        let held = self.current.and_then(|current| current.get("description"));
        if differ && held.is_some() && v1.get("description") == held {
            v1.shift_remove("description");
        }
    }

    /// V1 names rule sets with `policy_ids` or `policy_id`; our answers carry both when there
    /// is one. Leaves `policy_ids`.
    fn one_list_of_rule_sets(
        &self,
        v1: &mut Map<String, Value>,
        place: &str,
    ) -> Result<(), StepError> {
        let Some(single) = v1.shift_remove("policy_id") else {
            return if v1.contains_key("policy_ids") {
                Ok(())
            } else {
                let message = "one of 'policy_ids' and 'policy_id' is a required property";
                Err(refused(message, place))
            };
        };
        let alone = Value::Array(vec![single.clone()]);
        let chosen = match v1.get("policy_ids") {
            None => alone,
            Some(Value::Array(several)) if several.contains(&single) => return Ok(()),
            Some(several) => match self.held_rule_sets(v1) {
                // What V2 holds is what the client read; the other one is the change.
                Some(held) if *held == alone => several.clone(),
                Some(held) if held == several => alone,
                _ => {
                    let message = "'policy_id' and 'policy_ids' name different policies";
                    return Err(refused(message, place));
                }
            },
        };
        v1.insert("policy_ids".to_owned(), chosen);
        Ok(())
    }

    /// The rule sets that V2 holds for the mapping with the same id.
    fn held_rule_sets(&self, mapping: &Map<String, Value>) -> Option<&Value> {
        let id = mapping.get("id")?;
        ["mappings", "source_mappings"]
            .iter()
            .filter_map(|list| self.current?.get(*list)?.as_array())
            .flatten()
            .find(|held| held.get("id") == Some(id))?
            .get("rule_set_ids")
    }
}

/// V1 knows one version of the language, V2 another.
fn version(value: Value, place: &str) -> Result<Value, StepError> {
    match value.as_str() {
        Some("1_0") => Ok(Value::from("2")),
        Some("2") => Err(refused("'2' is not a V1 version, expected '1_0'", place)),
        // V2 knows best what it does not know.
        _ => Ok(value),
    }
}

fn add(v2: &mut Map<String, Value>, added: &Added, owner: &str, taken: &mut HashSet<String>) {
    match added {
        Added::List(name) => {
            v2.entry(*name).or_insert_with(|| Value::Array(Vec::new()));
        }
        Added::Name => {
            let named = v2.get("name").is_some_and(|name| name != "");
            if !named && let Some(id) = v2.get("id").cloned() {
                v2.insert("name".to_owned(), id);
            }
        }
        Added::Id => {
            if !v2.contains_key("id") {
                let id = made_id(v2, owner, taken);
                taken.insert(id.clone());
                v2.insert("id".to_owned(), Value::from(id));
            }
        }
    }
}

/// An id for an element without one: the same for the same content in the same owner, and
/// unlike the ids beside it.
fn made_id(element: &Map<String, Value>, owner: &str, taken: &HashSet<String>) -> String {
    let mut name = format!("{owner}\n");
    canonical(&Value::Object(element.clone()), &mut name);
    // One more than are taken: at least one of them is free.
    (0..=taken.len())
        .map(|copy| Uuid::new_v5(&ID_SPACE, format!("{copy}\n{name}").as_bytes()).to_string())
        .find(|id| !taken.contains(id))
        .expect("more ids were made than are taken")
}

/// Appends a value as text that does not depend on the order of members.
fn canonical(value: &Value, out: &mut String) {
    match value {
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            members.sort_by_key(|(name, _)| *name);
            for (name, value) in members {
                out.push_str(&Value::from(name.as_str()).to_string());
                out.push(':');
                canonical(value, out);
            }
            out.push('}');
        }
        Value::Array(elements) => {
            for element in elements {
                canonical(element, out);
                out.push(',');
            }
            out.push(']');
        }
        scalar => out.push_str(&scalar.to_string()),
    }
}

fn join(place: &str, name: &str) -> String {
    if place.is_empty() {
        name.to_owned()
    } else {
        format!("{place}.{name}")
    }
}

fn wrong_type(expected: &str, place: &str) -> StepError {
    if place.is_empty() {
        refused(&format!("the body is not of type '{expected}'"), place)
    } else {
        refused(&format!("the value is not of type '{expected}'"), place)
    }
}

/// A broken schema, with the place after the message, as V1 servers wrote it.
fn refused(message: &str, place: &str) -> StepError {
    let message = if place.is_empty() {
        message.to_owned()
    } else {
        format!("{message} - '{place}'")
    };
    StepError::Malformed(message)
}
