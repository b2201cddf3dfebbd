//! JSON-RPC: the clients against servers over TLS, and by hand against real programs.

mod catch_up;
mod connection;
mod real;
mod recorded;
mod server;
