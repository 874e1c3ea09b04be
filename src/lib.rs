//! A Discord bot that brings LDAP groups into Posit Connect.

pub mod access;
pub mod connect;
pub mod discord;
pub mod group;
pub mod ldapgroup;
pub mod text;
pub mod tickets;
