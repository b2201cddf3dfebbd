//! The front end holds against attackers what the pool's own web application holds, over real HTTP.

mod closing;
mod forged;
mod keys;
mod letters;
mod password;
mod reset;
mod second_step;
mod sessions;
mod sign_in;
mod sign_up;
mod world;
