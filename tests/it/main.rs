//! The bot against the stand-ins: started as the program starts it, spoken to as people speak.

#![expect(clippy::unwrap_used, reason = "what fails here is a failed test")]

mod alerts;
mod batches;
mod buttons;
mod check;
#[path = "../shared/chosen.rs"]
mod chosen;
mod commands;
mod crashes;
mod create;
mod database;
mod decisions;
mod discord;
mod disk;
mod endpoint;
mod example;
mod floods;
mod gateway;
mod hostile;
mod http;
mod keeping;
mod late;
mod limits;
#[path = "../shared/line.rs"]
mod line;
mod lists;
mod log;
mod logs;
mod moments;
mod moving;
#[cfg(feature = "sandbox")]
mod no_browser;
mod observed;
mod outcomes;
mod overload;
mod pages;
mod pair;
mod people;
mod picks;
mod places;
mod program;
mod proxies;
mod reconciler;
mod requests;
mod search;
mod secrets;
mod serving;
mod settling;
mod setup;
mod shared;
mod sharing;
mod standby;
mod starts;
mod status;
mod suggestions;
mod take_back;
mod terminal;
mod trouble;
mod world;
