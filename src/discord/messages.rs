//! Every word that a person reads, by subject, as pure functions: what happened, then what to do next.
//! `reply` and `markdown` are what all others are made of; each of these imports only what stands above
//! it here.

pub(super) mod markdown;
pub(super) mod reply;

pub(super) mod alerts;
pub(super) mod choices;
pub(crate) mod failures;
mod reasons;

mod groups;
mod standing;

pub(crate) mod refusals;

pub(super) mod lists;
pub(super) mod pick;
pub(super) mod request;
pub(super) mod search;
pub(super) mod status;

pub(super) mod create;
pub(super) mod notices;

#[cfg(test)]
mod tests;
