//! How the V1 and V2 Anchore Enterprise APIs differ: every operation and shape, as data.
