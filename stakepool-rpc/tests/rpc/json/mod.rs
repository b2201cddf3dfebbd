//! JSON-RPC: the clients against servers over TLS, and by hand against real programs.

mod connection;
mod real;
mod recorded;
mod server;
mod votes;
