//! What people do all day: they search, type, ask, decide, take back and look things up.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use fastrand::Rng;
use sandbox::discord::{
    Answer, CONNECT, Change, ChannelId, Discord, Message, Person, RANDOM, REQUESTS, Reply, THREAD,
    Who,
};
use serde_json::{Value, json};
use tokio::sync::broadcast::error::RecvError;
use tokio::time::sleep;

use crate::heard::{number_of, shown_by};

/// What is searched for: prefixes with few and with many hits, and one without any.
const PREFIXES: [&str; 6] = ["finance-", "sales-", "team-", "team-00", "team-01", "nobody-"];

/// Whom nobody would take for someone else: each of them may ask, two may decide.
const MEMBERS: [Who; 3] = [Who::Member, Who::OtherMember, Who::Guest];
const ADMINS: [Who; 2] = [Who::Admin, Who::SecondAdmin];
const CHANNELS: [ChannelId; 3] = [CONNECT, RANDOM, THREAD];

/// How many groups can be created.
const TEAMS: usize = 400;

/// The groups of the directory.
pub(crate) fn directory() -> Vec<String> {
    let family =
        |prefix: &'static str, hits: usize| (0..hits).map(move |n| format!("{prefix}{n:03}"));
    family("finance-", 12).chain(family("sales-", 90)).chain(family("team-", TEAMS)).collect()
}

/// The team.
#[derive(Clone)]
pub(crate) struct Team {
    discord: Discord,
    /// The newest message that shows each request, as it now stands.
    board: Arc<Mutex<HashMap<i64, Message>>>,
}

impl Team {
    pub(crate) fn new(discord: Discord) -> Self {
        Self { discord, board: Arc::default() }
    }

    /// Reads where requests are shown, for ever.
    pub(crate) async fn read(self) {
        let mut changes = self.discord.subscribe();
        loop {
            match changes.recv().await {
                Ok(Change::Posted(message) | Change::Edited(message)) => self.note(message),
                Ok(_) => {}
                Err(RecvError::Lagged(_)) => {
                    self.discord.messages(REQUESTS).into_iter().for_each(|m| self.note(m));
                }
                Err(RecvError::Closed) => return,
            }
        }
    }

    fn note(&self, message: Message) {
        if message.channel == REQUESTS
            && let Some(number) = shown_by(&message)
        {
            self.board().insert(number, message);
        }
    }

    fn board(&self) -> MutexGuard<'_, HashMap<i64, Message>> {
        self.board.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn any(&self, whom: &[Who], rng: &mut Rng) -> Person {
        let channel = CHANNELS[rng.usize(0..CHANNELS.len())];
        self.discord.person(whom[rng.usize(0..whom.len())]).in_channel(channel)
    }

    fn anybody(&self, rng: &mut Rng) -> Person {
        self.any(&Who::ALL, rng)
    }

    /// One of the things that somebody may do.
    pub(crate) async fn act(self, mut rng: Rng) {
        let rng = &mut rng;
        match rng.u8(0..100) {
            0..32 => self.search(rng).await,
            32..52 => self.type_name(rng).await,
            52..60 => self.create(rng).await,
            60..76 => self.request(rng).await,
            76..84 => self.list(rng).await,
            84..90 => self.history(rng).await,
            90..94 => drop(self.any(&ADMINS, rng).slash("status", &[]).await),
            _ => self.press_long_after(rng).await,
        }
    }

    /// Searches, turns pages, and sometimes picks and creates.
    async fn search(&self, rng: &mut Rng) {
        let person = self.anybody(rng);
        let prefix = PREFIXES[rng.usize(0..PREFIXES.len())];
        let found = person.slash("search", &[("prefix", json!(prefix))]).await;
        let Some(mut message) = shown(&found) else { return };
        for _ in 0..rng.usize(0..3) {
            pause(rng, 2000).await;
            let turned = press(&person, &message, "▶").await;
            let Some(turned) = turned.as_ref().and_then(shown) else { break };
            message = turned;
        }
        if ADMINS.contains(&person.who()) && rng.bool() {
            self.pick(&person, &message, rng).await;
        }
    }

    async fn pick(&self, person: &Person, message: &Message, rng: &mut Rng) {
        let Some(menu) = message.menus().into_iter().find(|menu| !menu.disabled) else { return };
        let options: Vec<_> = menu.options.iter().map(|(_, value)| value.as_str()).collect();
        let most = menu.max_values.min(2).min(options.len());
        let count = rng.usize(1..=most.max(1));
        let picked = rng.choose_multiple(options, count);
        pause(rng, 2000).await;
        let Ok(pending) = person.try_pick(message, &menu.custom_id, &picked) else { return };
        if let Some(asked) = shown(&pending.answer().await) {
            pause(rng, 2000).await;
            press(person, &asked, "Create").await;
        }
    }

    /// Types the name of a group, letter by letter.
    async fn type_name(&self, rng: &mut Rng) {
        let (person, name) = (self.anybody(rng), team(rng));
        for end in [1, 4, 6, name.len()] {
            // Whom nothing is offered types on.
            let _ = person.autocomplete("create", &[], ("name", &name[..end])).await;
            pause(rng, 300).await;
        }
    }

    /// An admin creates a group, or a few.
    async fn create(&self, rng: &mut Rng) {
        let names = names(rng);
        self.any(&ADMINS, rng).slash("create", &[("name", json!(names))]).await;
    }

    /// Somebody asks for a group or a few, and something comes of it.
    async fn request(&self, rng: &mut Rng) {
        let (asker, names) = (self.any(&MEMBERS, rng), names(rng));
        let options = [("name", json!(names)), ("reason", json!("for the next quarter"))];
        let answer = asker.slash("create", &options).await;
        let Some(answer) = shown(&answer) else { return };
        let Some(number) = number_of(&answer.text()) else { return };
        pause(rng, 6000).await;
        let admin = self.any(&ADMINS, rng);
        match rng.u8(0..20) {
            0..9 => self.decide(&admin, number, "Approve").await,
            9..13 => self.decide(&admin, number, "Deny").await,
            13..15 => drop(press(&asker, &answer, "Take back").await),
            15 => drop(asker.slash("cancel", &[("request", json!(number))]).await),
            16..19 => {
                self.any(&MEMBERS, rng).slash("create", &options).await;
                self.decide(&admin, number, "Approve").await;
            }
            _ => {}
        }
    }

    /// Presses a button of a request's message, as soon as it is there.
    async fn decide(&self, admin: &Person, number: i64, label: &str) {
        for _ in 0..20 {
            let card = self.board().get(&number).cloned();
            if let Some(card) = card {
                let answer = press(admin, &card, label).await;
                if let Some(Answer { reply: Reply::Form(form), .. }) = answer {
                    admin.submit(&form, &[("reason", "it isn't needed")]).await;
                }
                return;
            }
            sleep(Duration::from_millis(500)).await;
        }
    }

    async fn list(&self, rng: &mut Rng) {
        let person = self.anybody(rng);
        let states = [None, Some("open"), Some("created"), Some("denied")];
        let state = states[rng.usize(0..states.len())];
        let options: Vec<_> = state.map(|state| ("state", json!(state))).into_iter().collect();
        self.turn_once(&person, "requests", &options, rng).await;
    }

    async fn history(&self, rng: &mut Rng) {
        let (person, name) = (self.any(&ADMINS, rng), team(rng));
        let _ = person.autocomplete("history", &[], ("name", &name[..6])).await;
        self.turn_once(&person, "history", &[("name", json!(name))], rng).await;
    }

    async fn turn_once(
        &self,
        person: &Person,
        command: &str,
        options: &[(&str, Value)],
        rng: &mut Rng,
    ) {
        let listed = person.slash(command, options).await;
        if let Some(message) = shown(&listed) {
            pause(rng, 2000).await;
            press(person, &message, "▶").await;
        }
    }

    /// A button of a request that may be over for long.
    async fn press_long_after(&self, rng: &mut Rng) {
        let card = rng.choice(self.board().values()).cloned();
        let Some(card) = card else { return };
        let buttons = ["approve", "deny", "retry"];
        let number = shown_by(&card).unwrap_or_default();
        let custom_id = format!("{}:{number}", buttons[rng.usize(0..buttons.len())]);
        self.anybody(rng).press_custom_id(&custom_id, &card).await;
    }
}

/// The message that is seen.
fn shown(answer: &Answer) -> Option<Message> {
    match &answer.reply {
        Reply::Message { message, .. } | Reply::Update(message) => Some(message.clone()),
        Reply::Form(_) | Reply::Acknowledged | Reply::NoResponse => None,
    }
}

/// Presses a button that a message may have.
async fn press(person: &Person, message: &Message, label: &str) -> Option<Answer> {
    let mut buttons = message.buttons().into_iter();
    let button = buttons.find(|button| button.label.starts_with(label) && !button.disabled)?;
    let pending = person.try_press(message, &button.custom_id?).ok()?;
    Some(pending.answer().await)
}

fn team(rng: &mut Rng) -> String {
    format!("team-{:03}", rng.usize(0..TEAMS))
}

/// One name, or a few with commas between.
fn names(rng: &mut Rng) -> String {
    let count = if rng.u8(0..4) == 0 { rng.usize(2..=4) } else { 1 };
    let names: Vec<_> = (0..count).map(|_| team(rng)).collect();
    names.join(", ")
}

async fn pause(rng: &mut Rng, most: u64) {
    sleep(Duration::from_millis(rng.u64(100..most))).await;
}
