//! What sessions are told, beside interactions.
//! <https://discord.com/developers/docs/events/gateway-events#receive-events>

use serde_json::{Value, json};

use crate::discord::{
    APPLICATION, BOT_USER, CATEGORY, CONNECT, GUILD, Message, OTHER_CHANNEL, OTHER_GUILD, RANDOM,
    REQUESTS, State, THREAD, Who, facts,
    fields::merge,
    permissions::Grants,
    sessions::Wishes,
    world::{Channel, bot_member, bot_user, object},
};

/// Discord's number for a public thread.
const THREAD_KIND: u8 = 11;

/// The servers that a session has: those that the bot is in, as far as they are of its shard.
pub(super) fn guilds(wishes: Wishes) -> impl Iterator<Item = u64> {
    [GUILD, OTHER_GUILD].into_iter().filter(move |guild| wishes.covers(Some(*guild)))
}

pub(super) fn ready(session: &str, url: &str, wishes: Wishes) -> Value {
    let guilds = guilds(wishes).map(|guild| json!({"id": guild.to_string(), "unavailable": true}));
    let mut own = json!({
        "user": bot_user(),
        "session_id": session,
        "resume_gateway_url": url,
        "guilds": guilds.collect::<Vec<_>>(),
        "application": {"id": APPLICATION.to_string(), "flags": 0},
    });
    if let Some((shard, shards)) = wishes.shard {
        own["shard"] = json!([shard, shards]);
    }
    object("ready", own)
}

/// A server with all that is in it. Of its members only the bot is named, since the application may
/// not have the intent for presences.
/// <https://discord.com/developers/docs/events/gateway-events#guild-create>
pub(super) fn guild_create(guild: u64, grants: &Grants) -> Value {
    let all = [CATEGORY, CONNECT, REQUESTS, RANDOM, THREAD, OTHER_CHANNEL];
    let here = all.into_iter().filter_map(Channel::find).filter(|found| found.guild == Some(guild));
    let (threads, channels): (Vec<_>, Vec<_>) = here.partition(|found| found.kind == THREAD_KIND);
    let member = bot_member(&grants.bot_roles(guild));
    let people = if guild == GUILD { Who::ALL.len() } else { 1 };
    let own = json!({
        "joined_at": member["joined_at"],
        "member_count": people + 1,
        "members": [member],
        "channels": channels.iter().map(|of| channel(of, grants)).collect::<Vec<_>>(),
        "threads": threads.iter().map(|of| channel(of, grants)).collect::<Vec<_>>(),
    });
    let mut json = object("guild_create", own);
    merge(&mut json, facts::guild_json(guild, grants));
    json
}

fn channel(of: &Channel, grants: &Grants) -> Value {
    let mut json = of.json();
    if let Some(fields) = json.as_object_mut() {
        // What somebody may do is said in interactions only, and the server is the event's.
        fields.remove("permissions");
        fields.remove("guild_id");
    }
    if of.kind != THREAD_KIND {
        json["permission_overwrites"] = grants.overwrites_json(of.id);
    }
    json
}

impl State {
    /// Tells sessions that a message was created, changed or deleted. What only one person sees is
    /// told like direct messages, without a server:
    /// <https://github.com/discord/discord-api-docs/issues/4557>
    pub(in crate::discord) fn announce(&mut self, name: &str, message: &Message) {
        let guild = Channel::find(message.channel).and_then(|channel| channel.guild);
        let guild = guild.filter(|_| message.private_to.is_none());
        let mut json = match name {
            "MESSAGE_DELETE" => json!({
                "id": message.id.to_string(),
                "channel_id": message.channel.to_string(),
            }),
            _ => message.json(),
        };
        if let Some(guild) = guild {
            json["guild_id"] = guild.to_string().into();
            if json.get("author").is_some() {
                json["member"] = self.author(message, guild);
                hide(&mut json, message);
            }
        }
        self.gateway.dispatch(name, &json);
    }

    /// The author of a message as a member, without what stands in `author`.
    fn author(&self, message: &Message, guild: u64) -> Value {
        let person = Who::ALL.into_iter().find(|who| who.id() == message.author_id());
        let mut member = person.map_or_else(
            || bot_member(&self.grants.bot_roles(guild)),
            |who| who.member(&self.roles_of(who)),
        );
        if let Some(fields) = member.as_object_mut() {
            fields.remove("user");
        }
        member
    }
}

/// Empties what people say to each other: for that an application needs a privileged intent.
/// <https://discord.com/developers/docs/events/gateway#message-content-intent>
fn hide(json: &mut Value, message: &Message) {
    if message.author_id() != BOT_USER && !message.mentions.users.contains(&BOT_USER) {
        json["content"] = json!("");
        for list in ["embeds", "components", "attachments"] {
            json[list] = json!([]);
        }
    }
}
