//! The part of Discord's REST interface that the stand-in knows.

/// A route of `/api/v10`. Everything else is a violation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Route {
    /// `GET /gateway`
    Gateway,
    /// `GET /gateway/bot`
    GatewayBot,
    /// `GET /applications/@me`
    Application,
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
    /// `PUT /applications/{application}/guilds/{guild}/commands`
    SetCommands,
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

impl Route {
    /// The route of a method and the path's parts below `/api/v10`.
    pub(super) fn find(method: &str, parts: &[&str]) -> Option<Self> {
        Some(match (method, parts) {
            ("GET", ["gateway"]) => Self::Gateway,
            ("GET", ["gateway", "bot"]) => Self::GatewayBot,
            ("GET", ["applications", "@me"]) => Self::Application,
            ("GET", ["users", "@me"]) => Self::CurrentUser,
            ("GET", ["guilds", _]) => Self::Guild,
            ("GET", ["guilds", _, "roles"]) => Self::GuildRoles,
            ("GET", ["guilds", _, "members", _]) => Self::GuildMember,
            ("GET", ["channels", _]) => Self::Channel,
            ("PUT", ["applications", _, "guilds", _, "commands"]) => Self::SetCommands,
            ("POST", ["interactions", _, _, "callback"]) => Self::Callback,
            (_, ["webhooks", _, _, "messages", "@original"]) => match method {
                "GET" => Self::GetOriginal,
                "PATCH" => Self::EditOriginal,
                "DELETE" => Self::DeleteOriginal,
                _ => return None,
            },
            ("POST", ["webhooks", _, _]) => Self::FollowUp,
            ("PATCH", ["webhooks", _, _, "messages", _]) => Self::EditFollowUp,
            ("DELETE", ["webhooks", _, _, "messages", _]) => Self::DeleteFollowUp,
            ("POST", ["channels", _, "messages"]) => Self::CreateMessage,
            ("GET", ["channels", _, "messages", _]) => Self::GetMessage,
            ("PATCH", ["channels", _, "messages", _]) => Self::EditMessage,
            ("DELETE", ["channels", _, "messages", _]) => Self::DeleteMessage,
            _ => return None,
        })
    }

    /// Does the route take a JSON body?
    pub(super) fn has_body(self) -> bool {
        match self {
            Self::SetCommands
            | Self::Callback
            | Self::EditOriginal
            | Self::FollowUp
            | Self::EditFollowUp
            | Self::CreateMessage
            | Self::EditMessage => true,
            Self::Gateway
            | Self::GatewayBot
            | Self::Application
            | Self::CurrentUser
            | Self::Guild
            | Self::GuildRoles
            | Self::GuildMember
            | Self::Channel
            | Self::GetOriginal
            | Self::DeleteOriginal
            | Self::DeleteFollowUp
            | Self::GetMessage
            | Self::DeleteMessage => false,
        }
    }

    /// Is the token in the path the only one that counts?
    pub(super) fn is_by_interaction_token(self) -> bool {
        matches!(
            self,
            Self::Callback
                | Self::GetOriginal
                | Self::EditOriginal
                | Self::DeleteOriginal
                | Self::FollowUp
                | Self::EditFollowUp
                | Self::DeleteFollowUp
        )
    }

    /// The query parameters that Discord documents for the route. All but `thread_id` are booleans.
    pub(super) fn query(self) -> &'static [&'static str] {
        match self {
            Self::Callback => &["with_response"],
            Self::FollowUp => &["wait", "thread_id", "with_components"],
            Self::EditOriginal | Self::EditFollowUp => &["thread_id", "with_components"],
            Self::GetOriginal | Self::DeleteOriginal | Self::DeleteFollowUp => &["thread_id"],
            Self::Guild => &["with_counts"],
            Self::Gateway
            | Self::GatewayBot
            | Self::Application
            | Self::CurrentUser
            | Self::GuildRoles
            | Self::GuildMember
            | Self::Channel
            | Self::SetCommands
            | Self::CreateMessage
            | Self::GetMessage
            | Self::EditMessage
            | Self::DeleteMessage => &[],
        }
    }
}
