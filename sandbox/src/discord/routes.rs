//! The part of Discord's REST interface that the stand-in has.

use super::{
    application, callback, channels, facts,
    replies::{Answer, Refusal},
    rest::Call,
    webhooks,
};

/// A route of `/api/v10`. Everything else is a violation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Route {
    /// `GET /gateway`
    Gateway,
    /// `GET /gateway/bot`
    GatewayBot,
    /// `GET /applications/@me`
    Application,
    /// `PATCH /applications/@me`
    EditApplication,
    /// `GET /oauth2/applications/@me`
    OauthApplication,
    /// `GET /users/@me`
    CurrentUser,
    /// `GET /guilds/{guild}`
    Guild,
    /// `GET /guilds/{guild}/roles`
    GuildRoles,
    /// `GET /guilds/{guild}/members/{user}`
    GuildMember,
    /// `GET /channels/{channel}`
    Channel,
    /// `GET /applications/{application}/commands`
    GlobalCommands,
    /// `POST /applications/{application}/commands`
    CreateGlobalCommand,
    /// `PUT /applications/{application}/commands`
    SetGlobalCommands,
    /// `GET /applications/{application}/guilds/{guild}/commands`
    Commands,
    /// `POST /applications/{application}/guilds/{guild}/commands`
    CreateCommand,
    /// `PUT /applications/{application}/guilds/{guild}/commands`
    SetCommands,
    /// `GET /applications/{application}/guilds/{guild}/commands/{command}`
    Command,
    /// `PATCH /applications/{application}/guilds/{guild}/commands/{command}`
    EditCommand,
    /// `DELETE /applications/{application}/guilds/{guild}/commands/{command}`
    DeleteCommand,
    /// `POST /interactions/{id}/{token}/callback`
    Callback,
    /// `GET /webhooks/{application}/{token}/messages/@original`
    GetOriginal,
    /// `PATCH /webhooks/{application}/{token}/messages/@original`
    EditOriginal,
    /// `DELETE /webhooks/{application}/{token}/messages/@original`
    DeleteOriginal,
    /// `POST /webhooks/{application}/{token}`
    FollowUp,
    /// `GET /webhooks/{application}/{token}/messages/{message}`
    GetFollowUp,
    /// `PATCH /webhooks/{application}/{token}/messages/{message}`
    EditFollowUp,
    /// `DELETE /webhooks/{application}/{token}/messages/{message}`
    DeleteFollowUp,
    /// `POST /channels/{channel}/messages`
    CreateMessage,
    /// `GET /channels/{channel}/messages/{message}`
    GetMessage,
    /// `PATCH /channels/{channel}/messages/{message}`
    EditMessage,
    /// `DELETE /channels/{channel}/messages/{message}`
    DeleteMessage,
}

/// A route, where it lies and what answers it.
pub(super) struct Row {
    pub(super) route: Route,
    pub(super) method: &'static str,
    /// As Discord's description writes it.
    pub(super) path: &'static str,
    pub(super) answer: fn(&mut Call<'_>) -> Result<Answer, Refusal>,
}

const fn row(
    route: Route,
    (method, path): (&'static str, &'static str),
    answer: fn(&mut Call<'_>) -> Result<Answer, Refusal>,
) -> Row {
    Row { route, method, path, answer }
}

const APPLICATION: &str = "/applications/@me";
const GLOBAL: &str = "/applications/{application_id}/commands";
const COMMANDS: &str = "/applications/{application_id}/guilds/{guild_id}/commands";
const COMMAND: &str = "/applications/{application_id}/guilds/{guild_id}/commands/{command_id}";
const CALLBACK: &str = "/interactions/{interaction_id}/{interaction_token}/callback";
const WEBHOOK: &str = "/webhooks/{webhook_id}/{webhook_token}";
const ORIGINAL: &str = "/webhooks/{webhook_id}/{webhook_token}/messages/@original";
const ANSWER: &str = "/webhooks/{webhook_id}/{webhook_token}/messages/{message_id}";
const MESSAGES: &str = "/channels/{channel_id}/messages";
const MESSAGE: &str = "/channels/{channel_id}/messages/{message_id}";

/// Every route.
pub(super) const TABLE: &[Row] = &[
    row(Route::Gateway, ("GET", "/gateway"), facts::gateway),
    row(Route::GatewayBot, ("GET", "/gateway/bot"), facts::gateway_bot),
    row(Route::Application, ("GET", APPLICATION), application::show),
    row(Route::EditApplication, ("PATCH", APPLICATION), application::edit),
    row(Route::OauthApplication, ("GET", "/oauth2/applications/@me"), application::show),
    row(Route::CurrentUser, ("GET", "/users/@me"), facts::current_user),
    row(Route::Guild, ("GET", "/guilds/{guild_id}"), facts::guild),
    row(Route::GuildRoles, ("GET", "/guilds/{guild_id}/roles"), facts::guild_roles),
    row(Route::GuildMember, ("GET", "/guilds/{guild_id}/members/{user_id}"), facts::member),
    row(Route::Channel, ("GET", "/channels/{channel_id}"), channels::show),
    row(Route::GlobalCommands, ("GET", GLOBAL), application::commands),
    row(Route::CreateGlobalCommand, ("POST", GLOBAL), application::create_command),
    row(Route::SetGlobalCommands, ("PUT", GLOBAL), application::set_commands),
    row(Route::Commands, ("GET", COMMANDS), application::commands),
    row(Route::CreateCommand, ("POST", COMMANDS), application::create_command),
    row(Route::SetCommands, ("PUT", COMMANDS), application::set_commands),
    row(Route::Command, ("GET", COMMAND), application::command),
    row(Route::EditCommand, ("PATCH", COMMAND), application::edit_command),
    row(Route::DeleteCommand, ("DELETE", COMMAND), application::delete_command),
    row(Route::Callback, ("POST", CALLBACK), callback::create),
    row(Route::GetOriginal, ("GET", ORIGINAL), webhooks::get_original),
    row(Route::EditOriginal, ("PATCH", ORIGINAL), webhooks::edit_original),
    row(Route::DeleteOriginal, ("DELETE", ORIGINAL), webhooks::delete_original),
    row(Route::FollowUp, ("POST", WEBHOOK), webhooks::follow_up),
    row(Route::GetFollowUp, ("GET", ANSWER), webhooks::get),
    row(Route::EditFollowUp, ("PATCH", ANSWER), webhooks::edit),
    row(Route::DeleteFollowUp, ("DELETE", ANSWER), webhooks::delete),
    row(Route::CreateMessage, ("POST", MESSAGES), channels::create),
    row(Route::GetMessage, ("GET", MESSAGE), channels::get),
    row(Route::EditMessage, ("PATCH", MESSAGE), channels::edit),
    row(Route::DeleteMessage, ("DELETE", MESSAGE), channels::delete),
];
