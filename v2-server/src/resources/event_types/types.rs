//! Event types as clients see them.

use serde::Serialize;
use utoipa::ToSchema;

use crate::resources::events::catalogue;

/// The types of one category.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EventCategory {
    /// First part of the type names.
    category: &'static str,
    /// What such events have in common.
    description: &'static str,
    /// The groups within.
    subcategories: Vec<EventSubcategory>,
}

/// The types of one subcategory.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EventSubcategory {
    /// Second part of the type names.
    name: &'static str,
    /// What such events have in common.
    description: &'static str,
    /// The types.
    events: Vec<EventDescription>,
}

/// One type.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EventDescription {
    /// Last part of the type.
    name: &'static str,
    /// The whole type.
    #[serde(rename = "type")]
    kind: &'static str,
    /// The message of such events.
    message: &'static str,
    /// Kind of thing such events are about.
    resource_type: &'static str,
}

impl From<&catalogue::Category> for EventCategory {
    fn from(category: &catalogue::Category) -> Self {
        Self {
            category: category.name,
            description: category.description,
            subcategories: category.subcategories.iter().map(Into::into).collect(),
        }
    }
}

impl From<&catalogue::Subcategory> for EventSubcategory {
    fn from(subcategory: &catalogue::Subcategory) -> Self {
        Self {
            name: subcategory.name,
            description: subcategory.description,
            events: subcategory
                .events
                .iter()
                .map(|event| (*event).into())
                .collect(),
        }
    }
}

impl From<&catalogue::EventType> for EventDescription {
    fn from(event: &catalogue::EventType) -> Self {
        let (_, _, name) = event.parts();
        Self {
            name,
            kind: event.name,
            message: event.message,
            resource_type: event.resource_type,
        }
    }
}
