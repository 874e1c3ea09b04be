//! Discord's API, as far as the bot needs it: its REST calls, its gateway, and what its permissions come
//! to. With [`discord`](crate::discord) the only place that says `serenity`.

pub(crate) mod gateway;
pub(crate) mod permissions;
pub(crate) mod rest;
