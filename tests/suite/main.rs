//! All programs together, over real sockets, as their users meet them.

mod accounts;
mod alerts;
mod anchore_cli;
mod archives;
mod bad_input;
mod convert;
mod corrections;
mod coverage;
mod events;
mod faces;
mod images;
mod imports;
mod inventories;
mod killed;
mod notifications;
mod oauth;
mod policies;
mod rbac;
mod recordings;
mod reference;
mod registries;
mod replay;
mod reports;
mod subscriptions;
mod supply_chain;
mod system;
