//! A Discord bot that brings LDAP groups into Posit Connect.
//!
//! Imports run downward only. Read in this order:
//!
//! 1. The rules, without I/O or a clock: [`group`] (names and how they match), [`access`] (who may
//!    do what), [`request`] (the states of a request), [`tickets`] (the latest search of each
//!    channel), [`text`] (text made fit to show).
//! 2. The outside: [`proxy`], the way out; [`connect`], Posit Connect's API; [`discord_api`],
//!    Discord's.
//! 3. The middle: [`ldapgroup`], groups found and brought in; on top of it [`requests`], what people can
//!    do, with the requests in SQL.
//! 4. [`check`], what is found of all these before anyone uses them.
//! 5. The Discord edge: [`discord`].
//! 6. The program: [`config`], [`app`], [`cli`].

pub mod access;
pub mod app;
mod check;
pub mod cli;
pub mod config;
pub mod connect;
pub mod correlation;
pub mod discord;
mod discord_api;
pub mod group;
pub mod ids;
pub mod ldapgroup;
pub mod proxy;
pub mod request;
pub mod requests;
mod text;
pub mod tickets;
