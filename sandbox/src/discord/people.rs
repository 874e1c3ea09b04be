//! The people's side: whoever types commands, presses buttons and reads what the bot says.

use serde_json::{Value, json};

use super::{
    Discord, Shared, State,
    answers::{Answer, NoAnswer, Pending, Reply},
    check::number,
    commands::Registered,
    forms::Form,
    interactions::{Choice, Interaction, Kind, Outcome},
    messages::{Message, Origin},
    payloads::{self, kind},
    world::{CONNECT, ChannelId, Who},
};

/// Somebody in a channel. Every verb needs a running tokio runtime.
#[derive(Clone)]
pub struct Person {
    discord: Discord,
    who: Who,
    channel: ChannelId,
    roles: Option<Vec<u64>>,
}

/// How an interaction is kept beside its payload.
struct Act {
    kind: Kind,
    command: String,
    source: Option<u64>,
}

impl Person {
    pub(super) fn new(discord: Discord, who: Who) -> Self {
        Self { discord, who, channel: CONNECT, roles: None }
    }

    /// The same person in another channel: a thread, direct messages, another server.
    #[must_use]
    pub fn in_channel(mut self, channel: ChannelId) -> Self {
        self.channel = channel;
        self
    }

    /// The same person with these roles instead of those that the server gave.
    #[must_use]
    pub fn with_roles(mut self, roles: &[u64]) -> Self {
        self.roles = Some(roles.to_vec());
        self
    }

    /// Who it is.
    #[must_use]
    pub fn who(&self) -> Who {
        self.who
    }

    /// Sends a slash command, named by its full name or its subcommand's, and waits for what is
    /// finally seen.
    ///
    /// # Panics
    ///
    /// Where Discord's client wouldn't send it: the command isn't registered, an option is unknown,
    /// missing, or has a value that it doesn't take. In a channel of a server where no command is
    /// registered, and in direct messages, the commands of `GUILD` count.
    pub async fn slash(&self, name: &str, options: &[(&str, Value)]) -> Answer {
        self.start_slash(name, options).answer().await
    }

    /// As [`Self::slash`], without waiting.
    ///
    /// # Panics
    ///
    /// As [`Self::slash`].
    #[must_use]
    pub fn start_slash(&self, name: &str, options: &[(&str, Value)]) -> Pending {
        let mut payload = self.payload(kind::COMMAND);
        let command = {
            let state = self.shared().lock();
            let command = state.command(self.channel, name);
            for option in command.options() {
                let given = options.iter().any(|(name, _)| option["name"] == *name);
                assert!(
                    given || option["required"] != true,
                    "/{} requires {}",
                    command.full_name(),
                    option["name"]
                );
            }
            payload["data"] = payloads::command_data(&command, filled(&command, options));
            format!("/{}", command.full_name())
        };
        self.dispatch(&payload, Act::of(Kind::Command, command))
    }

    /// Types into an option, with others filled already, and gives what the bot offers.
    ///
    /// # Errors
    ///
    /// If the bot didn't answer in time; Discord's client then shows nothing.
    ///
    /// # Panics
    ///
    /// As [`Self::slash`], and if the option has no autocomplete.
    pub async fn autocomplete(
        &self,
        name: &str,
        options: &[(&str, Value)],
        typed: (&str, &str),
    ) -> Result<Vec<Choice>, NoAnswer> {
        let mut payload = self.payload(kind::AUTOCOMPLETE);
        let act = {
            let state = self.shared().lock();
            let command = state.command(self.channel, name);
            let mut filled = filled(&command, options);
            filled.push(payloads::focused(&command, typed.0, typed.1));
            let kind = command.option(typed.0).map_or(0, |found| number(found, "type"));
            payload["data"] = payloads::command_data(&command, filled);
            let name = format!("/{}", command.full_name());
            Act::of(Kind::Autocomplete { option: kind }, name)
        };
        match self.dispatch(&payload, act).outcome().await {
            Some(Outcome::Choices(choices)) => Ok(choices),
            Some(
                Outcome::Message { .. }
                | Outcome::Update(_)
                | Outcome::Form(_)
                | Outcome::Acknowledged,
            )
            | None => Err(NoAnswer),
        }
    }

    /// Presses the first button whose label begins so, as the message showed it when it was read.
    ///
    /// # Panics
    ///
    /// If there is no such button, naming those there are; if it can't be pressed; if the message
    /// is another person's.
    pub async fn press(&self, message: &Message, label: &str) -> Answer {
        self.start_press(message, label).answer().await
    }

    /// As [`Self::press`], without waiting.
    ///
    /// # Panics
    ///
    /// As [`Self::press`].
    #[must_use]
    pub fn start_press(&self, message: &Message, label: &str) -> Pending {
        let buttons = message.buttons();
        let labels: Vec<_> = buttons.iter().map(|button| &button.label).collect();
        let found = buttons.iter().find(|button| button.label.starts_with(label));
        let Some(button) = found else {
            panic!("the message has no button {label:?}, only {labels:?}");
        };
        assert!(!button.disabled, "the button {:?} is disabled", button.label);
        let Some(custom_id) = &button.custom_id else {
            panic!("the button {:?} is a link", button.label);
        };
        self.use_component(message, json!({"component_type": 2, "custom_id": custom_id}))
    }

    /// Presses a button with this `custom_id`, whether the message has it or not: one of long ago.
    pub async fn press_custom_id(&self, custom_id: &str, message: &Message) -> Answer {
        let data = json!({"component_type": 2, "custom_id": custom_id});
        self.use_component(message, data).answer().await
    }

    /// Picks these values in the message's only or first select menu.
    ///
    /// # Panics
    ///
    /// If the message has no menu that offers them.
    pub async fn pick(&self, message: &Message, values: &[&str]) -> Answer {
        let menus = message.menus();
        let Some(menu) = menus.first().filter(|menu| !menu.disabled) else {
            panic!("the message has no menu that can be used");
        };
        for value in values {
            assert!(
                menu.options.iter().any(|(_, known)| known == value),
                "the menu has no value {value:?}, only {:?}",
                menu.options
            );
        }
        let custom_id = &menu.custom_id;
        let data = json!({"component_type": 3, "custom_id": custom_id, "values": values});
        self.use_component(message, data).answer().await
    }

    /// Sends a form with these values by the inputs' `custom_id`; the rest stays as it was opened.
    ///
    /// # Panics
    ///
    /// If Discord's client wouldn't send it: an unknown input, a required one left empty, a value
    /// that is too short or too long.
    pub async fn submit(&self, form: &Form, values: &[(&str, &str)]) -> Answer {
        let mut payload = base(self, form.channel, kind::FORM);
        payload["data"] = json!({
            "custom_id": form.custom_id,
            "components": form.filled(values),
        });
        let source = form.source.and_then(|id| self.discord.message(id));
        if let Some(message) = &source {
            payload["message"] = message.json();
        }
        let act = Act {
            kind: Kind::Form { of_component: source.is_some() },
            command: form.title.clone(),
            source: source.map(|message| message.id),
        };
        self.dispatch_in(form.channel, &payload, act).answer().await
    }

    /// Sends an interaction just as it is given, but for `id` and `token`, which are added where
    /// they are missing. It is the way to what the bot can't read.
    #[must_use]
    pub fn send_raw(&self, mut interaction: Value) -> Pending {
        let fresh = self.payload(kind::COMMAND);
        for name in ["id", "token"] {
            if interaction[name].is_null() {
                interaction[name] = fresh[name].clone();
            }
        }
        self.dispatch(&interaction, Act::of(Kind::Command, "raw".to_owned()))
    }

    /// A payload as this person's slash command would have it, but for its `data`: for
    /// [`Self::send_raw`] with something changed. The numbers of types are 2 for a command, 3 for a
    /// component, 4 for autocomplete, 5 for a form.
    #[must_use]
    pub fn payload(&self, kind: u64) -> Value {
        base(self, self.channel, kind)
    }

    /// Writes an ordinary message, which the bot doesn't hear of.
    #[must_use]
    pub fn say(&self, content: &str) -> Message {
        let author = (self.who.id(), self.who.name());
        let mut message = Message::new(self.channel, author);
        content.clone_into(&mut message.content);
        let message = self.shared().lock().post(message);
        self.shared().touch();
        message
    }

    fn shared(&self) -> &Shared {
        self.discord.shared()
    }

    fn use_component(&self, message: &Message, mut data: Value) -> Pending {
        assert!(
            message.private_to.is_none_or(|who| who == self.who),
            "{} can't see this message",
            self.who.name()
        );
        let mut payload = base(self, message.channel, kind::COMPONENT);
        data["id"] = json!(2);
        let command = data["custom_id"].to_string();
        payload["data"] = data;
        // The person presses what was seen; Discord sends along what the message is now.
        let now = self.discord.message(message.id);
        payload["message"] = now.as_ref().unwrap_or(message).json();
        let act = Act { kind: Kind::Component, command, source: Some(message.id) };
        self.dispatch_in(message.channel, &payload, act)
    }

    fn dispatch(&self, payload: &Value, act: Act) -> Pending {
        self.dispatch_in(self.channel, payload, act)
    }

    fn dispatch_in(&self, channel: ChannelId, payload: &Value, act: Act) -> Pending {
        let text = |name: &str| payload[name].as_str().unwrap_or_default().to_owned();
        let id = text("id").parse().unwrap_or_default();
        let interaction = Interaction {
            id,
            token: text("token"),
            kind: act.kind,
            channel,
            origin: Origin { who: self.who, command: act.command },
            dispatched: tokio::time::Instant::now(),
            source: act.source,
            first: None,
            original: None,
            outcome: None,
            later: Vec::new(),
        };
        {
            let mut state = self.shared().lock();
            state.interactions.push(interaction);
            state.gateway.dispatch("INTERACTION_CREATE", payload);
        }
        self.shared().touch();
        Pending::new(self.discord.clone(), id)
    }
}

impl Act {
    fn of(kind: Kind, command: String) -> Self {
        Self { kind, command, source: None }
    }
}

fn base(person: &Person, channel: ChannelId, kind: u64) -> Value {
    let roles = person.roles.clone();
    let roles = roles.unwrap_or_else(|| person.shared().lock().roles_of(person.who));
    payloads::base(person.who, &roles, channel, kind)
}

fn filled(command: &Registered<'_>, options: &[(&str, Value)]) -> Vec<Value> {
    options.iter().map(|(name, value)| payloads::option(command, name, value)).collect()
}

impl State {
    pub(super) fn roles_of(&self, who: Who) -> Vec<u64> {
        self.roles.get(&who).cloned().unwrap_or_else(|| who.first_roles())
    }
}

impl From<Outcome> for Reply {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Message { message, deferred } => Self::Message { message, deferred },
            Outcome::Update(message) => Self::Update(message),
            Outcome::Form(form) => Self::Form(form),
            // Choices answer only autocomplete, which doesn't come this way.
            Outcome::Acknowledged | Outcome::Choices(_) => Self::Acknowledged,
        }
    }
}
