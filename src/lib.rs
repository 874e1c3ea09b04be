//! A Discord bot that brings LDAP groups into Posit Connect.
//!
//! No two modules import each other. Read in this order:
//!
//! 1. The rules, without I/O: [`ids`]; [`group`] (names and how they match), [`access`] (who may
//!    do what), [`request`] (the states of a request), [`tickets`] (the latest search of each
//!    channel), [`text`] (text made fit to show); [`troubles`], what isn't as it should
//!    be; [`metrics`], what is counted; [`proof`], whether this process may act.
//! 2. The outside: [`proxy`], the way out; [`connect`], Posit Connect's API; [`discord_api`],
//!    Discord's.
//! 3. The middle: [`ldapgroup`], groups found and brought in; on top of it [`requests`], what people can
//!    do, with the requests in SQL.
//! 4. [`check`], what is found of all these before anyone uses them.
//! 5. The Discord edge: [`discord`]; [`http`], what probes and Prometheus ask.
//! 6. The program: [`config`], [`app`], [`cli`].

mod access;
pub mod app;
#[cfg(test)]
mod arbitrary;
mod check;
pub mod cli;
pub mod config;
mod connect;
mod correlation;
mod discord;
mod discord_api;
mod group;
mod http;
mod ids;
mod ldapgroup;
mod metrics;
#[cfg(feature = "micro")]
#[doc(hidden)]
pub mod micro;
mod proof;
mod proxy;
mod request;
mod requests;
mod text;
mod tickets;
mod troubles;
mod watchdog;
