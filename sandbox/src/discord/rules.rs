//! What Discord refuses beside what its description says, and what the bot should never send.
//! The codes are those that Discord is seen to answer; its documentation lists none of them.

pub(super) mod commands;
pub(super) mod components;
pub(super) mod forms;
pub(super) mod messages;
