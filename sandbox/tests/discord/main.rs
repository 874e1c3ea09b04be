//! The stand-in for Discord, played against with plain HTTP and WebSocket.

mod bot;
mod events;
mod faults;
mod gateway;
mod identify;
mod interactions;
mod limits;
#[cfg(feature = "openapi")]
mod openapi;
mod people;
mod permissions;
mod serenity_client;
mod serenity_types;
#[cfg(feature = "web")]
mod web;
