//! Notifications, called through the whole router, with somebody on this machine who is told.

mod configurations;
mod delivery;
mod sending;
mod settings;
