//! A short scene, which is also a test: it fails where an answer isn't what it promises.

use std::{io, time::Duration};

use serde_json::{Value, json};
use tokio::{
    sync::broadcast::{Receiver, error::RecvError},
    time::timeout,
};

use super::{
    markdown,
    paint::{Canvas, Line, Span, style},
    screen,
};
use crate::{
    Sandbox,
    discord::{CONNECT, Change, Form, Message, REQUESTS, Reply, Who},
};

/// Between two things that happen, where somebody watches.
const BEAT: Duration = Duration::from_millis(300);

/// How long the bot may take for what it does by itself.
const PATIENCE: Duration = Duration::from_secs(15);

/// A group that Connect has from the start.
const OLD: &str = "accounting";
/// One that is asked for and approved. Connect hasn't got it, nor those that follow.
const NEEDED: &str = "accounting2";
const WHY: &str = "for the budget app";
/// One that is asked for and denied.
const WISHED: &str = "accounting-emea";
const WHY_NOT: &str = "accounting2 has them all";
/// One that an admin creates.
const OWN: &str = "accounting-apac";

/// What is shown of the play.
pub(super) struct Scene<'s> {
    sandbox: &'s Sandbox,
    canvas: Canvas,
    /// Whether somebody watches.
    is_watched: bool,
    changes: Receiver<Change>,
    /// What the bot said by itself and isn't shown yet.
    said: Vec<Message>,
}

impl<'s> Scene<'s> {
    pub(super) fn new(sandbox: &'s Sandbox, canvas: Canvas, is_watched: bool) -> Self {
        let changes = sandbox.discord.subscribe();
        Self { sandbox, canvas, is_watched, changes, said: Vec::new() }
    }

    /// Plays it to the end.
    ///
    /// # Errors
    ///
    /// When an answer isn't what the scene promises, the bot did what the real services don't allow,
    /// or the standard output can't be written to.
    pub(super) async fn play(mut self) -> io::Result<()> {
        self.canvas.show(&[
            Line::new(
                "A team brings LDAP groups into Posit Connect, from its Discord channel.",
                style::BOLD,
            ),
            Line::new(
                "The bot is the real one; Discord and Connect are stand-ins on this machine.",
                style::DIM,
            ),
        ])?;
        self.search().await?;
        self.ask_and_approve().await?;
        self.ask_and_deny().await?;
        self.create().await?;
        let violations = self.sandbox.violations();
        if !violations.is_empty() {
            let all = violations.join("; ");
            return Err(io::Error::other(format!("the bot isn't well-behaved: {all}")));
        }
        self.canvas.show(&[
            Line::default(),
            Line::of(markdown::inline(
                "Now you: `cargo sandbox` lets you speak as any of them.",
                style::BOLD,
            )),
        ])
    }

    async fn search(&mut self) -> io::Result<()> {
        self.tell(
            "Linus looks which accounting groups there are. Connect hasn't got those with a plus.",
        )
        .await?;
        let found = self.slash(Who::Member, "search", &[("prefix", OLD)]).await?;
        let old = self.guid(OLD)?;
        promise(row(&found, OLD, Some(&old)) && row(&found, NEEDED, None), "the groups found")
    }

    async fn ask_and_approve(&mut self) -> io::Result<()> {
        self.tell("He needs one, and isn't an administrator: he asks for it.").await?;
        let card = self.ask(Who::Member, &[("name", NEEDED), ("reason", WHY)]).await?;
        promise(card.text().contains(WHY), "the reason of the request")?;

        self.tell("Ada, an administrator, approves. Linus is told.").await?;
        let reply = self.press(Who::Admin, &card, "Approve").await?;
        promise(reply == Reply::Acknowledged, "that the approval is taken")?;
        let done = self.edited(&card, |now| now.text().contains("guid")).await?;
        let new = self.guid(NEEDED)?;
        promise(done.text().contains(&new) && done.buttons().is_empty(), "the new group's guid")?;
        let told = self.told(Who::Member).await?;
        promise(told.text().contains(&new), "the new group's guid to whom asked for it")
    }

    async fn ask_and_deny(&mut self) -> io::Result<()> {
        self.tell("Margaret asks for another one.").await?;
        let card = self.ask(Who::OtherMember, &[("name", WISHED)]).await?;

        self.tell("Grace, the other administrator, denies it and says why.").await?;
        let Reply::Form(form) = self.press(Who::SecondAdmin, &card, "Deny").await? else {
            return promise(false, "a form that asks why");
        };
        self.submit(Who::SecondAdmin, &form, WHY_NOT).await?;
        let done = self.edited(&card, |now| now.text().contains(WHY_NOT)).await?;
        let is_created = self.sandbox.connect.guid_of(WISHED).is_some();
        promise(done.buttons().is_empty() && !is_created, "that nothing is left to decide")?;
        let told = self.told(Who::OtherMember).await?;
        promise(told.text().contains(WHY_NOT), "why the request was denied")
    }

    async fn create(&mut self) -> io::Result<()> {
        self.tell("An administrator needn't ask.").await?;
        let created = self.slash(Who::Admin, "create", &[("name", OWN)]).await?;
        let own = self.guid(OWN)?;
        promise(created.text().contains(&own), "the new group's guid")?;

        self.tell("Now the search shows both guids.").await?;
        let found = self.slash(Who::Member, "search", &[("prefix", OLD)]).await?;
        let new = self.guid(NEEDED)?;
        let all = row(&found, NEEDED, Some(&new))
            && row(&found, OWN, Some(&own))
            && row(&found, WISHED, None);
        promise(all, "what came of it all")
    }

    /// Asks for a group, and gives the message in which admins read of it.
    async fn ask(&mut self, who: Who, options: &[(&str, &str)]) -> io::Result<Message> {
        let answer = self.slash(who, "create", options).await?;
        promise(answer.private_to == Some(who), "a private word that the request was made")?;
        let (_, name) = options[0];
        let is_asked = |message: &Message| {
            let labels: Vec<_> = message.buttons().into_iter().map(|button| button.label).collect();
            message.channel == REQUESTS
                && message.text().contains(name)
                && labels == ["Approve", "Deny"]
        };
        self.seen("the request with Approve and Deny", is_asked).await
    }

    /// Tells what is about to be seen.
    async fn tell(&mut self, story: &str) -> io::Result<()> {
        self.beat().await;
        self.canvas.show(&[Line::default(), Line::new(story, style::YELLOW)])
    }

    async fn typed(&mut self, prompt: &str, line: &str) -> io::Result<()> {
        self.beat().await;
        let prompt = Span::new(prompt, style::BOLD_CYAN);
        self.canvas.show(&[Line::of(vec![prompt, Span::new(line, style::BOLD)])])?;
        self.beat().await;
        Ok(())
    }

    /// Lets a person use a command, and shows the answer.
    async fn slash(
        &mut self,
        who: Who,
        sub: &str,
        options: &[(&str, &str)],
    ) -> io::Result<Message> {
        let command = format!("/ldapgroup {sub}");
        let given = options.iter().map(|(name, value)| format!(" {name}:{value}"));
        let typed = format!("{command}{}", given.collect::<String>());
        self.typed(&prompt(who), &typed).await?;
        let person = self.sandbox.discord.person(who);
        let values: Vec<(&str, Value)> =
            options.iter().map(|(name, value)| (*name, json!(value))).collect();
        match person.slash(&command, &values).await.reply {
            Reply::Message { message, .. } => {
                self.canvas.show(&screen::message(&message))?;
                Ok(message)
            }
            Reply::Update(_) | Reply::Form(_) | Reply::Acknowledged | Reply::NoResponse => {
                self.canvas.show(&screen::no_response(who, &command))?;
                Err(io::Error::other(format!("the bot didn't answer {typed}")))
            }
        }
    }

    async fn press(&mut self, who: Who, card: &Message, label: &str) -> io::Result<Reply> {
        self.typed(&prompt(who), &format!("press {label}")).await?;
        Ok(self.sandbox.discord.person(who).press(card, label).await.reply)
    }

    /// Fills the form's only input and sends it.
    async fn submit(&mut self, who: Who, form: &Form, value: &str) -> io::Result<()> {
        let [input] = &form.inputs[..] else {
            return promise(false, "a form with one input");
        };
        self.canvas.show(&screen::form(form))?;
        self.typed(&screen::asked(input), value).await?;
        let person = self.sandbox.discord.person(who);
        let reply = person.submit(form, &[(&input.custom_id, value)]).await.reply;
        promise(reply == Reply::Acknowledged, "that the form is taken")
    }

    /// The message, once it is as wanted.
    async fn edited(
        &mut self,
        card: &Message,
        is_wanted: impl Fn(&Message) -> bool,
    ) -> io::Result<Message> {
        let is_it =
            |message: &Message| message.id == card.id && message.edited && is_wanted(message);
        self.seen("what came of the request", is_it).await
    }

    /// The message that tells the person what came of a request.
    async fn told(&mut self, who: Who) -> io::Result<Message> {
        let pings =
            |message: &Message| message.channel == CONNECT && message.pings.users == [who.id()];
        self.seen(&format!("a word to {}", who.name()), pings).await
    }

    /// Waits for what the bot does by itself, in whatever order, and shows it.
    async fn seen(&mut self, what: &str, is_it: impl Fn(&Message) -> bool) -> io::Result<Message> {
        let Self { changes, said, .. } = self;
        let waiting = async {
            loop {
                if let Some(at) = said.iter().position(&is_it) {
                    return Some(said.remove(at));
                }
                match changes.recv().await {
                    Ok(Change::Posted(message) | Change::Edited(message)) => said.push(message),
                    Ok(_) | Err(RecvError::Lagged(_)) => {}
                    Err(RecvError::Closed) => return None,
                }
            }
        };
        let Ok(Some(message)) = timeout(PATIENCE, waiting).await else {
            return Err(io::Error::other(format!("the bot should show {what}")));
        };
        self.beat().await;
        self.canvas.show(&screen::message(&message))?;
        Ok(message)
    }

    async fn beat(&self) {
        if self.is_watched {
            tokio::time::sleep(BEAT).await;
        }
    }

    fn guid(&self, name: &str) -> io::Result<String> {
        let guid = self.sandbox.connect.guid_of(name);
        guid.ok_or_else(|| io::Error::other(format!("Connect has no group {name}")))
    }
}

fn promise(is_kept: bool, what: &str) -> io::Result<()> {
    if is_kept {
        return Ok(());
    }
    Err(io::Error::other(format!("the bot's answer should show {what}")))
}

/// What stands before what somebody types.
fn prompt(who: Who) -> String {
    format!("{} › ", who.name())
}

/// Does a line of the message hold this name, and this guid or none?
fn row(message: &Message, name: &str, guid: Option<&str>) -> bool {
    message.text().lines().any(|line| {
        let mut words = line.split([' ', '`']);
        let is_guid = |word: &str| word.len() == 36 && word.matches('-').count() == 4;
        words.clone().any(|word| word == name) && words.find(|word| is_guid(word)) == guid
    })
}
