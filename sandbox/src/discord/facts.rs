//! The routes that tell of the application and its servers, and the registration of commands.

use serde_json::{Value, json};

use super::{
    APPLICATION, Change, GUILD, STRANGE_GUILD, Shared, Who,
    check::Problems,
    commands,
    permissions::Grants,
    replies::{Answer, Refusal},
    world::{BOT_USER, bot_member, bot_user, is_joined, roles},
};

/// The server of a path, if the bot is in it.
pub(super) fn guild(part: &str) -> Result<u64, Refusal> {
    let id: u64 = part.parse().map_err(|_| Refusal::UNKNOWN_GUILD)?;
    match id {
        id if is_joined(id) => Ok(id),
        STRANGE_GUILD => Err(Refusal::NO_ACCESS),
        _ => Err(Refusal::UNKNOWN_GUILD),
    }
}

/// `GET /guilds/{guild}`
pub(super) fn guild_json(guild: u64, grants: &Grants) -> Value {
    json!({
        "id": guild.to_string(),
        "name": if guild == GUILD { "Data team" } else { "Elsewhere" },
        "icon": null,
        "splash": null,
        "discovery_splash": null,
        "owner_id": Who::Admin.id().to_string(),
        "afk_channel_id": null,
        "afk_timeout": 300,
        "verification_level": 1,
        "default_message_notifications": 1,
        "explicit_content_filter": 2,
        "roles": roles(guild, grants),
        "emojis": [],
        "features": [],
        "mfa_level": 0,
        "application_id": null,
        "system_channel_id": null,
        "system_channel_flags": 0,
        "rules_channel_id": null,
        "vanity_url_code": null,
        "description": null,
        "banner": null,
        "premium_tier": 0,
        "preferred_locale": "en-US",
        "public_updates_channel_id": null,
        "nsfw_level": 0,
        "premium_progress_bar_enabled": false,
        "safety_alerts_channel_id": null,
        "stickers": [],
    })
}

/// `GET /guilds/{guild}/members/{user}`
pub(super) fn member(shared: &Shared, guild: &str, user: &str) -> Result<Answer, Refusal> {
    let guild = self::guild(guild)?;
    let user: u64 = user.parse().map_err(|_| Refusal::UNKNOWN_MEMBER)?;
    let state = shared.lock();
    if user == BOT_USER {
        return Ok(Answer::json(200, bot_member(&state.grants.bot_roles(guild))));
    }
    let who = Who::ALL.into_iter().find(|who| who.id() == user && guild == GUILD);
    let who = who.ok_or(Refusal::UNKNOWN_MEMBER)?;
    Ok(Answer::json(200, who.member(&state.roles_of(who))))
}

/// `GET /gateway/bot`
pub(super) fn gateway_bot(shared: &Shared) -> Value {
    json!({
        "url": shared.gateway_url,
        "shards": 1,
        "session_start_limit": {
            "total": shared.options.sessions_a_day,
            "remaining": shared.sessions_left(),
            "reset_after": 86_400_000,
            "max_concurrency": 1,
        },
    })
}

/// `GET /applications/@me`
pub(super) fn application(shared: &Shared) -> Value {
    json!({
        "id": APPLICATION.to_string(),
        "name": "ldapgroup",
        "icon": null,
        "description": "",
        "summary": "",
        "type": null,
        "bot": bot_user(),
        "bot_public": false,
        "bot_require_code_grant": false,
        "integration_types_config": {"0": {}},
        "verify_key": "6f1a9d0c4b7e2853d9ac0b6f17e3482da5c9f03b8e6d71245fa0c3b98d7e6412",
        "flags": 0,
        "hook": true,
        "owner": Who::Admin.user(),
        "team": null,
        "redirect_uris": [],
        "interactions_endpoint_url": shared.lock().interactions_endpoint,
        "role_connections_verification_url": null,
        "approximate_guild_count": 2,
        "approximate_user_install_count": 0,
    })
}

/// `PUT /applications/{application}/guilds/{guild}/commands`
pub(super) fn set_commands(
    shared: &Shared,
    problems: &mut Problems,
    (application, guild): (&str, &str),
    body: &Value,
) -> Result<Answer, Refusal> {
    if application != APPLICATION.to_string() {
        problems.careless(format!("{application} isn't the bot's application"));
        return Err(Refusal::UNKNOWN_APPLICATION);
    }
    let guild = self::guild(guild)?;
    commands::all(problems, body);
    Refusal::check(problems)?;
    let full = commands::registered(body, guild);
    let mut state = shared.lock();
    state.commands.insert(guild, full.clone());
    state.tell(Change::Registered(guild));
    Ok(Answer::json(200, full))
}
