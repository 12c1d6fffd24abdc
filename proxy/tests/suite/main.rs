//! The proxy over real sockets, between raw clients and upstreams that misbehave on demand.

// Marked as test code, which it is, for the lints.
#![cfg(test)]

mod support;

mod admin;
mod answers;
mod compositions;
mod failures;
mod http2;
mod kept;
mod pages;
mod pass_through;
mod program;
mod records;
mod requests;
mod routing;
mod services;
mod smuggling;
mod stopping;
mod tls;
