//! Interactions as Discord's gateway brings them.

use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    APPLICATION, ChannelId, GUILD, State, Unsendable, Who,
    commands::{self, Registered, SUBCOMMAND, Scope},
    fields::merge,
    sending::ensure,
    world::{Channel, MEMBER_PERMISSIONS, object, snowflake},
};

/// The number of an interaction's type.
pub(super) mod kind {
    /// A slash command.
    pub(crate) const COMMAND: u64 = 2;
    /// A button or a menu.
    pub(crate) const COMPONENT: u64 = 3;
    /// An option that is being typed.
    pub(crate) const AUTOCOMPLETE: u64 = 4;
    /// A form.
    pub(crate) const FORM: u64 = 5;
}

/// A token of an interaction: about 200 characters, as real ones are.
pub(super) fn token() -> String {
    let mut token = String::from("aW50ZXJhY3Rpb246");
    while token.len() < 200 {
        token.push_str(&Uuid::new_v4().simple().to_string());
    }
    token
}

/// What every interaction has, whoever does whatever in a channel.
pub(super) fn base(who: Who, roles: &[u64], channel: ChannelId, kind: u64) -> Value {
    let own = json!({
        "id": snowflake().to_string(),
        "application_id": APPLICATION.to_string(),
        "type": kind,
        "token": token(),
        "channel_id": channel.to_string(),
        "channel": Channel::find(channel).map(Channel::json),
    });
    let mut json = object("interaction", own);
    let place = if let Some(guild) = Channel::find(channel).and_then(|channel| channel.guild) {
        json!({
            "guild_id": guild.to_string(),
            "guild": {"id": guild.to_string(), "locale": "en-US", "features": []},
            "guild_locale": "en-US",
            "member": member(who, roles),
            "context": 0,
            "authorizing_integration_owners": {"0": guild.to_string()},
        })
    } else {
        json["channel"]["recipients"] = json!([who.user()]);
        json!({
            "user": who.user(),
            "context": 1,
            "authorizing_integration_owners": {"0": "0"},
        })
    };
    merge(&mut json, place);
    json
}

/// Whoever acts, as a member of the server. An administrator's role needs no permission of Discord's:
/// the bot goes by the role alone.
fn member(who: Who, roles: &[u64]) -> Value {
    let mut member = who.member(roles);
    member["permissions"] = MEMBER_PERMISSIONS.to_string().into();
    member["unusual_dm_activity_until"] = Value::Null;
    member
}

/// The `data` of a command with these options, each as `{name, type, value}`.
pub(super) fn command_data(of: &Registered<'_>, options: Vec<Value>) -> Value {
    let options = match of.subcommand {
        None => options,
        Some(sub) => {
            vec![json!({"name": sub["name"], "type": SUBCOMMAND, "options": options})]
        }
    };
    let mut data = json!({
        "id": of.command["id"],
        "name": of.command["name"],
        "type": 1,
        "options": options,
    });
    if of.command["guild_id"].is_string() {
        data["guild_id"] = of.command["guild_id"].clone();
    }
    data
}

/// A filled option.
///
/// # Errors
///
/// If Discord's client wouldn't send it: an option that the command doesn't have, a value of another
/// type, of the wrong length, out of range, or not one of the option's choices.
pub(super) fn option(of: &Registered<'_>, name: &str, value: &Value) -> Result<Value, Unsendable> {
    let command = of.full_name();
    let option = of.option(name).ok_or_else(|| {
        let known: Vec<_> =
            of.options().iter().filter_map(|option| option["name"].as_str()).collect();
        Unsendable(format!("/{command} has no option {name:?}, only {known:?}."))
    })?;
    let kind = option["type"].as_u64().unwrap_or_default();
    ensure(commands::is_of(value, kind), || {
        format!("The option {name:?} of /{command} is of type {kind}, which {value} isn't.")
    })?;
    if let Some(text) = value.as_str() {
        let length = text.encode_utf16().count() as u64;
        let least = option["min_length"].as_u64().unwrap_or(1);
        let most = option["max_length"].as_u64().unwrap_or(6000);
        ensure((least..=most).contains(&length), || {
            format!("The option {name:?} takes {least} to {most} characters, not {length}.")
        })?;
    }
    if let Some(number) = value.as_f64() {
        let least = option["min_value"].as_f64().unwrap_or(f64::MIN);
        let most = option["max_value"].as_f64().unwrap_or(f64::MAX);
        ensure((least..=most).contains(&number), || {
            format!("The option {name:?} takes {least} to {most}, not {number}.")
        })?;
    }
    if let Some(choices) = option["choices"].as_array().filter(|list| !list.is_empty()) {
        ensure(choices.iter().any(|choice| choice["value"] == *value), || {
            let known: Vec<_> = choices.iter().map(|choice| choice["value"].to_string()).collect();
            format!("The option {name:?} takes {}, not {value}.", known.join(", "))
        })?;
    }
    Ok(json!({"name": name, "type": kind, "value": value}))
}

/// An option whose value is still being typed. Discord sends numbers as typed, in quotes.
pub(super) fn focused(of: &Registered<'_>, name: &str, typed: &str) -> Result<Value, Unsendable> {
    let option = of.option(name).filter(|option| option["autocomplete"] == true);
    let option = option.ok_or_else(|| {
        let command = of.full_name();
        Unsendable(format!("/{command} has no option {name:?} with autocomplete."))
    })?;
    Ok(json!({
        "name": name,
        "type": option["type"],
        "value": typed,
        "focused": true,
    }))
}

impl State {
    /// The command of that name or the subcommand of that name, as `GUILD`'s menu or the channel's
    /// own server's has it.
    ///
    /// # Errors
    ///
    /// If no such command is registered, naming those that are.
    pub(super) fn command(
        &self,
        channel: ChannelId,
        name: &str,
    ) -> Result<Registered<'_>, Unsendable> {
        let name = name.trim_start_matches('/');
        let guild = Channel::find(channel).and_then(|channel| channel.guild);
        let own = guild.map(Scope::Guild).filter(|own| self.commands.contains_key(own));
        let own = self.commands_of(own.unwrap_or(Scope::Guild(GUILD)));
        let everywhere = self.commands_of(Scope::Everywhere);
        let mut typeable: Vec<_> =
            commands::typeable(own).chain(commands::typeable(everywhere)).collect();
        let names: Vec<_> = typeable.iter().map(Registered::full_name).collect();
        let at = names.iter().position(|full| {
            full == name || full.split_once(' ').is_some_and(|(_, sub)| sub == name)
        });
        let at = at.ok_or_else(|| {
            Unsendable(format!("No command {name:?} is registered, only {names:?}."))
        })?;
        Ok(typeable.swap_remove(at))
    }
}
