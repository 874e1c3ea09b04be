//! What Discord's client sends when somebody types, presses, picks or fills a form, and what it
//! wouldn't.

use std::{
    collections::HashSet,
    fmt,
    sync::{Arc, Weak},
};

use serde_json::{Value, json};
use tokio::{
    spawn,
    time::{Instant, sleep},
};

use super::{
    Change, Form, Message, Origin, Pending, Person, Shared,
    commands::Registered,
    endpoint,
    fields::{number, text},
    interactions::{Interaction, Kind},
    payloads::{self, kind},
};

/// What Discord's client wouldn't send: a sentence that says why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsendable(pub(super) String);

impl fmt::Display for Unsendable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Unsendable {}

/// Refuses with a sentence, unless it is as it must be.
pub(super) fn ensure(fits: bool, why: impl FnOnce() -> String) -> Result<(), Unsendable> {
    if fits { Ok(()) } else { Err(Unsendable(why())) }
}

impl Person {
    /// Sends a slash command, named by its full name or its subcommand's.
    ///
    /// # Errors
    ///
    /// Where Discord's client wouldn't send it: the command isn't registered, an option is unknown,
    /// missing, or has a value that it doesn't take. In a channel of a server where no command is
    /// registered, and in direct messages, the commands of `GUILD` count.
    pub fn try_slash(&self, name: &str, options: &[(&str, Value)]) -> Result<Pending, Unsendable> {
        let mut payload = self.payload(kind::COMMAND);
        let command = {
            let state = self.shared().lock();
            let command = state.command(self.channel, name)?;
            for option in command.options() {
                let given = options.iter().any(|(name, _)| option["name"] == *name);
                ensure(given || option["required"] != true, || {
                    format!("/{} requires {}.", command.full_name(), option["name"])
                })?;
            }
            payload["data"] = payloads::command_data(&command, filled(&command, options)?);
            format!("/{}", command.full_name())
        };
        let interaction = self.interaction(&payload, Kind::Command, command);
        Ok(self.dispatch(&payload, interaction))
    }

    /// Types into an option, with others filled already. [`Pending::choices`] gives what is offered.
    ///
    /// # Errors
    ///
    /// As [`Self::try_slash`], and if the option has no autocomplete.
    pub fn try_autocomplete(
        &self,
        name: &str,
        options: &[(&str, Value)],
        typed: (&str, &str),
    ) -> Result<Pending, Unsendable> {
        let mut payload = self.payload(kind::AUTOCOMPLETE);
        let (option, command) = {
            let state = self.shared().lock();
            let command = state.command(self.channel, name)?;
            let mut filled = filled(&command, options)?;
            filled.push(payloads::focused(&command, typed.0, typed.1)?);
            payload["data"] = payloads::command_data(&command, filled);
            let option = command.option(typed.0).map_or(0, |found| number(found, "type"));
            (option, format!("/{}", command.full_name()))
        };
        let interaction = self.interaction(&payload, Kind::Autocomplete { option }, command);
        Ok(self.dispatch(&payload, interaction))
    }

    /// Presses the button of this `custom_id`, as the message showed it when it was read.
    ///
    /// # Errors
    ///
    /// If the message has no such button, it can't be pressed, or the message is another person's.
    pub fn try_press(&self, message: &Message, custom_id: &str) -> Result<Pending, Unsendable> {
        let buttons = message.buttons();
        let found = buttons.iter().find(|button| button.custom_id.as_deref() == Some(custom_id));
        let button =
            found.ok_or_else(|| Unsendable("The message has no such button.".to_owned()))?;
        ensure(!button.disabled, || format!("The button {:?} is disabled.", button.label))?;
        self.use_component(message, json!({"component_type": 2, "custom_id": custom_id}))
    }

    /// Picks these values in the select menu of this `custom_id`, as the message showed it when it
    /// was read.
    ///
    /// # Errors
    ///
    /// If the message has no such menu, it can't be used, doesn't offer the values or not so many,
    /// or the message is another person's.
    pub fn try_pick(
        &self,
        message: &Message,
        custom_id: &str,
        values: &[&str],
    ) -> Result<Pending, Unsendable> {
        let menus = message.menus();
        let found = menus.iter().find(|menu| menu.custom_id == custom_id && !menu.disabled);
        let none = || Unsendable("The message has no menu that can be used.".to_owned());
        let menu = found.ok_or_else(none)?;
        for value in values {
            ensure(menu.options.iter().any(|(_, known)| known == value), || {
                format!("The menu doesn't offer {value:?} now: pick again.")
            })?;
        }
        let (least, most) = (menu.min_values, menu.max_values);
        let different: HashSet<_> = values.iter().collect();
        ensure(
            (least..=most).contains(&different.len()) && different.len() == values.len(),
            || format!("The menu takes {least} to {most} different values, not {}.", values.len()),
        )?;
        let data = json!({"component_type": 3, "custom_id": custom_id, "values": values});
        self.use_component(message, data)
    }

    /// Sends a form with these values by the inputs' `custom_id`; the rest stays as it was opened.
    ///
    /// # Errors
    ///
    /// If Discord's client wouldn't send it: an unknown input, a required one left empty, a value
    /// that is too short or too long.
    pub fn try_submit(&self, form: &Form, values: &[(&str, &str)]) -> Result<Pending, Unsendable> {
        let mut payload = self.payload_in(form.channel, kind::FORM);
        payload["data"] = json!({
            "custom_id": form.custom_id,
            "components": form.filled(values)?,
        });
        let source = form.source.and_then(|id| self.discord.message(id));
        if let Some(message) = &source {
            payload["message"] = message.json();
        }
        let kind = Kind::Form { of_component: source.is_some() };
        let interaction = Interaction {
            source: source.map(|message| message.id),
            opened_by: form.opened_by.clone(),
            ..self.interaction(&payload, kind, form.title.clone())
        };
        Ok(self.dispatch(&payload, interaction))
    }

    /// Uses a component, whether the message has it or not.
    pub(super) fn use_component(
        &self,
        message: &Message,
        mut data: Value,
    ) -> Result<Pending, Unsendable> {
        let who = self.who;
        ensure(message.private_to.is_none_or(|to| to == who), || {
            format!("{} can't see this message.", who.name())
        })?;
        let mut payload = self.payload_in(message.channel, kind::COMPONENT);
        let command = data["custom_id"].to_string();
        // The person presses what was seen; Discord sends along what the message is now.
        let now = self.discord.message(message.id);
        let now = now.as_ref().unwrap_or(message);
        data["id"] = now.id_of_component(&data["custom_id"]);
        payload["data"] = data;
        payload["message"] = now.json();
        let interaction = Interaction {
            source: Some(message.id),
            ..self.interaction(&payload, Kind::Component, command)
        };
        Ok(self.dispatch(&payload, interaction))
    }

    /// What is kept of an interaction that this person is about to send.
    pub(super) fn interaction(&self, payload: &Value, kind: Kind, command: String) -> Interaction {
        let id = |name: &str| text(&payload[name]).parse().unwrap_or_default();
        Interaction {
            id: id("id"),
            token: text(&payload["token"]).to_owned(),
            kind,
            channel: id("channel_id"),
            origin: Origin { who: self.who, command },
            dispatched: Instant::now(),
            source: None,
            opened_by: Value::Null,
            first: None,
            failed: false,
            original: None,
            outcome: None,
            choices: None,
            later: Vec::new(),
        }
    }

    pub(super) fn dispatch(&self, payload: &Value, interaction: Interaction) -> Pending {
        let (id, is_command) = (interaction.id, interaction.kind == Kind::Command);
        let shared = &self.discord.running.shared;
        {
            let mut state = shared.lock();
            state.interactions.push(interaction);
            if !endpoint::dispatch(shared, &mut state, id, payload) {
                state.gateway.dispatch("INTERACTION_CREATE", payload);
            }
        }
        shared.touch();
        if is_command {
            spawn(tell_if_unanswered(Arc::downgrade(shared), id));
        }
        Pending { discord: self.discord.clone(), id }
    }
}

/// Tells of a command when it is too late to answer it.
async fn tell_if_unanswered(shared: Weak<Shared>, id: u64) {
    let Some(within) = shared.upgrade().map(|shared| shared.options.answer_within) else {
        return;
    };
    sleep(within).await;
    let Some(shared) = shared.upgrade() else {
        return;
    };
    let state = shared.lock();
    let unanswered = state.interaction(id).and_then(|found| found.unanswered(within));
    if let Some(unanswered) = unanswered {
        state.tell(Change::Unanswered(unanswered));
    }
}

fn filled(command: &Registered<'_>, options: &[(&str, Value)]) -> Result<Vec<Value>, Unsendable> {
    options.iter().map(|(name, value)| payloads::option(command, name, value)).collect()
}
