//! The routes of the application: what it is, and its commands.
//! <https://discord.com/developers/docs/resources/application>,
//! <https://discord.com/developers/docs/interactions/application-commands>

#![expect(clippy::unnecessary_wraps, reason = "what answers a route may refuse")]

use serde_json::{Value, json};

use super::{
    APPLICATION, Change, Shared, State, Who,
    commands::Scope,
    facts::known_guild,
    fields::{list, merge, without_null},
    replies::{Answer, Refusal},
    rest::Call,
    rules,
    world::{bot_user, object},
};

/// `GET /applications/@me`, `GET /oauth2/applications/@me`
pub(super) fn show(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    Ok(Answer::json(200, json(call.shared)))
}

/// `PATCH /applications/@me`: of what can be changed, only where interactions go.
pub(super) fn edit(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let body = call.body(|problems, body| {
        for name in body.as_object().into_iter().flat_map(|fields| fields.keys()) {
            problems.ensure(name == "interactions_endpoint_url", name, "UNSUPPORTED");
        }
    })?;
    if let Some(url) = body.get("interactions_endpoint_url") {
        call.shared.lock().endpoint.url = url.as_str().map(str::to_owned);
    }
    Ok(Answer::json(200, json(call.shared)))
}

fn json(shared: &Shared) -> Value {
    let own = json!({
        "id": APPLICATION.to_string(),
        "bot": bot_user(),
        "verify_key": shared.sender.public_key(),
        "owner": Who::Admin.user(),
        "interactions_endpoint_url": shared.lock().endpoint.url,
    });
    object("application", own)
}

/// Where the path's commands count, if there is such a place.
fn scope(call: &mut Call<'_>) -> Result<Scope, Refusal> {
    if call.id("application_id") != APPLICATION {
        let id = call.param("application_id").to_owned();
        call.problems.careless(format!("{id} isn't the bot's application"));
        return Err(Refusal::UNKNOWN_APPLICATION);
    }
    match call.param("guild_id") {
        "" => Ok(Scope::Everywhere),
        guild => known_guild(guild).map(Scope::Guild),
    }
}

/// `GET …/commands`
pub(super) fn commands(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let scope = scope(call)?;
    Ok(Answer::json(200, call.shared.lock().commands_of(scope).into()))
}

/// `PUT …/commands`: these, in place of all others. One of the same name keeps its id.
pub(super) fn set_commands(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let scope = scope(call)?;
    let body = call.body(rules::commands::all)?;
    let mut state = call.shared.lock();
    let register = |command| state.register(scope, command).0;
    let full: Vec<_> = list(&body).iter().map(register).collect();
    state.commands.insert(scope, full.clone());
    tell(&state, scope);
    Ok(Answer::json(200, full.into()))
}

/// `POST …/commands`: one more, or another in place of the one of its name.
pub(super) fn create_command(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let scope = scope(call)?;
    let body = call.body(|problems, body| rules::commands::one(problems, "", body))?;
    let mut state = call.shared.lock();
    let (full, is_new) = state.register(scope, &body);
    let list = state.commands.entry(scope).or_default();
    list.retain(|known| known["id"] != full["id"]);
    list.push(full.clone());
    tell(&state, scope);
    Ok(Answer::json(if is_new { 201 } else { 200 }, full))
}

/// Where the path's command stands in the list of its scope.
fn position(state: &State, scope: Scope, id: &str) -> Result<usize, Refusal> {
    let at = state.commands_of(scope).iter().position(|known| known["id"] == id);
    at.ok_or(Refusal::UNKNOWN_COMMAND)
}

/// `GET …/commands/{command}`
pub(super) fn command(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let scope = scope(call)?;
    let state = call.shared.lock();
    let at = position(&state, scope, call.param("command_id"))?;
    Ok(Answer::json(200, state.commands[&scope][at].clone()))
}

/// `PATCH …/commands/{command}`
pub(super) fn edit_command(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let scope = scope(call)?;
    let id = call.param("command_id").to_owned();
    let mut changed = {
        let state = call.shared.lock();
        let at = position(&state, scope, &id)?;
        state.commands[&scope][at].clone()
    };
    let body = call.body(|problems, body| {
        let mut whole = changed.clone();
        merge(&mut whole, body.clone());
        rules::commands::one(problems, "", &whole);
    })?;
    merge(&mut changed, without_null(&body));
    let mut state = call.shared.lock();
    let at = position(&state, scope, &id)?;
    state.commands.entry(scope).or_default()[at] = changed.clone();
    tell(&state, scope);
    Ok(Answer::json(200, changed))
}

/// `DELETE …/commands/{command}`
pub(super) fn delete_command(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let scope = scope(call)?;
    let mut state = call.shared.lock();
    let at = position(&state, scope, call.param("command_id"))?;
    state.commands.entry(scope).or_default().remove(at);
    tell(&state, scope);
    Ok(Answer::EMPTY)
}

fn tell(state: &State, scope: Scope) {
    if let Scope::Guild(guild) = scope {
        state.tell(Change::Registered(guild));
    }
}
