//! Takes out of a body plan what changes nothing, so that those values are only skipped.

use crate::plan::body::{
    BodyPlan, LayoutNode, MemberPlan, ObjectId, ObjectPlan, Strategy, ValuePlan, Wrap,
};

/// Removes objects and members that leave as they came, and numbers the others anew.
pub(super) fn prune(plan: &mut BodyPlan) {
    // An object is idle until something in it is not: shapes may use each other in circles.
    let mut idle = vec![true; plan.objects.len()];
    loop {
        let mut changed = false;
        for (index, object) in plan.objects.iter().enumerate() {
            if idle[index] && !is_idle(object, &idle) {
                idle[index] = false;
                changed = true;
            }
        }
        if !changed {
            break;
        }
    }
    let mut next = 0;
    let ids: Vec<Option<ObjectId>> = idle
        .iter()
        .map(|idle| {
            (!idle).then(|| {
                next += 1;
                ObjectId(next - 1)
            })
        })
        .collect();
    let mut kept = Vec::new();
    for (mut object, idle) in std::mem::take(&mut plan.objects).into_iter().zip(idle) {
        if idle {
            continue;
        }
        for target in object.members.iter_mut().flat_map(|m| &mut m.to) {
            renumber(&mut target.value, &ids);
        }
        if let Some(others) = &mut object.others {
            renumber(others, &ids);
        }
        if object.others.as_deref().is_some_and(leaves) {
            object.others = None;
        }
        let keep_identities = object.others.is_some();
        object
            .members
            .retain(|member| keep_identities || !is_identity(member));
        kept.push(object);
    }
    plan.objects = kept;
    match &mut plan.strategy {
        Strategy::Pass | Strategy::Fixed(_) => {}
        Strategy::Stream(stream) => renumber(&mut stream.value, &ids),
        Strategy::Hold(hold) => renumber_layout(&mut hold.layout, &ids),
    }
}

fn is_idle(object: &ObjectPlan, idle: &[bool]) -> bool {
    let value_idle = |value: &ValuePlan| {
        only_object(value) && value.object.is_none_or(|id| idle[usize::from(id.0)])
    };
    object.defaults.is_empty()
        && object.others.as_deref().is_none_or(value_idle)
        && object.members.iter().all(|member| {
            matches!(&*member.to, [target] if target.name == member.from && value_idle(&target.value))
        })
}

/// Whether nothing but the object plan changes this value.
fn only_object(value: &ValuePlan) -> bool {
    value.step.is_none()
        && value.words.is_empty()
        && value.wrap == Wrap::None
        && value.null.is_none()
}

fn leaves(value: &ValuePlan) -> bool {
    only_object(value) && value.object.is_none()
}

/// A member that leaves as it came, and that no default waits for.
fn is_identity(member: &MemberPlan) -> bool {
    member.seen.is_none()
        && matches!(&*member.to, [target] if target.name == member.from && leaves(&target.value))
}

fn renumber(value: &mut ValuePlan, ids: &[Option<ObjectId>]) {
    value.object = value.object.and_then(|id| ids[usize::from(id.0)]);
}

fn renumber_layout(node: &mut LayoutNode, ids: &[Option<ObjectId>]) {
    match node {
        LayoutNode::Value { value, .. } => renumber(value, ids),
        LayoutNode::Array(inner) => renumber_layout(inner, ids),
        LayoutNode::Object(members) => members
            .iter_mut()
            .for_each(|(_, inner)| renumber_layout(inner, ids)),
        LayoutNode::Literal(_) => {}
    }
}
