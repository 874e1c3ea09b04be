//! A short scene, which is also a test: it fails where an answer isn't what it promises.

use std::{io, time::Duration};

use serde_json::json;

use super::{
    canvas::Canvas,
    markdown,
    paint::{Line, Style},
    screen, words,
};
use crate::{
    Sandbox,
    discord::{Message, Reply, Who},
};

/// Between two things that happen, where somebody watches.
const BEAT: Duration = Duration::from_millis(300);

/// The scene's group, which the bundled directory has and Connect hasn't.
const NEW: &str = "accounting2";
/// One that Connect has from the start.
const OLD: &str = "accounting";
/// One that nobody creates.
const WISHED: &str = "accounting-emea";

pub(super) struct Demo<'s> {
    pub(super) sandbox: &'s Sandbox,
    pub(super) canvas: Canvas,
    /// Whether somebody watches.
    pub(super) is_watched: bool,
}

impl Demo<'_> {
    /// Plays it to the end.
    ///
    /// # Errors
    ///
    /// When an answer isn't what the scene promises, the bot did what the real services don't allow,
    /// or the standard output can't be written to.
    pub(super) async fn play(mut self) -> io::Result<()> {
        self.canvas.show(&[
            words::heading(
                "A team brings an LDAP group into Posit Connect, from its Discord channel.",
            ),
            Line::dim(
                "The bot is the real one; Discord and Connect are stand-ins on this machine.",
            ),
        ])?;
        self.search_and_create().await?;
        self.be_refused().await?;
        let violations = self.sandbox.violations();
        if !violations.is_empty() {
            let all = violations.join("; ");
            return Err(io::Error::other(format!("the bot isn't well-behaved: {all}")));
        }
        self.canvas.show(&[
            Line::default(),
            Line::of(markdown::inline(
                "Now you: `cargo sandbox` lets you speak as any of them.",
                Style::BOLD,
            )),
        ])
    }

    async fn search_and_create(&mut self) -> io::Result<()> {
        let found = self
            .act(
                "Ada looks which accounting groups there are. NULL: Connect hasn't got it yet.",
                Who::Admin,
                "search",
                OLD,
            )
            .await?;
        let old = self.guid(OLD)?;
        promise(row(&found, OLD, &old) && row(&found, NEW, "NULL"), "the groups found")?;

        let created =
            self.act("She creates the one that her team needs.", Who::Admin, "create", NEW).await?;
        let new = self.guid(NEW)?;
        promise(created.text().contains(&new), "the new group's guid")?;

        let found = self.act("Now the search shows its guid.", Who::Admin, "search", NEW).await?;
        promise(row(&found, NEW, &new), "the new group among those found")
    }

    async fn be_refused(&mut self) -> io::Result<()> {
        let told = self.act("Linus isn't an administrator.", Who::Member, "create", WISHED).await?;
        let is_told = told.private_to == Some(Who::Member) && told.text().contains("administrator");
        let is_created = self.sandbox.connect.guid_of(WISHED).is_some();
        promise(is_told && !is_created, "a private refusal")?;

        let told = self
            .act(
                "A group that exists isn't created again: these are Connect's own words.",
                Who::Admin,
                "create",
                OLD,
            )
            .await?;
        let old = self.guid(OLD)?;
        let in_use = "The requested group name is already in use.";
        promise(told.text().contains(in_use) && told.text().contains(&old), in_use)
    }

    /// Tells what is about to be seen, lets a person use a command, and shows the answer.
    async fn act(&mut self, story: &str, who: Who, sub: &str, value: &str) -> io::Result<Message> {
        let option = if sub == "search" { "prefix" } else { "name" };
        let command = format!("/ldapgroup {sub}");
        self.beat().await;
        self.canvas.show(&[Line::default(), words::note(story)])?;
        self.beat().await;
        let typed = format!("{command} {option}:{value}");
        self.canvas.show(&[words::typed(&words::prompt(who), &typed)])?;
        self.beat().await;
        let person = self.sandbox.discord.person(who);
        let answer = person.slash(&command, &[(option, json!(value))]).await;
        match answer.reply {
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

/// Does a line of the message hold just this name and this guid?
fn row(message: &Message, name: &str, guid: &str) -> bool {
    let mut lines = message.content.lines();
    lines.any(|line| line.split_whitespace().eq([name, guid]))
}
