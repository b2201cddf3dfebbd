//! `stakepoolctl` as a program: without any server, and against a pool's database and voting daemons.
#![allow(clippy::unwrap_used)]

mod alerts;
mod api_token;
mod backup;
mod certificates;
mod chain;
mod configuration;
mod daemon;
mod db;
mod faults;
mod generated;
mod handover;
mod invitations;
mod listing;
mod lists;
mod mail;
mod notices;
mod restore;
mod rotation;
mod scene;
mod status;
mod terms;
mod tickets;
mod unknown;
mod users;
mod voting_key;
mod vsp;
mod vsp_import;
mod wallets;
mod web;
