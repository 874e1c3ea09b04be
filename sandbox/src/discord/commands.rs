//! Registered slash commands: how they are looked up, and the routes that change them.
//! <https://discord.com/developers/docs/interactions/application-commands>

use serde_json::{Value, json};

use super::{
    APPLICATION, Change, State,
    facts::known_guild,
    fields::{list, merge, number, text, without_null},
    replies::{Answer, Refusal},
    rest::Call,
    rules,
    world::{object, snowflake},
};

/// An option's type that is a subcommand.
pub(super) const SUBCOMMAND: u64 = 1;
/// An option's type that holds subcommands.
pub(super) const GROUP: u64 = 2;
pub(super) const TEXT: u64 = 3;
pub(super) const INTEGER: u64 = 4;
pub(super) const NUMBER: u64 = 10;

/// Where a command can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Scope {
    /// In every server, and in direct messages.
    Everywhere,
    /// In this server.
    Guild(u64),
}

pub(super) fn is_subcommand(option: &Value) -> bool {
    matches!(number(option, "type"), SUBCOMMAND | GROUP)
}

/// Is the value one that an option of this type takes?
pub(super) fn is_of(value: &Value, kind: u64) -> bool {
    match kind {
        INTEGER => value.is_i64(),
        NUMBER => value.is_number(),
        5 => value.is_boolean(),
        _ => value.is_string(),
    }
}

impl State {
    /// The commands that are registered there.
    pub(super) fn commands_of(&self, scope: Scope) -> &[Value] {
        self.commands.get(&scope).map_or(&[], Vec::as_slice)
    }

    /// The command as Discord answers it, and whether it is new. One that replaces another of its
    /// name and type keeps that one's id.
    pub(super) fn register(&self, scope: Scope, command: &Value) -> (Value, bool) {
        let own = json!({
            "id": snowflake().to_string(),
            "application_id": APPLICATION.to_string(),
            "version": snowflake().to_string(),
        });
        let mut full = object("command", own);
        if let Scope::Guild(guild) = scope {
            full["guild_id"] = json!(guild.to_string());
        }
        merge(&mut full, without_null(command));
        without_empty(&mut full);
        if let Some(bits) = full["default_member_permissions"].as_u64() {
            full["default_member_permissions"] = json!(bits.to_string());
        }
        let mut known = self.commands_of(scope).iter();
        let is_same = |known: &&Value| ["name", "type"].iter().all(|of| known[*of] == full[*of]);
        let same = known.find(is_same).cloned();
        if let Some(same) = &same {
            full["id"] = same["id"].clone();
        }
        (full, same.is_none())
    }
}

/// Leaves out of a command and its options what says nothing: Discord doesn't answer with it.
fn without_empty(part: &mut Value) {
    let Some(fields) = part.as_object_mut() else { return };
    fields.retain(|name, value| match name.as_str() {
        "options" | "choices" | "channel_types" => value.as_array().is_some_and(|l| !l.is_empty()),
        "autocomplete" => *value == true,
        _ => true,
    });
    let options = fields.get_mut("options").and_then(Value::as_array_mut);
    options.into_iter().flatten().for_each(without_empty);
}

/// A registered command and the subcommand in it, if it has any.
pub(super) struct Registered<'c> {
    pub(super) command: &'c Value,
    pub(super) subcommand: Option<&'c Value>,
}

impl Registered<'_> {
    /// The options that the command or the subcommand takes.
    pub(super) fn options(&self) -> &[Value] {
        list(&self.subcommand.unwrap_or(self.command)["options"])
    }

    pub(super) fn option(&self, name: &str) -> Option<&Value> {
        self.options().iter().find(|option| option["name"] == name)
    }

    /// The command as it is typed, without its slash.
    pub(super) fn full_name(&self) -> String {
        let names = [Some(self.command), self.subcommand].into_iter().flatten();
        names.map(|part| text(&part["name"])).collect::<Vec<_>>().join(" ")
    }
}

/// Every command that can be typed: with its subcommand where it has any.
pub(super) fn typeable(commands: &[Value]) -> impl Iterator<Item = Registered<'_>> {
    commands.iter().flat_map(|command| {
        let options = list(&command["options"]).iter();
        let mut subcommands: Vec<_> =
            options.filter(|option| number(option, "type") == SUBCOMMAND).map(Some).collect();
        if subcommands.is_empty() {
            subcommands.push(None);
        }
        subcommands.into_iter().map(move |subcommand| Registered { command, subcommand })
    })
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
pub(super) fn get_all(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let scope = scope(call)?;
    Ok(Answer::json(200, call.shared.lock().commands_of(scope).into()))
}

/// `PUT …/commands`: these, in place of all others. One of the same name keeps its id.
pub(super) fn set(call: &mut Call<'_>) -> Result<Answer, Refusal> {
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
pub(super) fn create(call: &mut Call<'_>) -> Result<Answer, Refusal> {
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
pub(super) fn get(call: &mut Call<'_>) -> Result<Answer, Refusal> {
    let scope = scope(call)?;
    let state = call.shared.lock();
    let at = position(&state, scope, call.param("command_id"))?;
    Ok(Answer::json(200, state.commands[&scope][at].clone()))
}

/// `PATCH …/commands/{command}`
pub(super) fn edit(call: &mut Call<'_>) -> Result<Answer, Refusal> {
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
pub(super) fn delete(call: &mut Call<'_>) -> Result<Answer, Refusal> {
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
