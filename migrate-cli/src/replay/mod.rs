//! Recorded V1 exchanges, run again.
//!
//! ```text
//! recorded request ─plan─▶ V2 request ─held against the V2 document
//! recorded answer  ─plan backwards─▶ V2 answer ─plan─▶ V1 answer ─held against the V1 document
//!                         └───────────── compared ─────────────────┘
//! ```
//!
//! | module | what |
//! | --- | --- |
//! | `plans` | through the plans alone, without a server |
//! | `contract` | requests and answers held against the documents of both APIs |
//! | `compare`, `volatile` | two answers to one request, and what in them does not count |
//! | `live` | against a V2 service |
//! | `report` | verdicts, by client and operation |

mod compare;
mod contract;
pub(crate) mod live;
mod plans;
mod report;
mod volatile;

pub(crate) use contract::{Contract, member_names};
pub(crate) use plans::Plans;
pub(crate) use report::{Replayed, Rows, Verdict};
pub(crate) use volatile::Ignored;
