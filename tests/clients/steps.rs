//! What each client of Discord does in turn, as the person sees it who asks for it.

use std::pin::Pin;
use std::time::Duration;

use sandbox::discord::{
    Answer, CONNECT, Change, Discord, GUILD, Message, Person, Reply, Request, Route, Who,
};
use serde_json::{Value, json};
use tokio::sync::broadcast::Receiver;
use tokio::time::{sleep, timeout};

/// How long is waited for what a client should do soon.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A step, which panics where it isn't as it should be.
pub(crate) type Step = for<'s> fn(&'s Stage) -> Pin<Box<dyn Future<Output = ()> + 's>>;

/// Gives each function that is named its name.
macro_rules! steps {
    ($($name:ident),* $(,)?) => {
        [$((stringify!($name), |stage| Box::pin($name(stage)))),*]
    };
}

/// The steps in the order in which they are taken. Each has the name that it has in the table, with
/// `_` for a space.
pub(crate) const STEPS: [(&str, Step); 19] = steps![
    logs_in,
    registers_a_command,
    lists_its_commands,
    answers_at_once,
    answers_later,
    edits_its_answer,
    follows_up_and_edits_that,
    deletes_what_it_said,
    completes_what_is_typed,
    updates_when_a_button_is_pressed,
    updates_when_options_are_picked,
    takes_a_form,
    writes_to_the_channel,
    shows_a_container,
    has_its_heartbeat_acknowledged,
    resumes_after_a_cut,
    resumes_when_asked_to_reconnect,
    begins_anew_when_its_session_is_over,
    is_refused_nothing,
];

/// The stand-in and a person in front of it.
pub(crate) struct Stage {
    pub(crate) discord: Discord,
    person: Person,
}

impl Stage {
    pub(crate) fn new(discord: Discord) -> Self {
        let person = discord.person(Who::Member);
        Self { discord, person }
    }

    /// Is the client there, with its command registered?
    pub(crate) fn is_ready(&self) -> bool {
        self.discord.is_reached() && self.discord.commands(GUILD).is_some()
    }

    async fn check(&self, subcommand: &str) -> Answer {
        self.person.slash(subcommand, &[]).await
    }

    /// Lets the client show what is to be used, and waits until it has heard that this was taken:
    /// it then looks at the channel. Before that a library need not know what it has shown.
    async fn show(&self, subcommand: &str) -> Answer {
        let before = looks(&self.discord.requests());
        let answer = self.check(subcommand).await;
        self.discord.wait_for_requests(|requests| looks(requests) > before).await;
        answer
    }
}

fn looks(requests: &[Request]) -> usize {
    requests.iter().filter(|request| request.route == Some(Route::Channel)).count()
}

async fn logs_in(stage: &Stage) {
    stage.discord.wait_for_gateway(|_, identifies, _| identifies == 1).await;
    assert!(stage.discord.is_reached());
}

async fn registers_a_command(stage: &Stage) {
    stage.discord.wait_ready().await;
    let commands = stage.discord.commands(GUILD).unwrap();
    assert_eq!(commands[0]["name"], "check");
    assert_eq!(commands[0]["options"].as_array().map(Vec::len), Some(13), "{commands}");
}

async fn lists_its_commands(stage: &Stage) {
    let answer = stage.check("commands").await;
    let commands = stage.discord.commands(GUILD).unwrap();
    assert_eq!(answer.text(), format!("check {}", commands[0]["id"].as_str().unwrap()));
}

async fn answers_at_once(stage: &Stage) {
    let answer = stage.check("now").await;
    assert!(!answer.is_deferred());
    assert_eq!(answer.text(), "now, linus");
}

async fn answers_later(stage: &Stage) {
    let answer = stage.check("later").await;
    assert!(answer.is_deferred());
    assert_eq!(answer.text(), "later");
}

async fn edits_its_answer(stage: &Stage) {
    let answer = stage.check("edit").await;
    assert_eq!(answer.text(), "before");
    let edited = answer.later(0).await;
    assert_eq!((edited.id, &*edited.content), (answer.message().id, "after"));
    assert!(edited.edited);
}

async fn follows_up_and_edits_that(stage: &Stage) {
    let answer = stage.check("follow").await;
    assert_eq!(answer.text(), "first");
    let second = answer.later(0).await;
    assert_eq!((&*second.content, second.private_to), ("second", Some(Who::Member)));
    let third = answer.later(1).await;
    assert_eq!((third.id, &*third.content), (second.id, "third"));
}

async fn deletes_what_it_said(stage: &Stage) {
    let mut changes = stage.discord.subscribe();
    let answer = stage.check("delete").await;
    let second = answer.later(0).await;
    assert_eq!(second.content, "gone too");
    for message in [&second, answer.message()] {
        wait_for_deletion(&mut changes, message).await;
        assert_eq!(stage.discord.message(message.id), None);
    }
}

async fn wait_for_deletion(changes: &mut Receiver<Change>, message: &Message) {
    let deleted = async {
        while changes.recv().await.expect("none is missed") != Change::Deleted(message.id) {}
    };
    assert!(timeout(PATIENCE, deleted).await.is_ok(), "{:?} isn't deleted", message.content);
}

async fn completes_what_is_typed(stage: &Stage) {
    let offered = stage.person.autocomplete("complete", &[], ("word", "et")).await.unwrap();
    let offered: Vec<_> = offered.iter().map(|choice| (&*choice.name, &choice.value)).collect();
    assert_eq!(offered, [("beta", &json!("beta"))]);
    let answer = stage.person.slash("complete", &[("word", json!("beta"))]).await;
    assert_eq!(answer.text(), "completed beta");
}

async fn updates_when_a_button_is_pressed(stage: &Stage) {
    let shown = stage.show("button").await;
    assert_eq!(shown.text(), "a button");
    let answer = stage.person.press(shown.message(), "Press").await;
    assert_updated(&answer, shown.message(), "pressed by linus");
}

async fn updates_when_options_are_picked(stage: &Stage) {
    let shown = stage.show("menu").await;
    assert_eq!(shown.text(), "a menu");
    let answer = stage.person.pick(shown.message(), &["gamma", "alpha"]).await;
    assert_updated(&answer, shown.message(), "picked gamma, alpha");
}

/// The message that was shown is another one now, and has nothing to press or pick any more.
fn assert_updated(answer: &Answer, shown: &Message, content: &str) {
    let Reply::Update(now) = &answer.reply else {
        panic!("the message should have changed: {answer:?}");
    };
    assert_eq!((now.id, &*now.content, &*now.components), (shown.id, content, &[] as &[Value]));
}

async fn takes_a_form(stage: &Stage) {
    let opened = stage.show("form").await;
    let form = opened.form();
    assert_eq!((&*form.title, &*form.inputs[0].label), ("A form", "Reason"));
    let answer = stage.person.submit(form, &[("reason", "for\nthe audit")]).await;
    assert_eq!(answer.text(), "filled in: for\nthe audit");
}

async fn writes_to_the_channel(stage: &Stage) {
    let answer = stage.check("channel").await;
    assert_eq!(answer.text(), "fetched: sent and edited");
    let messages = stage.discord.messages(CONNECT);
    let written = messages.iter().find(|message| message.content == "sent and edited").unwrap();
    assert!(written.edited && written.interaction.is_none());
}

async fn shows_a_container(stage: &Stage) {
    let answer = stage.check("layout").await;
    let container = &answer.message().components[0];
    assert_eq!(container["type"], 17);
    assert_eq!(container["accent_color"], 0x44_70_99);
    assert_eq!(container["components"][0]["type"], 10);
    assert_eq!(container["components"][0]["content"], "in a container");
}

async fn has_its_heartbeat_acknowledged(stage: &Stage) {
    let acknowledged = async {
        while stage.check("heartbeat").await.text() != "acknowledged" {
            sleep(Duration::from_millis(200)).await;
        }
    };
    assert!(timeout(PATIENCE, acknowledged).await.is_ok(), "the client knows of none");
}

async fn resumes_after_a_cut(stage: &Stage) {
    stage.discord.drop_gateway();
    stage.discord.wait_for_gateway(|_, _, resumes| resumes == 1).await;
    assert_eq!(stage.discord.identifies(), 1);
    answers_at_once(stage).await;
}

async fn resumes_when_asked_to_reconnect(stage: &Stage) {
    stage.discord.send_reconnect();
    stage.discord.wait_for_gateway(|_, _, resumes| resumes == 2).await;
    assert_eq!(stage.discord.identifies(), 1);
    answers_at_once(stage).await;
}

async fn begins_anew_when_its_session_is_over(stage: &Stage) {
    stage.discord.invalidate_session(false);
    stage.discord.wait_for_gateway(|_, identifies, _| identifies == 2).await;
    answers_at_once(stage).await;
}

async fn is_refused_nothing(stage: &Stage) {
    let requests = stage.discord.requests();
    let refused = requests.iter().filter(|request| request.status.is_some_and(|code| code >= 400));
    let refused: Vec<_> = refused.map(ToString::to_string).collect();
    assert_eq!(refused, [""; 0]);
}
