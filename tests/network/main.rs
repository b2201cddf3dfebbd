//! A whole pool on a network: what its users rely on while parts of it stop and start.

#![allow(clippy::unwrap_used)]

mod administrator;
mod balancer;
mod browser;
mod disaster;
mod earlier_users;
mod in_process;
mod mariadb;
mod misses;
mod outages;
mod program;
mod real;
mod real_keys;
mod real_money;
mod real_takeover;
mod real_vsp;
mod real_vsp_stage;
mod scene;
mod selftest;
mod simnet;
mod startup;
mod strangers;
mod tickets;
mod vspd;
