//! The `[lookup.*]` tables: V2 calls that are made before the call itself.

use http::Method;

use crate::diagnostic::Diagnostic;
use crate::diagnostic::code::BAD_ENDPOINT;
use crate::mapping::endpoint::WrittenEndpoint;
use crate::mapping::operation::not_empty;
use crate::mapping::place::{Place, Text};
use crate::mapping::table::Table;

/// A call made first.
#[derive(Debug)]
pub(crate) struct LookupFile {
    pub(crate) name: Text,
    pub(crate) v2: WrittenEndpoint,
    pub(crate) take: Vec<(Text, Text)>,
    pub(crate) otherwise: Vec<(Text, Text)>,
    pub(crate) unless: Vec<(Text, Text)>,
    /// Why its answer never changes: it may be kept for later requests.
    pub(crate) unchanging: Option<String>,
    /// Where the table is.
    pub(crate) place: Place,
}

impl LookupFile {
    pub(crate) fn read(
        name: Text,
        mut table: Table<'_>,
        errors: &mut Vec<Diagnostic>,
    ) -> Option<Self> {
        let v2 = table
            .required_text("v2", errors)
            .and_then(|text| WrittenEndpoint::read(text, errors));
        let take = table.names("take", errors);
        let otherwise = table.names("otherwise", errors);
        let unless = table.names("unless", errors);
        let unchanging = table.text("unchanging", errors);
        if let Some(reason) = &unchanging {
            not_empty(reason, "`unchanging`", errors);
        }
        let place = table.place().clone();
        table.finish(errors);
        let v2 = v2?;
        if v2.endpoint.method != Method::GET {
            errors.push(v2.text.diagnostic(BAD_ENDPOINT, "a look-up is a GET"));
        }
        Some(Self {
            name,
            v2,
            take,
            otherwise,
            unless,
            unchanging: unchanging.map(|text| text.value),
            place,
        })
    }
}
