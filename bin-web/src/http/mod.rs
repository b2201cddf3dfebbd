//! What requests bring, and how they are answered.

pub mod body;
pub mod client;
pub mod filters;
pub mod form;
pub mod forwarded;
pub mod headers;
pub mod own_pages;
pub mod pieces;
pub mod ready_bodies;
pub mod respond;
pub mod target;
