//! What may differ between two documents, and how that is said.

use std::fmt;

use serde::Serialize;

/// A kind of difference between an old and a new document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Change {
    /// An operation is gone.
    OperationRemoved,
    /// An operation is new.
    OperationAdded,
    /// An operation is announced as going away.
    OperationDeprecated,
    /// A parameter is gone.
    ParameterRemoved,
    /// An optional parameter is new.
    ParameterAdded,
    /// A parameter must be sent and needed not, or was not there.
    ParameterRequired,
    /// The request body is gone.
    RequestRemoved,
    /// A request needs a body and needed none.
    RequestRequired,
    /// A status is no longer declared.
    StatusRemoved,
    /// A status is new.
    StatusAdded,
    /// An answer or a request is no longer of a media type.
    MediaTypeRemoved,
    /// A member is gone.
    FieldRemoved,
    /// A member is new.
    FieldAdded,
    /// A request must have a member and needed not.
    FieldRequired,
    /// An answer always had a member and no longer promises it.
    FieldOptional,
    /// The kind of a value is another one.
    TypeChanged,
    /// Nothing is said of a value any more.
    TypeUnsaid,
    /// The format of a value is another one.
    FormatChanged,
    /// A word is no longer one of those that a value may be.
    WordRemoved,
    /// A value may be a new word.
    WordAdded,
    /// A value may now be null.
    BecameNullable,
    /// A value may no longer be null.
    NoLongerNullable,
}

/// Where a difference is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Area {
    /// The operation as a whole.
    Operation,
    /// A parameter.
    Parameter,
    /// What clients send.
    Request,
    /// What clients read.
    Response,
}

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Difference {
    /// The operation, as `GET /fruits/{fruit_id}`.
    pub operation: String,
    /// Which part of it.
    pub area: Area,
    /// The place in that part: `query detail`, `200 [].name`, `name`; empty: all of it.
    pub place: String,
    /// The same place from the nearest named schema of the old document: `Fruit.name`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schema_place: Option<String>,
    /// What differs.
    pub change: Change,
    /// What the old document says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub old: Option<String>,
    /// What the new document says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new: Option<String>,
    /// Whether a client written for the old document may fail.
    pub breaking: bool,
}

impl Change {
    /// Whether a client of the old document may fail over it.
    pub fn is_breaking(self, area: Area) -> bool {
        match self {
            Self::OperationRemoved
            | Self::ParameterRemoved
            | Self::ParameterRequired
            | Self::RequestRemoved
            | Self::RequestRequired
            | Self::StatusRemoved
            | Self::MediaTypeRemoved
            | Self::FieldRemoved
            | Self::FieldRequired
            | Self::FieldOptional
            | Self::TypeChanged => true,
            // What clients may send must still be accepted; what they read must not be new.
            Self::WordRemoved | Self::NoLongerNullable => area != Area::Response,
            Self::BecameNullable | Self::WordAdded | Self::TypeUnsaid => area == Area::Response,
            Self::OperationAdded
            | Self::OperationDeprecated
            | Self::ParameterAdded
            | Self::StatusAdded
            | Self::FieldAdded
            | Self::FormatChanged => false,
        }
    }

    /// `field-removed`
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OperationRemoved => "operation-removed",
            Self::OperationAdded => "operation-added",
            Self::OperationDeprecated => "operation-deprecated",
            Self::ParameterRemoved => "parameter-removed",
            Self::ParameterAdded => "parameter-added",
            Self::ParameterRequired => "parameter-required",
            Self::RequestRemoved => "request-removed",
            Self::RequestRequired => "request-required",
            Self::StatusRemoved => "status-removed",
            Self::StatusAdded => "status-added",
            Self::MediaTypeRemoved => "media-type-removed",
            Self::FieldRemoved => "field-removed",
            Self::FieldAdded => "field-added",
            Self::FieldRequired => "field-required",
            Self::FieldOptional => "field-optional",
            Self::TypeChanged => "type-changed",
            Self::TypeUnsaid => "type-unsaid",
            Self::FormatChanged => "format-changed",
            Self::WordRemoved => "word-removed",
            Self::WordAdded => "word-added",
            Self::BecameNullable => "became-nullable",
            Self::NoLongerNullable => "no-longer-nullable",
        }
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Area {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Operation => "operation",
            Self::Parameter => "parameter",
            Self::Request => "request",
            Self::Response => "response",
        })
    }
}

impl fmt::Display for Difference {
    /// `GET /fruits: response 200 [].name: field-removed (old: string)`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.operation)?;
        if self.area != Area::Operation {
            write!(f, "{}", self.area)?;
            if !self.place.is_empty() {
                write!(f, " {}", self.place)?;
            }
            f.write_str(": ")?;
        }
        write!(f, "{}", self.change)?;
        match (&self.old, &self.new) {
            (Some(old), Some(new)) => write!(f, " ({old} → {new})"),
            (Some(old), None) => write!(f, " (was {old})"),
            (None, Some(new)) => write!(f, " (now {new})"),
            (None, None) => Ok(()),
        }
    }
}
