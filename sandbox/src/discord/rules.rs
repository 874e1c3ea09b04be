//! What Discord refuses beside what its description says, and what the bot should never send.
//! It answers 50035 to all of it. The codes below that are in no list of Discord's: they are those that
//! bots report, or, where nobody does, of the same make.

pub(super) mod commands;
pub(super) mod components;
pub(super) mod messages;
