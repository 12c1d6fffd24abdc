//! All programs together, over real sockets, as their users meet them.

mod anchore_cli;
mod faces;
mod recordings;
mod reference;
