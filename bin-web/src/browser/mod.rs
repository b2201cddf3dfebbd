//! What a browser keeps for the web: cookies, and the notes in them.

pub mod cookies;
pub mod csrf;
pub mod device;
pub mod flash;
pub mod return_to;
