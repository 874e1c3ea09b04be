//! The people's side: whoever types commands, presses buttons and reads what the bot says.

use serde_json::{Value, json};

use super::{
    Answer, CONNECT, ChannelId, Choice, Discord, Form, Message, NoAnswer, Pending, Shared, State,
    Unsendable, Who,
    interactions::{Interaction, Kind},
    payloads::{self, kind},
};

/// Somebody in a channel. Every verb needs a running tokio runtime.
#[derive(Clone, Debug)]
pub struct Person {
    pub(super) discord: Discord,
    pub(super) who: Who,
    pub(super) channel: ChannelId,
    roles: Option<Vec<u64>>,
}

impl Person {
    pub(super) fn new(discord: Discord, who: Who) -> Self {
        Self { discord, who, channel: CONNECT, roles: None }
    }

    /// The same person in another channel: a thread, direct messages, another server.
    pub fn in_channel(mut self, channel: ChannelId) -> Self {
        self.channel = channel;
        self
    }

    /// The same person with these roles instead of those that the server gave.
    pub fn with_roles(mut self, roles: &[u64]) -> Self {
        self.roles = Some(roles.to_vec());
        self
    }

    /// Who it is.
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
    pub fn start_slash(&self, name: &str, options: &[(&str, Value)]) -> Pending {
        sent(self.try_slash(name, options))
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
        sent(self.try_autocomplete(name, options, typed)).choices().await
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
    pub fn start_press(&self, message: &Message, label: &str) -> Pending {
        let buttons = message.buttons();
        let labels: Vec<_> = buttons.iter().map(|button| &button.label).collect();
        let found = buttons.iter().find(|button| button.label.starts_with(label));
        let Some(button) = found else {
            panic!("the message has no button {label:?}, only {labels:?}");
        };
        let Some(custom_id) = &button.custom_id else {
            panic!("the button {:?} is a link", button.label);
        };
        sent(self.try_press(message, custom_id))
    }

    /// Presses a button with this `custom_id`, whether the message has it or not: one of long ago.
    pub async fn press_custom_id(&self, custom_id: &str, message: &Message) -> Answer {
        let data = json!({"component_type": 2, "custom_id": custom_id});
        sent(self.use_component(message, data)).answer().await
    }

    /// Picks these values in the message's only or first select menu.
    ///
    /// # Panics
    ///
    /// If the message has no menu that offers them, or takes so many.
    pub async fn pick(&self, message: &Message, values: &[&str]) -> Answer {
        let menus = message.menus();
        let custom_id = menus.first().map_or("", |menu| &menu.custom_id);
        sent(self.try_pick(message, custom_id, values)).answer().await
    }

    /// Sends a form with these values by the inputs' `custom_id`; the rest stays as it was opened.
    ///
    /// # Panics
    ///
    /// If Discord's client wouldn't send it: an unknown input, a required one left empty, a value
    /// that is too short or too long.
    pub async fn submit(&self, form: &Form, values: &[(&str, &str)]) -> Answer {
        sent(self.try_submit(form, values)).answer().await
    }

    /// Sends an interaction just as it is given, but for `id` and `token`, which are added where
    /// they are missing. It is the way to what the bot can't read.
    pub fn send_raw(&self, mut interaction: Value) -> Pending {
        let fresh = self.payload(kind::COMMAND);
        for name in ["id", "token"] {
            if interaction[name].is_null() {
                interaction[name] = fresh[name].clone();
            }
        }
        let kept = Interaction {
            channel: self.channel,
            ..self.interaction(&interaction, Kind::Command, "raw".to_owned())
        };
        self.dispatch(&interaction, kept)
    }

    /// A payload as this person's slash command would have it, but for its `data`: for
    /// [`Self::send_raw`] with something changed. The numbers of types are 2 for a command, 3 for a
    /// component, 4 for autocomplete, 5 for a form.
    pub fn payload(&self, kind: u64) -> Value {
        self.payload_in(self.channel, kind)
    }

    pub(super) fn payload_in(&self, channel: ChannelId, kind: u64) -> Value {
        let roles = self.roles.clone().unwrap_or_else(|| self.discord.roles_of(self.who));
        payloads::base(self.who, &roles, channel, kind)
    }

    /// Writes an ordinary message, which the bot doesn't hear of.
    pub fn say(&self, content: &str) -> Message {
        let author = (self.who.id(), self.who.name());
        let mut message = Message::new(self.channel, author);
        content.clone_into(&mut message.content);
        let message = self.shared().lock().post(message);
        self.shared().touch();
        message
    }

    pub(super) fn shared(&self) -> &Shared {
        self.discord.shared()
    }
}

/// For tests and the demo, which only do what can be done.
fn sent(pending: Result<Pending, Unsendable>) -> Pending {
    pending.unwrap_or_else(|why| panic!("{why}"))
}

impl State {
    pub(super) fn roles_of(&self, who: Who) -> Vec<u64> {
        self.roles.get(&who).cloned().unwrap_or_else(|| who.first_roles())
    }
}
