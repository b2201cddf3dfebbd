//! What the operator is told of without asking.

pub mod book;
