//! The stand-in for Discord, played against with plain HTTP and WebSocket.

mod bot;
mod endpoint;
mod events;
mod faults;
mod gateway;
mod identify;
mod interactions;
mod limits;
mod people;
mod permissions;
mod quota;
mod refusals;
mod serenity_client;
mod serenity_types;
mod shapes;
mod web;
