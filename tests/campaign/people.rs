//! People as they are: who gets no answer tries again later, and who reads that it is done goes on.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use fastrand::Rng;
use sandbox::discord::{Answer, Change, Discord, Message, Pending, Person, Reply, Who};
use serde_json::json;
use tokio::sync::broadcast::error::RecvError;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::heard::{CHANNELS, Heard, shown_by};
use crate::plan::{Ask, Deed, Story};

/// Who sees no card for so long looks for none any more.
const UNSEEN: Duration = Duration::from_mins(1);

/// What people did and were told, as far as it is checked in the end.
#[derive(Default)]
pub(crate) struct Diary {
    /// Who wanted which group: also what never got an answer.
    pub(crate) wanted: HashSet<(u64, String)>,
    /// Who was told, of which group, that it is asked for with a request of this number.
    pub(crate) asked: Vec<(Who, String, i64)>,
    /// Who was told, of which group, that it is being created, and which message shows it.
    pub(crate) begun: Vec<(Who, String, Option<u64>)>,
    /// What was done about which request: also what never got an answer.
    pub(crate) tried: Vec<(Who, Deed, i64)>,
    /// Who was told that they have left which request.
    pub(crate) left: Vec<(Who, i64)>,
    /// What the bot said it has taken.
    pub(crate) taken: Vec<(Who, Deed, i64)>,
    /// How often there was no answer.
    pub(crate) unanswered: usize,
    /// How often what had been served was sent again, by somebody who has seen it, and refused.
    pub(crate) refused: usize,
    /// What was not.
    pub(crate) served_twice: Vec<String>,
    /// The stories that aren't at their end, by what was asked for first.
    pub(crate) unfinished: BTreeMap<String, String>,
}

/// The team.
#[derive(Clone)]
pub(crate) struct Team {
    discord: Discord,
    is_over_http: bool,
    diary: Arc<Mutex<Diary>>,
    /// The newest message that shows each request, as it now stands.
    board: Arc<Mutex<HashMap<i64, Message>>>,
}

impl Team {
    pub(crate) fn new(discord: Discord, is_over_http: bool) -> Self {
        Self { discord, is_over_http, diary: Arc::default(), board: Arc::default() }
    }

    pub(crate) fn diary(&self) -> MutexGuard<'_, Diary> {
        self.diary.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads every channel where requests are shown, for ever.
    pub(crate) async fn read(self) {
        let mut changes = self.discord.subscribe();
        loop {
            match changes.recv().await {
                Ok(Change::Posted(message) | Change::Edited(message)) => self.note(message),
                Ok(
                    Change::Deleted(_)
                    | Change::Registered(_)
                    | Change::Ready
                    | Change::Disconnected
                    | Change::Unanswered(_),
                ) => {}
                Err(RecvError::Lagged(_)) => {
                    for channel in CHANNELS {
                        self.discord.messages(channel).into_iter().for_each(|m| self.note(m));
                    }
                }
                Err(RecvError::Closed) => return,
            }
        }
    }

    fn note(&self, message: Message) {
        if let Some(number) = shown_by(&message) {
            self.board().insert(number, message);
        }
    }

    fn board(&self) -> MutexGuard<'_, HashMap<i64, Message>> {
        self.board.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn person(&self, who: Who) -> Person {
        self.discord.person(who)
    }

    /// Plays a story to its end.
    pub(crate) async fn play(self, story: Story) {
        let title = story.asks[0].text.clone();
        self.diary().unfinished.insert(title.clone(), format!("{:?}", story.deeds));
        self.clone().play_out(story).await;
        self.diary().unfinished.remove(&title);
    }

    async fn play_out(self, mut story: Story) {
        let mut joining = JoinSet::new();
        for ask in story.asks.split_off(1) {
            let (team, mut rng) = (self.clone(), story.rng.fork());
            joining.spawn(async move {
                pause(&mut rng, 300).await;
                team.ask(&ask, &mut rng).await;
            });
        }
        if story.searches {
            let Ask { who, channel, groups, .. } = &story.asks[0];
            let person = self.person(*who).in_channel(*channel);
            self.count(&person.slash("search", &[("prefix", json!(groups[0]))]).await);
        }
        let mut number = self.ask(&story.asks[0], &mut story.rng).await;
        let rounds = if story.asks_again && !story.deeds.is_empty() { 2 } else { 1 };
        for round in 0..rounds {
            if round > 0 {
                number = self.ask(&story.asks[0], &mut story.rng).await;
            }
            let Some(number) = number else { break };
            self.decide(&story, number).await;
        }
        joining.join_all().await;
    }

    /// Asks until there is an answer: the number of a request that is to be decided, if there is one.
    async fn ask(&self, ask: &Ask, rng: &mut Rng) -> Option<i64> {
        let person = self.person(ask.who).in_channel(ask.channel);
        let options = [("name", json!(ask.text)), ("reason", json!("We need it."))];
        let wanted = ask.groups.iter().map(|group| (ask.who.id(), group.clone()));
        self.diary().wanted.extend(wanted);
        loop {
            let pending = person.start_slash("create", &options);
            let answer = pending.answer().await;
            self.send_again(&pending, &answer, rng).await;
            if let Reply::Message { message, .. } = &answer.reply
                && let Some(heard) = Heard::read(&message.content, &ask.groups)
            {
                let mut diary = self.diary();
                let asked = heard.asked.into_iter().map(|(group, number)| (ask.who, group, number));
                diary.asked.extend(asked);
                let begun = heard.begun.into_iter().map(|group| (ask.who, group, heard.shown_at));
                diary.begun.extend(begun);
                return heard.number;
            }
            self.count(&answer);
            pause(rng, 400).await;
        }
    }

    /// Everybody who has a say does what they want, at once.
    async fn decide(&self, story: &Story, number: i64) {
        let mut rng = story.rng.clone();
        pause(&mut rng, 300).await;
        let mut at_once = JoinSet::new();
        for &(who, deed) in &story.deeds {
            let (team, mut rng) = (self.clone(), rng.fork());
            at_once.spawn(async move {
                match deed {
                    Deed::Approve | Deed::Deny => team.press(who, deed, number, &mut rng).await,
                    Deed::Cancel => team.cancel(who, number, &mut rng).await,
                }
            });
        }
        at_once.join_all().await;
    }

    /// Presses until the bot has taken it, or somebody else's decision is seen. What an admin began at
    /// once has a card without a number, on which nobody decides anything; whether every card is there
    /// is looked at in the end.
    async fn press(&self, who: Who, deed: Deed, number: i64, rng: &mut Rng) {
        let label = format!("{deed:?}");
        let (person, begun) = (self.person(who), Instant::now());
        loop {
            let shown = self.board().get(&number).cloned();
            if shown.is_none() && begun.elapsed() > UNSEEN {
                return;
            }
            if let Some(message) = shown {
                if !message.buttons().iter().any(|button| button.label == label) {
                    return;
                }
                self.diary().tried.push((who, deed, number));
                let pending = person.start_press(&message, &label);
                let mut answer = pending.answer().await;
                self.send_again(&pending, &answer, rng).await;
                if let Reply::Form(form) = &answer.reply {
                    answer = person.submit(form, &[("reason", "It isn't needed.")]).await;
                }
                if self.is_over(&answer, who, deed, number) {
                    return self.press_once_more(&message, who, deed, number).await;
                }
            }
            pause(rng, 200).await;
        }
    }

    /// The message as it was on a screen that wasn't looked at for a while.
    async fn press_once_more(&self, old: &Message, who: Who, deed: Deed, number: i64) {
        let answer = self.person(who).press(old, &format!("{deed:?}")).await;
        if !self.is_over(&answer, who, deed, number) {
            self.count(&answer);
        }
    }

    async fn cancel(&self, who: Who, number: i64, rng: &mut Rng) {
        loop {
            self.diary().tried.push((who, Deed::Cancel, number));
            let answer = self.person(who).slash("cancel", &[("request", json!(number))]).await;
            let has_left = matches!(&answer.reply, Reply::Message { message, .. }
                if message.content.starts_with("You have left request"));
            if has_left {
                self.diary().left.push((who, number));
                return;
            }
            if self.is_over(&answer, who, Deed::Cancel, number) {
                return;
            }
            pause(rng, 400).await;
        }
    }

    /// Now and then somebody who has seen an interaction on its way over HTTP sends it again once it is
    /// served: whoever gets it must refuse it. That the database is away is no service.
    async fn send_again(&self, pending: &Pending, answer: &Answer, rng: &mut Rng) {
        let is_away = |text: &str| text.contains("database failed");
        let is_served = match &answer.reply {
            Reply::NoResponse => false,
            Reply::Message { message, .. } => !is_away(&message.content),
            Reply::Acknowledged | Reply::Update(_) | Reply::Form(_) => true,
        };
        if !self.is_over_http || !is_served || rng.u8(0..4) > 0 {
            return;
        }
        let request = self.discord.delivery(pending.id());
        match self.discord.send(&request).await {
            Some(response) if response.status == 409 => self.diary().refused += 1,
            Some(response) if !is_away(&response.body) => {
                self.diary()
                    .served_twice
                    .push(format!("{request:?} was served again: {response:?}"));
            }
            // It was killed before it could refuse it.
            Some(_) | None => {}
        }
    }

    /// Whether an answer says that the request is decided, or isn't theirs to decide.
    fn is_over(&self, answer: &Answer, who: Who, deed: Deed, number: i64) -> bool {
        let is_taken = match &answer.reply {
            Reply::Acknowledged => true,
            Reply::Message { message, .. } => message.content.ends_with("is cancelled."),
            Reply::Update(_) | Reply::Form(_) | Reply::NoResponse => false,
        };
        if is_taken {
            self.diary().taken.push((who, deed, number));
            return true;
        }
        self.count(answer);
        let over = [
            "Nothing was changed: ",
            "Nothing was done.",
            "You asked for this yourself",
            "somebody else's",
        ];
        matches!(&answer.reply, Reply::Message { message, .. }
            if over.iter().any(|words| message.content.contains(words)))
    }

    fn count(&self, answer: &Answer) {
        if answer.reply == Reply::NoResponse {
            self.diary().unanswered += 1;
        }
    }
}

async fn pause(rng: &mut Rng, most: u64) {
    sleep(Duration::from_millis(rng.u64(10..most))).await;
}
