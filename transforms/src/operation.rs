//! Operations: a method on a path template, named by an operation id.
