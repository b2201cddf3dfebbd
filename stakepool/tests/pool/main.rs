//! The use cases of a pool without HTTP, on a database in a folder and fakes of wallets, daemons, time and mail.

#![allow(clippy::unwrap_used)]

mod administration;
mod api_keys;
mod closing;
mod differing;
mod earlier_users;
mod email;
mod ground;
mod invitations;
mod letters;
mod looking;
mod lost_indexes;
mod lost_votes;
mod low_fee;
mod mail_server;
mod notices;
mod password;
mod racing;
mod reconciling;
mod registration;
mod reports;
mod reset;
mod rotation;
mod running;
mod second_factor;
mod second_step;
mod sessions;
mod sign_in;
mod sign_up;
mod status;
mod terms;
mod ticket_mails;
mod unverified;
mod verification;
mod voting;
mod vsp;
mod vsp_agendas;
mod vsp_client;
mod vsp_faults;
mod vsp_store;
mod vsp_wallet;
mod wallet_sync;
mod wallets;
mod world;
