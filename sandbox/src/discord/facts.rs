//! The routes that tell of the gateway, the bot, its servers and its application.
//! <https://discord.com/developers/docs/resources/application>

#![expect(clippy::unnecessary_wraps, reason = "what answers a route may refuse")]

use serde_json::{Value, json};

use super::{
    APPLICATION, BOT_USER, GUILD, STRANGE_GUILD, Shared, Who,
    permissions::Grants,
    replies::{Answer, Refusal},
    rest::Call,
    world::{bot_member, bot_user, is_joined, object, roles},
};

/// `GET /gateway`
pub(super) fn gateway(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    Ok(Answer::json(200, json!({"url": call.shared.public_url()})))
}

/// `GET /gateway/bot`
pub(super) fn gateway_bot(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let options = &call.shared.options;
    let (begun, reset_after) = call.shared.lock().gateway.today(options.day);
    let body = json!({
        "url": call.shared.public_url(),
        "shards": 1,
        "session_start_limit": {
            "total": options.sessions_a_day,
            "remaining": options.sessions_a_day.saturating_sub(begun),
            "reset_after": reset_after.as_millis(),
            "max_concurrency": 1,
        },
    });
    Ok(Answer::json(200, body))
}

/// `GET /users/@me`
pub(super) fn current_user(_: &mut Call<'_>) -> Result<Answer, Refusal> {
    Ok(Answer::json(200, object("current_user", bot_user())))
}

/// The server of this id, if the bot is in it.
pub(super) fn known_guild(part: &str) -> Result<u64, Refusal> {
    let id: u64 = part.parse().map_err(|_| Refusal::UNKNOWN_GUILD)?;
    match id {
        id if is_joined(id) => Ok(id),
        STRANGE_GUILD => Err(Refusal::NO_ACCESS),
        _ => Err(Refusal::UNKNOWN_GUILD),
    }
}

/// `GET /guilds/{guild}`
pub(super) fn guild(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let guild = known_guild(call.param("guild_id"))?;
    let mut json = guild_json(guild, &call.shared.lock().grants);
    if call.is_set("with_counts") {
        json = object("guild_counts", json);
    }
    Ok(Answer::json(200, json))
}

/// A server as Discord tells of it.
pub(super) fn guild_json(guild: u64, grants: &Grants) -> Value {
    let own = json!({
        "id": guild.to_string(),
        "name": if guild == GUILD { "Data team" } else { "Elsewhere" },
        "owner_id": Who::Admin.id().to_string(),
        "roles": roles(guild, grants),
    });
    object("guild", own)
}

/// `GET /guilds/{guild}/roles`
pub(super) fn guild_roles(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let guild = known_guild(call.param("guild_id"))?;
    Ok(Answer::json(200, roles(guild, &call.shared.lock().grants)))
}

/// `GET /guilds/{guild}/members/{user}`
pub(super) fn member(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let guild = known_guild(call.param("guild_id"))?;
    let user = call.id("user_id");
    let state = call.shared.lock();
    if user == BOT_USER {
        return Ok(Answer::json(200, bot_member(&state.grants.bot_roles(guild))));
    }
    let who = Who::ALL.into_iter().find(|who| who.id() == user).ok_or(Refusal::UNKNOWN_USER)?;
    if guild != GUILD {
        return Err(Refusal::UNKNOWN_MEMBER);
    }
    Ok(Answer::json(200, who.member(&state.roles_of(who))))
}

/// `GET /applications/@me`, `GET /oauth2/applications/@me`
pub(super) fn application(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    Ok(Answer::json(200, application_json(call.shared)))
}

/// `PATCH /applications/@me`: of what can be changed, only where interactions go.
pub(super) fn edit_application(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let body = call.body(|problems, body| {
        for name in body.as_object().into_iter().flat_map(|fields| fields.keys()) {
            problems.ensure(name == "interactions_endpoint_url", name, "UNSUPPORTED");
        }
    })?;
    if let Some(url) = body.get("interactions_endpoint_url") {
        call.shared.lock().endpoint.url = url.as_str().map(str::to_owned);
    }
    Ok(Answer::json(200, application_json(call.shared)))
}

fn application_json(shared: &Shared) -> Value {
    let own = json!({
        "id": APPLICATION.to_string(),
        "bot": bot_user(),
        "verify_key": shared.sender.public_key(),
        "owner": Who::Admin.user(),
        "interactions_endpoint_url": shared.lock().endpoint.url,
    });
    object("application", own)
}
