//! What tests, the page and the demo read of the stand-in, and by which they steer it.

use std::{fmt, time::Duration};

use serde_json::Value;
use tokio::sync::broadcast;

use super::{
    Change, ChannelId, Discord, Fault, GUILD, Message, Person, Request, Route, State, Times, Who,
    commands::Scope,
};

impl Discord {
    /// What the bot gets as `DISCORD_API_URL`: `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        self.shared().rest_url.clone()
    }

    /// The bot's token.
    pub fn token(&self) -> &str {
        &self.shared().token
    }

    /// Somebody of the team's server, in the channel `CONNECT`.
    pub fn person(&self, who: Who) -> Person {
        Person::new(self.clone(), who)
    }

    /// Gives somebody these roles and no others, from the next interaction on.
    pub fn set_roles(&self, who: Who, roles: &[u64]) {
        self.shared().lock().roles.insert(who, roles.to_vec());
    }

    /// The roles that somebody has now.
    pub fn roles_of(&self, who: Who) -> Vec<u64> {
        self.shared().lock().roles_of(who)
    }

    /// Do interactions reach the bot: is a gateway session connected, or an Interactions Endpoint URL
    /// set and the way there not cut?
    pub fn is_reached(&self) -> bool {
        self.shared().lock().is_reached()
    }

    /// Waits until commands are registered in `GUILD` and interactions reach the bot.
    ///
    /// # Panics
    ///
    /// If that isn't so within [`Options::patience`](super::Options::patience), with the requests
    /// that came.
    pub async fn wait_ready(&self) {
        let is_ready = |state: &State| {
            let registered = state.commands.contains_key(&Scope::Guild(GUILD));
            (registered && state.is_reached()).then_some(())
        };
        let why = || {
            let (came, counts) = (self.came(), self.gateway_counts());
            let violations = self.violations();
            format!("the bot isn't ready; its requests: {came:#?}, {counts:?}, {violations:#?}")
        };
        self.shared().demand(is_ready, why).await;
    }

    /// The requests that came, for people.
    fn came(&self) -> Vec<String> {
        self.requests().iter().map(Request::to_string).collect()
    }

    /// The commands that are registered in a server, with their ids; `None` if none ever were.
    pub fn commands(&self, guild: u64) -> Option<Value> {
        let state = self.shared().lock();
        state.commands.get(&Scope::Guild(guild)).cloned().map(Value::Array)
    }

    /// The messages of a channel that everybody in it sees, as they now stand, oldest first.
    pub fn messages(&self, channel: ChannelId) -> Vec<Message> {
        self.select(|message| message.channel == channel && message.private_to.is_none())
    }

    /// The messages that only this person sees, in any channel, oldest first.
    pub fn private_messages(&self, who: Who) -> Vec<Message> {
        self.select(|message| message.private_to == Some(who))
    }

    fn select(&self, wanted: impl Fn(&Message) -> bool) -> Vec<Message> {
        let state = self.shared().lock();
        let found = state.messages.iter().filter(|message| wanted(message));
        found.cloned().collect()
    }

    /// The message with this id as it now stands; `None` if it is gone.
    pub fn message(&self, id: u64) -> Option<Message> {
        let state = self.shared().lock();
        state.messages.iter().find(|message| message.id == id).cloned()
    }

    /// The slash commands of this person that got no answer in time, oldest first, each as the message
    /// that stands in its place.
    pub fn unanswered(&self, who: Who) -> Vec<Message> {
        let shared = self.shared();
        let state = shared.lock();
        let own = state.interactions.iter().filter(|found| found.origin.who == who);
        own.filter_map(|found| found.unanswered(shared.options.answer_within)).collect()
    }

    /// The message whose button, menu or form this message answers; `None` if it answers none.
    pub fn answered_by(&self, message: &Message) -> Option<u64> {
        self.shared().lock().interaction(message.interaction_id?)?.source
    }

    /// Waits until a channel's public message is as wanted, and gives the newest such.
    ///
    /// # Panics
    ///
    /// If there is none within [`Options::patience`](super::Options::patience), with those there are.
    pub async fn wait_for_message(
        &self,
        channel: ChannelId,
        wanted: impl Fn(&Message) -> bool,
    ) -> Message {
        let is_public =
            |message: &&Message| message.channel == channel && message.private_to.is_none();
        let look = |state: &State| {
            let mut visible = state.messages.iter().rev().filter(is_public);
            visible.find(|message| wanted(message)).cloned()
        };
        let why = || {
            let there: Vec<_> = self.messages(channel).iter().map(Message::text).collect();
            format!("no message is as wanted; the channel holds {there:#?}")
        };
        self.shared().demand(look, why).await
    }

    /// Waits until the recorded requests are as wanted, say until one of a route has been answered.
    ///
    /// # Panics
    ///
    /// If they aren't within [`Options::patience`](super::Options::patience), with those there are.
    pub async fn wait_for_requests(&self, wanted: impl Fn(&[Request]) -> bool) {
        let look = |state: &State| wanted(&state.requests).then_some(());
        let why = || format!("the requests aren't as wanted: {:#?}", self.came());
        self.shared().demand(look, why).await;
    }

    /// Deletes a message as a moderator does. `false` if there is none.
    pub fn delete_message(&self, id: u64) -> bool {
        let found = self.shared().lock().delete(id);
        self.shared().touch();
        found
    }

    /// Makes a message older by so much, and gives the id that it has then.
    ///
    /// # Panics
    ///
    /// If there is no such message.
    pub fn backdate(&self, id: u64, by: Duration) -> u64 {
        let older = u64::try_from(by.as_millis()).unwrap_or(u64::MAX) << 22;
        let mut state = self.shared().lock();
        let message = state.message_mut(id);
        let message = message.unwrap_or_else(|| panic!("there is no message {id}"));
        message.id -= older;
        message.id
    }

    /// Every request that came, in order.
    pub fn requests(&self) -> Vec<Request> {
        self.shared().lock().requests.clone()
    }

    /// The bot's token and every interaction's, none of which may be seen anywhere.
    pub fn secrets(&self) -> Vec<String> {
        let state = self.shared().lock();
        let tokens = state.interactions.iter().map(|found| found.token.clone());
        tokens.chain([self.token().to_owned()]).collect()
    }

    /// What the bot did that Discord doesn't document, or that it should never do. Tests want none.
    pub fn violations(&self) -> Vec<String> {
        self.shared().lock().violations.clone()
    }

    /// How many calls were one too many by [`Options::limits`](super::Options::limits) and refused with
    /// 429; those of [`Fault::RateLimited`] aren't among them.
    pub fn rate_limited(&self) -> u64 {
        self.shared().lock().quota.refused
    }

    /// Every later change, as it happens. Whoever is 1024 behind misses the oldest.
    pub fn subscribe(&self) -> broadcast::Receiver<Change> {
        self.shared().lock().changes.0.subscribe()
    }

    /// Lets requests of this route, or of any if `None`, meet a fault. Faults come in the order in
    /// which they were asked for, one per request.
    pub fn fail(&self, route: impl Into<Option<Route>>, fault: Fault, times: Times) {
        self.shared().lock().faults.push((route.into(), fault, times));
    }

    /// Ends all faults.
    pub fn clear_faults(&self) {
        self.shared().lock().faults.clear();
    }

    /// Has the token been reset? Then REST answers 401 and the gateway closes with 4004.
    pub fn refuse_token(&self, refuse: bool) {
        self.shared().lock().token_refused = refuse;
    }
}

impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let status = self.status.map_or_else(|| "-".to_owned(), |status| status.to_string());
        write!(f, "{} {} {status}", self.method, self.path)
    }
}

impl fmt::Debug for Discord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Discord").field(&self.shared().rest_url).finish()
    }
}
