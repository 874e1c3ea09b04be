//! Messages as one sees them in Discord's channel.

use serde_json::Value;

use super::{
    components, markdown, names,
    paint::{self, Line, Span, Style},
};
use crate::discord::{CONNECT, Form, Input, Message, Who};

/// The first moment of 2015 in seconds of Unix time: where Discord's ids begin.
const DISCORD_EPOCH: u64 = 1_420_070_400;

/// A message, with where it stands and what it answers; a placeholder without.
pub(super) fn message(message: &Message) -> Vec<Line> {
    if message.thinking {
        let text = format!("{} is thinking…", message.author);
        let text = Span::new(&text, Style::DIM | Style::ITALIC);
        return vec![Line::of(vec![text]).indented(2)];
    }
    let mut body = vec![author(message)];
    let mut content =
        if message.content.is_empty() { Vec::new() } else { markdown::lines(&message.content) };
    let mut rest: Vec<_> = message.embeds.iter().flat_map(embed).collect();
    rest.extend(components::lines(&message.components));
    if message.edited {
        match content.last_mut() {
            Some(last) => last.text.push(Span::new(" (edited)", Style::DIM)),
            None => rest.push(Line::dim("(edited)")),
        }
    }
    body.extend(content);
    body.extend(rest);
    if message.private_to.is_some() {
        body.push(Line::dim("Only you can see this"));
    }
    let mut lines = vec![header(message)];
    lines.extend(body.into_iter().map(|line| line.indented(2)));
    lines
}

/// What a person sees of a command that nobody answered, in Discord's words.
pub(super) fn no_response(who: Who, command: &str) -> Vec<Line> {
    let text = "The application did not respond";
    vec![
        place(names::channel(CONNECT), &used(who, command)),
        Line::of(vec![Span::new(text, Style::RED)]).indented(2),
    ]
}

fn place(channel: &str, what: &str) -> Line {
    Line::of(vec![
        Span::new(channel, Style::BOLD | Style::BLUE),
        Span::new(&format!("  {what}"), Style::DIM),
    ])
}

fn used(who: Who, command: &str) -> String {
    format!("{} used {command}", names::introduced(who))
}

fn header(message: &Message) -> Line {
    let channel = names::channel(message.channel);
    match &message.interaction {
        None => place(channel, ""),
        Some(origin) if origin.command.starts_with('/') => {
            place(channel, &used(origin.who, &origin.command))
        }
        // Buttons and forms have names that nobody sees.
        Some(origin) => place(channel, &format!("to {}", names::introduced(origin.who))),
    }
}

fn author(message: &Message) -> Line {
    let seconds = DISCORD_EPOCH + (message.id >> 22) / 1000;
    let (hour, minute) = (seconds / 3600 % 24, seconds / 60 % 60);
    let mut spans = vec![Span::new(&message.author, Style::BOLD)];
    if names::person(&message.author).is_none() {
        let padding = Span::new(" ", Style::TAG | Style::WITH_COLOUR);
        let tag = Span::new("APP", Style::TAG);
        spans.extend([Span::plain(" "), padding.clone(), tag, padding]);
    }
    let time = format!("  {hour:02}:{minute:02} UTC");
    spans.push(Span::new(&time, Style::DIM));
    Line::of(spans)
}

/// An embed behind an edge of its colour.
fn embed(embed: &Value) -> Vec<Line> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut lines = Vec::new();
    let mut titled = |title: &Value, body: &Value| {
        let title = text(title);
        if !title.is_empty() {
            lines.push(Line::of(markdown::inline(&title, Style::BOLD)));
        }
        let body = text(body);
        if !body.is_empty() {
            lines.extend(markdown::lines(&body));
        }
    };
    titled(&embed["author"]["name"], &Value::Null);
    titled(&embed["title"], &embed["description"]);
    for field in embed["fields"].as_array().map_or(&[][..], Vec::as_slice) {
        titled(&field["name"], &field["value"]);
    }
    let footer = text(&embed["footer"]["text"]);
    if !footer.is_empty() {
        lines.push(Line::dim(&footer));
    }
    let edge = Span::edge(embed["color"].as_u64());
    lines.into_iter().map(|line| line.behind(&edge, &edge)).collect()
}

/// A form's heading.
pub(super) fn form(form: &Form) -> Line {
    Line::of(vec![Span::new(&form.title, Style::BOLD | Style::UNDERLINED)]).indented(2)
}

/// What stands before the value of a form's input.
pub(super) fn asked(input: &Input) -> String {
    let label = paint::harmless(&input.label);
    let optional = if input.required { "" } else { " (optional)" };
    let lines: Vec<_> = input.value.lines().collect();
    let kept = match &lines[..] {
        [] => String::new(),
        lines => format!(" (Enter for {})", paint::harmless(&lines.join(", "))),
    };
    format!("  {label}{optional}{kept} › ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{super::paint::paint, *};
    use crate::discord::{Discord, Options, Origin, REQUESTS};

    /// 07:21 of some day.
    const MORNING: u64 = (26_460_000 + 86_400_000) << 22;

    /// A message as the stand-in makes them, with the content given.
    async fn said(content: &str) -> Message {
        let discord = Discord::start(Options::default()).await.unwrap();
        let mut message = discord.person(Who::Admin).say(content);
        message.id = MORNING;
        message.author = "ldapgroup".to_owned();
        message
    }

    fn answering(mut message: Message, command: &str) -> Message {
        message.interaction = Some(Origin { who: Who::Admin, command: command.to_owned() });
        message
    }

    fn plain(lines: &[Line]) -> String {
        paint(lines, 60, false)
    }

    #[tokio::test]
    async fn an_answer_names_who_asked_and_what() {
        let content = "**1 LDAP group** begins with `ABE`.\n```\nNAME  GUID\nABE   NULL\n```Bye.";
        let mut answer = answering(said(content).await, "/ldapgroup search");
        answer.private_to = Some(Who::Admin);
        answer.edited = true;
        let expected = "\
#connect  ada (admin) used /ldapgroup search
  ldapgroup APP  07:21 UTC
  1 LDAP group begins with `ABE`.
  │ NAME  GUID
  │ ABE   NULL
  Bye. (edited)
  Only you can see this
";
        assert_eq!(plain(&message(&answer)), expected);
    }

    #[tokio::test]
    async fn embeds_buttons_and_menus_are_drawn() {
        let mut card = said("<@&1098233105413124096>").await;
        card.channel = REQUESTS;
        card.embeds = vec![json!({
            "title": "Request 7",
            "description": "`accounting2`, for <@518402736190455808>, whose team has to share its reports.",
            "color": 0x00_ff_00,
            "fields": [{"name": "Why", "value": "the audit"}],
            "footer": {"text": "expires soon"},
        })];
        let numbers: Vec<_> =
            (1..=7).map(|n| json!({"label": n.to_string(), "value": n.to_string()})).collect();
        card.components = vec![
            json!({"type": 1, "components": [
                {"type": 2, "style": 3, "label": "Approve", "custom_id": "a"},
                {"type": 2, "style": 4, "label": "Deny", "custom_id": "d"},
            ]}),
            json!({"type": 1, "components": [
                {"type": 3, "custom_id": "m", "placeholder": "State",
                 "options": [{"label": "Open", "value": "o"}, {"label": "All", "value": "a"}]},
            ]}),
            json!({"type": 1, "components": [
                {"type": 3, "custom_id": "n", "placeholder": "Number", "options": numbers},
            ]}),
        ];
        let expected = "\
#connect-requests
  ldapgroup APP  07:21 UTC
  @Connect admins
  ▌ Request 7
  ▌ `accounting2`, for @linus, whose team has to share its
  ▌ reports.
  ▌ Why
  ▌ the audit
  ▌ expires soon
  [ Approve ]  [ Deny ]
  [ State ▾ Open / All ]
  [ Number ▾ 1 / 2 / 3 / 4 / 5 / 2 more ]
";
        assert_eq!(plain(&message(&card)), expected);
    }

    #[tokio::test]
    async fn a_placeholder_thinks() {
        let mut placeholder = said("").await;
        placeholder.thinking = true;
        assert_eq!(plain(&message(&placeholder)), "  ldapgroup is thinking…\n");
    }

    #[tokio::test]
    async fn what_a_name_holds_steers_nothing() {
        let hostile = said("`\u{1b}]0;owned\u{7}`\u{202e}").await;
        let shown = paint(&message(&answering(hostile, "/\u{1b}[2J")), 60, true);
        let escapes = shown.replace("\u{1b}[", "").replace('\u{1b}', "ESC");
        assert!(!escapes.contains("ESC") && !shown.contains(['\u{7}', '\u{202e}']), "{escapes}");
        assert!(!shown.contains("\u{1b}[2J"), "{escapes}");
    }

    #[test]
    fn silence_is_told_in_discords_words() {
        let expected = "\
#connect  linus (member) used /ldapgroup create
  The application did not respond
";
        let shown = plain(&no_response(Who::Member, "/ldapgroup create"));
        assert_eq!(shown, expected);
    }
}
