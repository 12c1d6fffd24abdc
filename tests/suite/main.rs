//! All programs together, over real sockets, as their users meet them.

mod faces;
