//! The pool as strangers reach it: a client, what it thinks of certificates, and what checks find.

pub(crate) mod client;
pub(crate) mod row;
pub(crate) mod tls;
