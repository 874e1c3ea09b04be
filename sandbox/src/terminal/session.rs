//! A user at the prompt: what is said is done, and what happens is drawn.

use std::{future::Future, io, ops::ControlFlow, pin::pin, time::Duration};

use serde_json::Value;
use tokio::{
    sync::broadcast::{
        Receiver,
        error::{RecvError, TryRecvError},
    },
    time::timeout,
};

use super::{
    buttons,
    canvas::Canvas,
    menu::{self, Command},
    paint::Line,
    reader::{Ask, Heard, Reader},
    screen,
    speech::{self, Act},
    words,
};
use crate::{
    Sandbox, Trouble,
    discord::{Answer, Change, Form, GUILD, Reply, Who},
};

/// When nothing has happened for so long, what follows an act is over.
const QUIET: Duration = Duration::from_millis(300);

#[cfg(test)]
mod tests;

/// The user's sitting: who speaks, what was shown, what is broken.
pub(super) struct Session<'s> {
    sandbox: &'s Sandbox,
    reader: Reader,
    canvas: Canvas,
    changes: Receiver<Change>,
    speaker: Who,
    /// How many violations have been shown.
    violations: usize,
    /// The messages that say "thinking…".
    placeholders: Vec<u64>,
}

impl<'s> Session<'s> {
    pub(super) fn new(sandbox: &'s Sandbox, reader: Reader, canvas: Canvas) -> Self {
        Self {
            sandbox,
            reader,
            canvas,
            changes: sandbox.discord.subscribe(),
            speaker: Who::Admin,
            violations: 0,
            placeholders: Vec::new(),
        }
    }

    /// Lets the user speak until they leave.
    pub(super) async fn run(mut self) -> io::Result<()> {
        let welcome = words::welcome(&self.sandbox.connect, self.reader.is_typed);
        self.canvas.show(&welcome)?;
        let mut interrupted = false;
        loop {
            self.canvas.show(&[Line::default()])?;
            let prompt = words::prompt(self.speaker);
            match self.hear(prompt, Some(self.speaker)).await? {
                Heard::Line(line) => {
                    interrupted = false;
                    if self.obey(&line).await?.is_break() {
                        return Ok(());
                    }
                }
                Heard::Interrupted if !interrupted => {
                    interrupted = true;
                    self.note("Ctrl-C once more leaves, as Ctrl-D and quit do.")?;
                }
                Heard::Interrupted | Heard::End => return Ok(()),
            }
        }
    }

    /// Waits for a line, and draws what happens meanwhile.
    async fn hear(&mut self, prompt: String, speaker: Option<Who>) -> io::Result<Heard> {
        let shown = prompt.clone();
        self.reader.ask(Ask { prompt, speaker });
        loop {
            tokio::select! {
                heard = self.reader.heard() => {
                    let (heard, width) = heard?;
                    self.canvas.resize(width);
                    if let Heard::Line(line) = &heard && !self.reader.is_typed {
                        self.canvas.show(&[words::typed(&shown, line)])?;
                    }
                    return Ok(heard);
                }
                change = self.changes.recv() => match change {
                    Ok(change) => self.draw(change)?,
                    // Both live as long as the sandbox; what was missed can't be drawn.
                    Err(RecvError::Lagged(_) | RecvError::Closed) => {}
                },
            }
        }
    }

    async fn obey(&mut self, line: &str) -> io::Result<ControlFlow<()>> {
        let registered = self.sandbox.discord.commands(GUILD).unwrap_or_default();
        let commands = menu::commands(&registered);
        let line = match speech::read(line, &commands) {
            Ok(line) => line,
            Err(slip) => {
                self.note(&slip)?;
                return Ok(ControlFlow::Continue(()));
            }
        };
        self.speaker = line.who.unwrap_or(self.speaker);
        match line.act {
            Act::Nothing => {}
            Act::Slash(command, values) => self.slash(command, &values).await?,
            Act::Press(label) => self.press(&label).await?,
            Act::Pick(option) => self.pick(&option).await?,
            Act::Groups(prefix) => {
                let lines = words::groups(&self.sandbox.connect, &prefix);
                self.canvas.show(&lines)?;
            }
            Act::Break(trouble) => self.spoil(trouble).await?,
            Act::Mend => self.mend().await?,
            Act::People => self.canvas.show(&words::people(self.speaker))?,
            Act::Help => self.canvas.show(&words::help(&commands))?,
            Act::Quit => return Ok(ControlFlow::Break(())),
        }
        self.tell_violations()?;
        Ok(ControlFlow::Continue(()))
    }

    async fn slash(&mut self, command: &Command, values: &[(&str, Value)]) -> io::Result<()> {
        let person = self.sandbox.discord.person(self.speaker);
        let pending = person.start_slash(&command.name, values);
        let name = format!("/{}", command.name);
        self.follow(pending.answer(), &name).await
    }

    async fn press(&mut self, label: &str) -> io::Result<()> {
        let messages = buttons::visible(&self.sandbox.discord, self.speaker);
        let Some((message, button)) = buttons::find(messages, label) else {
            return self.note(&format!("No message here has a button {label:?}."));
        };
        let person = self.sandbox.discord.person(self.speaker);
        match person.try_press(&message, &button.custom_id) {
            Ok(pending) => self.follow(pending.answer(), &button.label).await,
            Err(why) => self.note(&why.to_string()),
        }
    }

    async fn pick(&mut self, option: &str) -> io::Result<()> {
        let messages = buttons::visible(&self.sandbox.discord, self.speaker);
        let Some((message, pick)) = buttons::picked(messages, option) else {
            return self.note(&format!("No message here has a menu with {option:?}."));
        };
        let person = self.sandbox.discord.person(self.speaker);
        let values: Vec<_> = pick.values.iter().map(String::as_str).collect();
        match person.try_pick(&message, &pick.custom_id, &values) {
            Ok(pending) => self.follow(pending.answer(), option).await,
            Err(why) => self.note(&why.to_string()),
        }
    }

    /// Draws what happens until the answer is there, and that itself.
    async fn follow(&mut self, answer: impl Future<Output = Answer>, what: &str) -> io::Result<()> {
        match self.answer(answer).await? {
            Reply::Form(form) => match self.fill(&form).await? {
                Some(values) => {
                    let values: Vec<_> = values
                        .iter()
                        .map(|(name, value)| (name.as_str(), value.as_str()))
                        .collect();
                    let person = self.sandbox.discord.person(self.speaker);
                    let reply = self.answer(person.submit(&form, &values)).await?;
                    self.conclude(&reply, &form.title).await
                }
                None => self.note("You closed the form; nothing was sent."),
            },
            reply @ (Reply::Message { .. }
            | Reply::Update(_)
            | Reply::Acknowledged
            | Reply::NoResponse) => self.conclude(&reply, what).await,
        }
    }

    async fn answer(&mut self, answer: impl Future<Output = Answer>) -> io::Result<Reply> {
        let mut answer = pin!(answer);
        let reply = loop {
            tokio::select! {
                biased;
                change = self.changes.recv() => match change {
                    Ok(change) => self.draw(change)?,
                    Err(RecvError::Lagged(_) | RecvError::Closed) => {}
                },
                answer = &mut answer => break answer.reply,
            }
        };
        loop {
            match self.changes.try_recv() {
                Ok(change) => self.draw(change)?,
                Err(TryRecvError::Lagged(_)) => {}
                Err(TryRecvError::Empty | TryRecvError::Closed) => return Ok(reply),
            }
        }
    }

    /// Draws of an answer what isn't a message: those were drawn when they changed. Then what the bot
    /// does by itself, where nothing else was seen or the next line is there already.
    async fn conclude(&mut self, reply: &Reply, what: &str) -> io::Result<()> {
        match reply {
            Reply::Message { .. } | Reply::Update(_) if self.reader.is_typed => Ok(()),
            Reply::Message { .. } | Reply::Update(_) => self.settle().await.map(drop),
            Reply::Acknowledged => {
                if self.settle().await? {
                    return Ok(());
                }
                self.note("The bot took note of it.")
            }
            Reply::Form(_) => {
                self.note("The bot answered with another form, which Discord refuses.")
            }
            Reply::NoResponse => self.canvas.show(&screen::no_response(self.speaker, what)),
        }
    }

    /// Draws what happens, until nothing has for a moment. Whether something did.
    async fn settle(&mut self) -> io::Result<bool> {
        let mut has_drawn = false;
        loop {
            match timeout(QUIET, self.changes.recv()).await {
                Ok(Ok(change)) => {
                    has_drawn = true;
                    self.draw(change)?;
                }
                Ok(Err(RecvError::Lagged(_))) => {}
                Ok(Err(RecvError::Closed)) | Err(_) => return Ok(has_drawn),
            }
        }
    }

    /// Asks for each of the form's values; `None` if the user closes it.
    async fn fill(&mut self, form: &Form) -> io::Result<Option<Vec<(String, String)>>> {
        self.canvas.show(&[screen::form(form)])?;
        self.canvas.show(&[Line::dim("Ctrl-D closes it without sending.").indented(2)])?;
        let mut values = Vec::new();
        for input in &form.inputs {
            let value = loop {
                let Heard::Line(line) = self.hear(screen::asked(input), None).await? else {
                    return Ok(None);
                };
                // What stands in it already may have lines that can't be typed here.
                let line = if line.is_empty() { input.value.clone() } else { line };
                let length = line.encode_utf16().count() as u64;
                let is_left_out = length == 0 && !input.required;
                if is_left_out || (input.min_length.max(1)..=input.max_length).contains(&length) {
                    break line;
                }
                let least = input.min_length.max(1);
                let most = input.max_length;
                self.note(&format!("It takes {least} to {most} characters; Ctrl-D closes."))?;
            };
            values.push((input.custom_id.clone(), value));
        }
        Ok(Some(values))
    }

    fn draw(&mut self, change: Change) -> io::Result<()> {
        match change {
            Change::Posted(message) | Change::Edited(message) => {
                if message.thinking {
                    self.placeholders.push(message.id);
                }
                self.canvas.show(&screen::message(&message))
            }
            // What the bot says instead follows.
            Change::Deleted(id) if self.placeholders.contains(&id) => Ok(()),
            Change::Deleted(_) => self.note("A message was deleted."),
            Change::Registered(_) => self.note("The bot registered its commands."),
            Change::Ready => self.note("The bot is connected to Discord."),
            Change::Disconnected => self.note("The bot lost its connection to Discord."),
            // Whoever typed is told so by the answer that is waited for.
            Change::Unanswered(_) => Ok(()),
        }
    }

    async fn spoil(&mut self, trouble: Trouble) -> io::Result<()> {
        self.sandbox.set_trouble(trouble, true).await?;
        self.canvas.show(&words::broken(trouble))
    }

    async fn mend(&mut self) -> io::Result<()> {
        let was_cut_off = self.sandbox.troubles().borrow().contains(&Trouble::GatewayAway);
        self.sandbox.mend().await?;
        if was_cut_off {
            self.note("All is well again. The bot finds back to Discord within seconds.")
        } else {
            self.note("All is well again.")
        }
    }

    fn tell_violations(&mut self) -> io::Result<()> {
        let violations = self.sandbox.violations();
        let new = violations.iter().skip(self.violations);
        let lines: Vec<_> = new.map(|text| words::violation(text)).collect();
        self.violations = violations.len();
        self.canvas.show(&lines)
    }

    fn note(&mut self, text: &str) -> io::Result<()> {
        self.canvas.show(&[words::note(text)])
    }
}
