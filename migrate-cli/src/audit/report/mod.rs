//! The report: one model that every format renders. What is not in here, no format shows.

mod build;
mod levers;
mod model;
mod operation;

pub(crate) use build::build;
pub(crate) use model::{
    ClientReport, DayReport, FORMAT, Gap, OperationUse, Rename, Report, Summary,
};
