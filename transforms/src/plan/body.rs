//! How one JSON body is rewritten, in one direction.
//!
//! A plan is a [`Strategy`] for the document as a whole, and a table of [`ObjectPlan`]s for
//! the objects inside it. Values that no plan mentions leave byte for byte as they came.

use std::sync::OnceLock;

use crate::rewrite::program::Program;
use crate::step::StepFn;

/// Index of an [`ObjectPlan`] in [`BodyPlan::objects`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ObjectId(pub u16);

/// How one body is rewritten, in one direction.
#[derive(Debug, Clone)]
pub struct BodyPlan {
    /// What happens to the document as a whole.
    pub strategy: Strategy,
    /// How each kind of object inside it is rewritten.
    pub objects: Vec<ObjectPlan>,
    /// The tables that a rewriter runs on, made at the first body. The plan must not change
    /// after that.
    program: OnceLock<Program>,
}

impl BodyPlan {
    /// A plan of its two parts.
    pub fn new(strategy: Strategy, objects: Vec<ObjectPlan>) -> Self {
        Self {
            strategy,
            objects,
            program: OnceLock::new(),
        }
    }

    /// The tables that a rewriter runs on.
    pub(crate) fn program(&self) -> &Program {
        self.program.get_or_init(|| Program::new(self))
    }
}

/// What happens to a document as a whole.
#[derive(Debug, Clone)]
pub enum Strategy {
    /// Bytes leave as they came and are not read.
    Pass,
    /// The answer is this JSON text, whatever came.
    Fixed(Box<str>),
    /// One value of the document is rewritten as it streams by; the rest is dropped.
    Stream(StreamPlan),
    /// The whole document is held (within the limit), then the layout is drawn.
    Hold(HoldPlan),
}

/// `before`, the selected value, `after`.
#[derive(Debug, Clone)]
pub struct StreamPlan {
    /// Bytes in front of the selected value, such as `[`.
    pub before: Box<str>,
    /// Member names that lead from the root to the value; empty: the root itself.
    pub select: Vec<Box<str>>,
    /// How the value is rewritten.
    pub value: ValuePlan,
    /// Written when the selected member is missing or null. `None`: that is an error.
    pub otherwise: Option<Box<str>>,
    /// Bytes behind the selected value, such as `]`.
    pub after: Box<str>,
}

/// A layout that needs more than one value of the document, or a step over a whole one.
#[derive(Debug, Clone)]
pub struct HoldPlan {
    /// What is drawn once the document is complete.
    pub layout: LayoutNode,
    /// Why the document must be held, for `windlass explain`.
    pub reason: Box<str>,
}

/// One node of a layout line, compiled.
#[derive(Debug, Clone)]
pub enum LayoutNode {
    /// A value taken from the document.
    Value {
        /// Member names from the root; empty: the root itself.
        path: Vec<Box<str>>,
        /// How it is rewritten.
        value: ValuePlan,
        /// What stands there when the value is missing or null.
        otherwise: Option<Box<str>>,
    },
    /// An array of one.
    Array(Box<LayoutNode>),
    /// An object; keys may be taken from the document.
    Object(Vec<(KeySource, LayoutNode)>),
    /// JSON text as written in the mapping.
    Literal(Box<str>),
}

/// Where the key of a drawn object comes from.
#[derive(Debug, Clone)]
pub enum KeySource {
    /// A quoted word.
    Literal(Box<str>),
    /// A string value of the document.
    Path(Vec<Box<str>>),
    /// A path value of the request, by its V1 name.
    RequestPath(Box<str>),
    /// A query value of the request, by its V1 name.
    RequestQuery(Box<str>),
}

/// How one value is rewritten, wherever it stands. On an array, `object` and `words` apply
/// to each element (at any depth of nested arrays).
#[derive(Debug, Clone, Default)]
pub struct ValuePlan {
    /// How an object at this place is rewritten. `None`: untouched.
    pub object: Option<ObjectId>,
    /// A named step that replaces the value, however it is written; the value is held (within
    /// the limit). [`StepCall::turn`] says whether it sees the value before or after the rest
    /// of this plan.
    pub step: Option<StepCall>,
    /// Strings that are exchanged for others, such as enum values: `(from, to)`, sorted.
    pub words: Box<[(Box<str>, Box<str>)]>,
    /// Whether an array is put around the value, or taken off.
    pub wrap: Wrap,
    /// JSON text that replaces `null` (of the value itself, not of elements).
    pub null: Option<Box<str>>,
}

/// Whether an array is put around a value, or taken off.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Wrap {
    /// Neither.
    #[default]
    None,
    /// `x` becomes `[x]`; an array stays as it is; `null` becomes `[]` (the way back of
    /// `Unwrap`), or what [`ValuePlan::null`] says.
    Wrap,
    /// `[x]` becomes `x`; anything but an array stays as it is; `[]` becomes `null`, or what
    /// [`ValuePlan::null`] says; more than one element is an error.
    Unwrap,
}

/// A named step with the function to call.
#[derive(Debug, Clone)]
pub struct StepCall {
    /// Its name in the mapping.
    pub name: Box<str>,
    /// The function for this direction.
    pub run: StepFn,
    /// Whether it runs before or after the rest of its [`ValuePlan`].
    pub turn: StepTurn,
}

/// Whether a step sees a value before or after the rest of its [`ValuePlan`] was applied.
/// Steps always work on V2 names on one side and V1 names on the other, so that the shape
/// beside them describes what stands on the V1 side of the step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepTurn {
    /// Before it: V2 → V1.
    First,
    /// After it: V1 → V2.
    Last,
}

/// How one kind of object is rewritten. Members that no rule names leave as they came.
#[derive(Debug, Clone, Default)]
pub struct ObjectPlan {
    /// The shape it comes from, for messages.
    pub shape: Box<str>,
    /// Rules by the name a member comes with. No two have the same `from`.
    pub members: Vec<MemberPlan>,
    /// Members written at the end of the object when they did not occur.
    /// At most 64 (so that "seen" fits a word).
    pub defaults: Vec<DefaultMember>,
    /// How the value of every member without a rule of its own is rewritten: for objects
    /// whose keys are data.
    pub others: Option<Box<ValuePlan>>,
}

/// What becomes of one member.
#[derive(Debug, Clone)]
pub struct MemberPlan {
    /// The name it comes with, unescaped.
    pub from: Box<str>,
    /// What is written for it, in order; empty: the member is dropped. More than one
    /// entry, or a step, means that the value is held.
    pub to: Vec<MemberTarget>,
    /// Bit in the object's "seen" word, when a default exists for the (first) target.
    pub seen: Option<u8>,
}

/// One member written.
#[derive(Debug, Clone)]
pub struct MemberTarget {
    /// The name it leaves with, unescaped.
    pub name: Box<str>,
    /// How its value is rewritten.
    pub value: ValuePlan,
}

/// A member that an object always carries.
#[derive(Debug, Clone)]
pub struct DefaultMember {
    /// Name as written.
    pub name: Box<str>,
    /// JSON text of the value.
    pub value: Box<str>,
    /// Bit in the object's "seen" word.
    pub seen: u8,
}
