//! `/archives/rules`: which images move to the archive by themselves, and what leaves it.
//!
//! Twice a day the rules are applied to every enabled account, in four passes: global rules that
//! archive, the account's own that archive, its own that delete, global ones that delete. An image
//! moves only when each of its tags is matched by some rule of the pass.
//!
//! - Conditions that are not given, or are below 0, do not count. All that are given must hold.
//! - `exclude.selector` keeps tags out of a rule for `expiration_days` after the analysis, or forever.
//!   `exclude.last_seen_in_days` keeps images out that ran somewhere within these days, whatever their tags.
//! - `max_images_per_account` takes the images beyond that many, those analysed first.
//! - A global rule belongs to the account that made it, and only that account can delete it.

mod apply;
pub(super) mod handlers;
pub(super) mod store;
mod types;

#[cfg(test)]
mod tests;

pub(crate) use apply::apply_rules;
