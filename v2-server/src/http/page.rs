//! Page and limit of a listing. The listings of this API page in different ways; this is only the
//! arithmetic they share.

use super::{ApiError, Problem};

/// Which part of a listing is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Page {
    /// Counted from 1.
    pub(crate) number: u32,
    /// Rows on a page.
    pub(crate) limit: u32,
}

impl Page {
    /// Checks what the client asked for; `default` and `largest` are rows on a page.
    ///
    /// # Errors
    /// 400 when a number is out of its range.
    pub(crate) fn new(
        number: Option<u32>,
        limit: Option<u32>,
        default: u32,
        largest: u32,
    ) -> Result<Self, ApiError> {
        let page = Self {
            number: number.unwrap_or(1),
            limit: limit.unwrap_or(default),
        };
        if page.number == 0 {
            return Err(out_of_range("page", "1 or more", page.number));
        }
        if page.limit == 0 || page.limit > largest {
            return Err(out_of_range(
                "limit",
                &format!("1 to {largest}"),
                page.limit,
            ));
        }
        Ok(page)
    }

    /// Rows before this page.
    pub(crate) fn offset(self) -> i64 {
        i64::from(self.number - 1) * i64::from(self.limit)
    }
}

fn out_of_range(name: &str, expected: &str, got: u32) -> ApiError {
    Problem::bad_request(format!(
        "query parameter `{name}`: expected {expected}, got {got}"
    ))
    .into()
}
