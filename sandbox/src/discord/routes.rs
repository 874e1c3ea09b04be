//! The part of Discord's REST interface that the stand-in has.

use super::{
    callback, channels, commands, facts,
    replies::{Answer, Refusal},
    rest::Call,
    webhooks,
};

/// A route, where it lies and what answers it.
pub(super) struct Row {
    pub(super) route: Route,
    pub(super) method: &'static str,
    /// As Discord's description writes it.
    pub(super) path: &'static str,
    pub(super) answer: fn(&mut Call<'_>) -> Result<Answer, Refusal>,
}

impl Row {
    /// The place in the path below the version of what is counted apart from its like.
    /// <https://docs.discord.com/developers/topics/rate-limits>
    pub(super) fn major(&self) -> Option<usize> {
        const MAJOR: [&str; 3] = ["{channel_id}", "{guild_id}", "{webhook_token}"];
        self.path.split('/').skip(1).position(|part| MAJOR.contains(&part))
    }
}

/// Names the routes, and lists where they lie and what answers them.
macro_rules! routes {
    ($($route:ident = $method:ident $path:tt => $answer:path;)*) => {
        /// A route of `/api/v10`. Everything else is a violation.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Route {
            $(#[doc = concat!("`", stringify!($method), "` ", stringify!($path))] $route,)*
        }

        /// Every route.
        pub(super) const TABLE: &[Row] = &[$(Row {
            route: Route::$route,
            method: stringify!($method),
            path: $path,
            answer: $answer,
        }),*];
    };
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

routes! {
    Gateway = GET "/gateway" => facts::gateway;
    GatewayBot = GET "/gateway/bot" => facts::gateway_bot;
    Application = GET APPLICATION => facts::application;
    EditApplication = PATCH APPLICATION => facts::edit_application;
    OauthApplication = GET "/oauth2/applications/@me" => facts::application;
    CurrentUser = GET "/users/@me" => facts::current_user;
    Guild = GET "/guilds/{guild_id}" => facts::guild;
    GuildRoles = GET "/guilds/{guild_id}/roles" => facts::guild_roles;
    GuildMember = GET "/guilds/{guild_id}/members/{user_id}" => facts::member;
    Channel = GET "/channels/{channel_id}" => channels::show;
    GlobalCommands = GET GLOBAL => commands::get_all;
    CreateGlobalCommand = POST GLOBAL => commands::create;
    SetGlobalCommands = PUT GLOBAL => commands::set;
    Commands = GET COMMANDS => commands::get_all;
    CreateCommand = POST COMMANDS => commands::create;
    SetCommands = PUT COMMANDS => commands::set;
    Command = GET COMMAND => commands::get;
    EditCommand = PATCH COMMAND => commands::edit;
    DeleteCommand = DELETE COMMAND => commands::delete;
    Callback = POST CALLBACK => callback::create;
    GetOriginal = GET ORIGINAL => webhooks::get;
    EditOriginal = PATCH ORIGINAL => webhooks::edit;
    DeleteOriginal = DELETE ORIGINAL => webhooks::delete;
    FollowUp = POST WEBHOOK => webhooks::follow_up;
    GetFollowUp = GET ANSWER => webhooks::get;
    EditFollowUp = PATCH ANSWER => webhooks::edit;
    DeleteFollowUp = DELETE ANSWER => webhooks::delete;
    CreateMessage = POST MESSAGES => channels::create;
    GetMessage = GET MESSAGE => channels::get;
    EditMessage = PATCH MESSAGE => channels::edit;
    DeleteMessage = DELETE MESSAGE => channels::delete;
}
