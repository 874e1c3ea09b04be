//! What people do: commands, buttons, menus, forms, words; and what breaks and mends, or is done to
//! Connect behind the bot's back.

use std::{collections::BTreeMap, sync::Arc};

use axum::extract::State;
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    Site,
    guard::{Refused, Spoken, Told},
    view,
};
use crate::{
    Setting, Trouble,
    discord::{ChannelId, First, Form, Message, Pending, Person, Who},
};

/// The most characters of a message that Discord takes.
const LONGEST_MESSAGE: usize = 2000;

/// The most forms that are kept for tabs that may have gone.
const MOST_FORMS: usize = 100;

type Answered = Result<Spoken, Refused>;

/// `POST /api/slash`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Slash {
    r#as: Who,
    channel: String,
    command: String,
    #[serde(default)]
    options: BTreeMap<String, Value>,
}

/// `POST /api/autocomplete`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Typing {
    r#as: Who,
    channel: String,
    command: String,
    #[serde(default)]
    options: BTreeMap<String, Value>,
    focused: Focused,
}

/// The option that is being typed.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Focused {
    name: String,
    value: String,
}

/// `POST /api/press`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Press {
    r#as: Who,
    message: String,
    custom_id: String,
}

/// `POST /api/pick`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Pick {
    r#as: Who,
    message: String,
    custom_id: String,
    values: Vec<String>,
}

/// `POST /api/submit`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Submit {
    r#as: Who,
    form: String,
    values: BTreeMap<String, String>,
}

/// `POST /api/say`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Say {
    r#as: Who,
    channel: String,
    content: String,
}

/// `POST /api/fault`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Switch {
    fault: Trouble,
    on: bool,
}

/// `POST /api/setting`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Set {
    setting: Setting,
    on: bool,
}

/// `POST /api/do`
#[derive(Deserialize)]
#[serde(tag = "what", rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Deed {
    /// Makes every ticket invalid.
    ExpireTickets,
    /// Cuts the gateway's connections; the bot may come back at once.
    DropGateway,
    /// Imports an LDAP group as if it were done in Connect's dashboard.
    Import { name: String },
    /// Removes a group from Connect.
    Remove { name: String },
}

pub(super) async fn slash(State(site): State<Arc<Site>>, Told(act): Told<Slash>) -> Answered {
    let person = site.person(act.r#as, &act.channel)?;
    let pending = person.try_slash(&act.command, &pairs(&act.options))?;
    Ok(site.answered(&pending, act.r#as, true).await.1)
}

pub(super) async fn autocomplete(
    State(site): State<Arc<Site>>,
    Told(act): Told<Typing>,
) -> Answered {
    let person = site.person(act.r#as, &act.channel)?;
    let typed = (act.focused.name.as_str(), act.focused.value.as_str());
    let pending = person.try_autocomplete(&act.command, &pairs(&act.options), typed)?;
    Ok(Spoken(match pending.choices().await {
        Ok(choices) => json!({"choices": choices}),
        Err(_) => json!({"error": "Loading options failed"}),
    }))
}

pub(super) async fn press(State(site): State<Arc<Site>>, Told(act): Told<Press>) -> Answered {
    let message = site.message(act.r#as, &act.message)?;
    let person = site.sandbox.discord.person(act.r#as);
    let pending = person.try_press(&message, &act.custom_id)?;
    Ok(site.answered(&pending, act.r#as, false).await.1)
}

pub(super) async fn pick(State(site): State<Arc<Site>>, Told(act): Told<Pick>) -> Answered {
    let message = site.message(act.r#as, &act.message)?;
    let person = site.sandbox.discord.person(act.r#as);
    let values: Vec<_> = act.values.iter().map(String::as_str).collect();
    let pending = person.try_pick(&message, &act.custom_id, &values)?;
    Ok(site.answered(&pending, act.r#as, false).await.1)
}

pub(super) async fn submit(State(site): State<Arc<Site>>, Told(act): Told<Submit>) -> Answered {
    let form = site.form(act.r#as, &act.form)?;
    let person = site.sandbox.discord.person(act.r#as);
    let values: Vec<_> =
        act.values.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let pending = person.try_submit(&form, &values)?;
    let (is_answered, answer) = site.answered(&pending, act.r#as, false).await;
    if is_answered {
        site.forms().retain(|(id, ..)| *id != act.form);
    }
    Ok(answer)
}

pub(super) async fn say(State(site): State<Arc<Site>>, Told(act): Told<Say>) -> Answered {
    let person = site.person(act.r#as, &act.channel)?;
    let content = act.content.trim();
    let length = content.encode_utf16().count();
    if !(1..=LONGEST_MESSAGE).contains(&length) {
        let why = format!("A message takes 1 to {LONGEST_MESSAGE} characters, not {length}.");
        return Err(Refused::bad(why));
    }
    let said = person.say(content);
    Ok(Spoken(json!({"id": said.id.to_string()})))
}

pub(super) async fn fault(State(site): State<Arc<Site>>, Told(switch): Told<Switch>) -> Answered {
    let changed = site.sandbox.set_trouble(switch.fault, switch.on).await;
    changed.map_err(|error| Refused::bad(format!("Connect can't come back: {error}.")))?;
    Ok(Spoken(json!({})))
}

pub(super) async fn setting(State(site): State<Arc<Site>>, Told(set): Told<Set>) -> Answered {
    site.sandbox.set_setting(set.setting, set.on);
    Ok(Spoken(json!({})))
}

pub(super) async fn act(State(site): State<Arc<Site>>, Told(deed): Told<Deed>) -> Answered {
    let connect = &site.sandbox.connect;
    match deed {
        Deed::ExpireTickets => connect.expire_tickets(),
        Deed::DropGateway => site.sandbox.discord.drop_gateway(),
        Deed::Import { name } => {
            if !connect.ldap_groups().contains(&name) {
                return Err(Refused::bad(format!("LDAP has no group {name:?}.")));
            }
            connect.import(&name);
        }
        Deed::Remove { name } => {
            if connect.guid_of(&name).is_none() {
                return Err(Refused::bad(format!("Connect has no group {name:?}.")));
            }
            connect.remove_group(&name);
        }
    }
    Ok(Spoken(json!({})))
}

fn pairs(options: &BTreeMap<String, Value>) -> Vec<(&str, Value)> {
    options.iter().map(|(name, value)| (name.as_str(), value.clone())).collect()
}

impl Site {
    /// The person in one of the page's channels.
    fn person(&self, who: Who, channel: &str) -> Result<Person, Refused> {
        let id: Option<ChannelId> = channel.parse().ok();
        let found = view::CHANNELS.into_iter().find(|(known, _)| Some(*known) == id);
        let (id, _) = found.ok_or_else(|| Refused::bad("There is no such channel."))?;
        Ok(self.sandbox.discord.person(who).in_channel(id))
    }

    /// The message, if this person sees it.
    fn message(&self, who: Who, id: &str) -> Result<Message, Refused> {
        let found = id.parse().ok().and_then(|id| self.sandbox.discord.message(id));
        found
            .filter(|message| view::is_seen(message, who))
            .ok_or_else(|| Refused::bad("The message isn't there any more."))
    }

    /// The form, if it is open for this person.
    fn form(&self, who: Who, id: &str) -> Result<Form, Refused> {
        let forms = self.forms();
        let found = forms.iter().find(|(known, of, _)| known == id && *of == who);
        let (.., form) = found.ok_or_else(|| {
            Refused::bad(
                "The form isn't open any more. Copy what you wrote, close it, and open it anew.",
            )
        })?;
        Ok(form.clone())
    }

    /// Waits for the bot's first answer. Whether there was one, and what the tab is told.
    async fn answered(&self, pending: &Pending, who: Who, is_command: bool) -> (bool, Spoken) {
        let first = pending.first().await;
        let form_id = Uuid::new_v4().to_string();
        if let First::Form(form) = &first {
            let mut forms = self.forms();
            if forms.len() >= MOST_FORMS {
                forms.pop_front();
            }
            forms.push_back((form_id.clone(), who, form.clone()));
        }
        (first != First::NoAnswer, Spoken(view::first(&first, &form_id, is_command)))
    }
}
