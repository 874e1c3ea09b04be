//! Whatever names and other people's words hold, nothing of it comes alive in any message: no mention,
//! no command, no link, and nothing that can't be seen.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use proptest::prelude::*;
use reqwest::StatusCode;
use serenity::all::CommandId;

use super::{GUIDS, group, wanted};
use crate::arbitrary::{ten_thousand, text};
use crate::check::{self, Finding, Level};
use crate::connect::{Code, ConnectError};
use crate::correlation::CorrelationId;
use crate::discord::custom_id::PickId;
use crate::discord::messages::markdown::with_commands;
use crate::discord::messages::reply::{MAX_CARD, MAX_CHOICE, MAX_CONTENT, Reply};
use crate::discord::messages::{
    choices, create, failures, lists, notices, pick, refusals, request, search, status,
};
use crate::group::{GroupName, Guid, Prefix};
use crate::ids::{RoleId, UserId};
use crate::ldapgroup::{self, Created, InUseBy, Known, SideEffect};
use crate::request::{
    Activity, GroupStatus, MAX_REASON_CHARS, Participant, Reason, Request, RequestedGroup, State,
};
use crate::requests::{
    Cause, CreateOutcome, Entry, Failure, Listed, Listing, Notice, Overview, Refusal, Skipped,
};
use crate::text::{escape_invisible, utf16_len};
use crate::tickets::Search;

/// What Discord makes something of, and what could hide or end what it stands in.
const LIVE: [&str; 14] = [
    "@everyone",
    "@here",
    "<@1>",
    "<@!1>",
    "<@&1>",
    "<#1>",
    "</cmd:1>",
    "<:smile:1>",
    "<t:1:R>",
    "<id:home>",
    "https://evil.example",
    "](https://evil.example)",
    "http://evil.example",
    "mailto:a@evil.example",
];

/// A text that somebody else chose: often one that is meant to come alive.
fn outside() -> impl Strategy<Value = String> {
    let odd = [
        "`",
        "``",
        "\\",
        "*",
        "||",
        "[x",
        "\n",
        "# ",
        "> ",
        "-# ",
        "\u{202e}",
        "\u{200b}",
        "\u{fe0f}",
        "\u{1}18446744073709551615>",
        "</ldapgroup create:",
        " ",
        "営🦀",
    ];
    let piece = prop::sample::select([&LIVE[..], &odd].concat());
    let meant = prop::collection::vec(piece, 1..12).prop_map(|pieces| pieces.concat());
    prop_oneof![3 => meant, 1 => text()]
}

/// One that is a name, as Connect and the bot take them.
fn name() -> impl Strategy<Value = String> {
    outside()
        .prop_map(|name| name.chars().take(4095).collect())
        .prop_filter("a name has a letter", |name: &String| !name.trim().is_empty())
}

/// What stands outside code spans, without what is escaped; nothing if a code span has no end.
fn open(text: &str) -> Option<String> {
    let (mut open, mut chars, mut is_code) = (String::new(), text.chars(), false);
    while let Some(c) = chars.next() {
        match c {
            '`' => {
                is_code = !is_code;
                open.push(' ');
            }
            '\\' if !is_code => drop(chars.next()),
            c if !is_code => open.push(c),
            _ => {}
        }
    }
    (!is_code).then_some(open)
}

/// That a message has room at Discord, and nothing of it that isn't the bot's own comes alive.
fn assert_harmless(message: &str, max: usize) {
    for id in [None, Some(CommandId::new(u64::MAX))] {
        let shown = with_commands(message, id);
        assert!(utf16_len(&shown) <= max, "{} of {max}: {shown}", utf16_len(&shown));
        let open = open(&shown).unwrap_or_else(|| panic!("a code span has no end: {shown}"));
        for live in LIVE {
            assert!(!open.contains(live), "{live} lives: {shown}");
        }
        assert_visible(&shown.replace('\n', ""));
    }
}

/// That nothing in it draws nothing, but what belongs to the bot's own symbols.
fn assert_visible(shown: &str) {
    let shown = shown.replace("⚠️", "").replace("↩️", "");
    assert_eq!(escape_invisible(&shown), shown);
}

fn assert_harmless_reply(reply: &Reply) {
    assert_harmless(&reply.content, MAX_CONTENT);
    for option in reply.menu.iter().flat_map(|menu| &menu.options) {
        assert_visible(&option.name);
        assert!((1..=MAX_CHOICE).contains(&utf16_len(&option.name)));
    }
}

/// A name and words from outside, and what they are put into.
#[derive(Debug)]
struct Told {
    name: GroupName,
    other: GroupName,
    /// Connect's words, or a person's.
    words: String,
    stage: Stage,
}

/// How far a request is: the numbers of its state, of what came of its groups, and of why.
#[derive(Clone, Copy, Debug)]
struct Stage {
    state: usize,
    status: usize,
    cause: usize,
    /// How many groups it is for.
    groups: usize,
}

impl Told {
    fn guid() -> Guid {
        Guid::trusted(GUIDS[1].to_owned())
    }

    /// A reason as somebody may give one.
    fn reason(&self) -> String {
        self.words.chars().take(MAX_REASON_CHARS).collect()
    }

    /// Why something failed, as it is kept.
    fn causes(&self) -> [Reason; 4] {
        let (there, text) = (Reason::kept(self.other.as_str()), Reason::kept(&self.words));
        [
            Reason::Refused { number: 7, text: text.clone() },
            Reason::NotConnect { status: 502, content_type: Some(text) },
            Reason::InOtherCase { there: there.clone() },
            Reason::NoSuchGroup { near: Some(there) },
        ]
    }

    /// A request for the one, or for both, with all that can be said of it.
    fn request(&self) -> Request {
        let Stage { state, status, cause, groups: count } = self.stage;
        let (state, cause) = (State::ALL[state], &self.causes()[cause]);
        let group = |name: &GroupName| RequestedGroup {
            name: name.clone(),
            status: GroupStatus::ALL[status],
            guid: Some(Self::guid()),
            failure: Some(cause.clone()),
            was_sent: false,
        };
        let mut groups = vec![group(&self.name), group(&self.other)];
        groups.truncate(count);
        wanted(groups, state, (self.reason(), self.reason(), cause.clone()))
    }

    fn refusals(&self) -> Vec<ldapgroup::Refusal> {
        use ldapgroup::Refusal::{Ambiguous, InOtherCase, InUse, NoSuchGroup, TooBroad};
        let (name, other, by) = (self.name.clone(), self.other.clone(), InUseBy::ThisGroup);
        vec![
            InUse { name: name.clone(), guid: Some(Self::guid()), by },
            InUse { name: name.clone(), guid: None, by: InUseBy::AnotherGroup },
            InOtherCase { name: name.clone(), there: other.clone(), guid: Self::guid() },
            NoSuchGroup { name: name.clone(), near: vec![other.clone(), name.clone()] },
            Ambiguous { name: name.clone(), found: vec![other, name] },
            TooBroad,
        ]
    }
}

fn stage() -> impl Strategy<Value = Stage> {
    (0..State::ALL.len(), 0..GroupStatus::ALL.len(), 0..4_usize, 1..=2_usize)
        .prop_map(|(state, status, cause, groups)| Stage { state, status, cause, groups })
}

fn of_search(told: &Told) {
    let names = [&told.name, &told.other].map(GroupName::as_str);
    let groups: Vec<_> = names
        .into_iter()
        .chain(names)
        .zip([None, None, Some(GUIDS[0]), None])
        .map(|(name, guid)| group(name, guid))
        .collect();
    let found = Search::new(Prefix::from(told.other.clone()), Arc::from(groups));
    for requested in [HashSet::new(), HashSet::from([told.name.folded()])] {
        assert_harmless_reply(&search::page(&found, &requested, 0));
    }
    assert_harmless_reply(&search::nothing(&found, &[told.name.clone(), told.other.clone()]));
    for choice in choices::groups(&[Arc::new(found)], "") {
        assert_visible(&choice.name);
        assert!((1..=MAX_CHOICE).contains(&utf16_len(&choice.name)));
    }
    let names = names.map(str::to_owned);
    assert_harmless_reply(&pick::confirm(&names[..1], PickId(1)));
    assert_harmless_reply(&pick::confirm(&names, PickId(1)));
}

fn of_refusals_and_failures(told: &Told) {
    for refusal in told.refusals() {
        assert_harmless_reply(&refusals::answer(&Refusal::Group(refusal)));
    }
    let (name, request) = (told.name.clone(), Box::new(told.request()));
    for refusal in [
        Refusal::Open(name, request.clone()),
        Refusal::AskedAgain(request.clone()),
        Refusal::Over(request),
    ] {
        assert_harmless_reply(&refusals::answer(&refusal));
    }
    let (text, status) = (told.reason(), StatusCode::BAD_GATEWAY);
    let content_type = Some(text.clone());
    for error in [
        ConnectError::Refused { code: Code::Other(7), text, status, retry_after: None },
        ConnectError::NotConnect { status, content_type, retry_after: None },
    ] {
        let failing = Finding::new(Level::Fail, check::words(&error.reason()));
        let failure =
            Failure { cause: Cause::Connect(Arc::new(error)), side_effect: SideEffect::Unknown };
        assert_harmless_reply(&failures::failed(&failure, CorrelationId::new()));
        let overview = Overview { open: 2, oldest: Some(told.request()), latest: None };
        let named = Finding::new(Level::Warn, check::words(&told.name));
        let findings = [failing, named];
        let id = CorrelationId::new();
        assert_harmless_reply(&status::status(SystemTime::now(), &findings, Some(&overview), id));
    }
}

fn of_creations(told: &Told) {
    let name = || told.name.clone();
    for known in [Known::Answered, Known::FoundAfterwards] {
        assert_harmless_reply(&create::created(&Created {
            name: name(),
            guid: Told::guid(),
            known,
        }));
    }
    let request = told.request();
    let refused = told.refusals().into_iter();
    let mut skipped: Vec<_> = refused.map(|why| Skipped::Refused { name: name(), why }).collect();
    skipped.push(Skipped::Open { name: name(), request: request.clone() });
    let activity = Some(Activity::Joined);
    skipped.push(Skipped::Asked { name: name(), request: request.clone(), activity });
    let mut outcome = CreateOutcome { request: Some(request), skipped, created: None };
    for is_shown in [false, true] {
        let ttl = Duration::from_hours(72);
        assert_harmless_reply(&create::asked(&outcome, is_shown, ttl));
        assert_harmless_reply(&create::begun(&outcome, is_shown));
    }
    outcome.request = None;
    outcome.skipped.truncate(1);
    assert_harmless_reply(&create::begun(&outcome, false));
}

fn of_requests(told: &Told) {
    let admins = [RoleId(u64::MAX)];
    let request = told.request();
    let reasons = [None, Some(told.reason())].into_iter();
    let people = reasons.zip(2..).map(|(reason, at)| Participant { person: UserId(at), reason });
    let people: Vec<_> = people.collect();
    let card = request::card(&request, &people, &admins, Duration::from_hours(72));
    assert_harmless(&card.texts.join("\n"), MAX_CARD + card.texts.len());
    assert_harmless(&request::denial_text(&request), MAX_CARD);
    assert_harmless(&notices::reminder(&request, &admins, Duration::ZERO), MAX_CONTENT);
    for reply in
        [notices::taken_back(&request), notices::cancelled(&request), notices::over(&request)]
    {
        assert_harmless_reply(&reply);
    }
    let (people, place) = (vec![request.requester], request.place);
    assert_harmless(&notices::notice(&Notice { request, people, place }), MAX_CONTENT);
}

fn of_lists(told: &Told) {
    let own = (vec![told.request()], Vec::new());
    for (name, _) in lists::request_choices(&own, "", UserId(1)) {
        assert_visible(&name);
        assert!((1..=MAX_CHOICE).contains(&utf16_len(&name)));
    }
    let step = |cause: Reason| Entry {
        request_id: 7,
        at: SystemTime::now(),
        person: Some(UserId(2)),
        before: None,
        after: State::Failed,
        activity: None,
        why: matches!(cause, Reason::Refused { .. }).then(|| told.reason()),
        cause: Some(cause),
        bringer: None,
        guid: Some(Told::guid()),
        correlation: CorrelationId::new().to_string(),
    };
    assert_harmless_reply(&lists::requests(&listed(own.0), Listing::All));
    let history = listed(told.causes().into_iter().map(step).collect());
    assert_harmless_reply(&lists::history(&history, told.name.as_str()));
    assert_harmless_reply(&lists::history(&listed(Vec::new()), told.name.as_str()));
}

fn listed<T>(entries: Vec<T>) -> Listed<T> {
    Listed { total: entries.len(), entries, is_cut: true, page: 0, pages: 2 }
}

proptest! {
    #![proptest_config(ten_thousand())]

    #[test]
    fn nothing_from_outside_comes_alive_or_hides_in_any_message(
        name in name(),
        other in name(),
        words in outside(),
        stage in stage(),
    ) {
        let told = Told {
            name: GroupName::parse(&name).unwrap(),
            other: GroupName::parse(&other).unwrap(),
            words,
            stage,
        };
        of_search(&told);
        of_refusals_and_failures(&told);
        of_creations(&told);
        of_requests(&told);
        of_lists(&told);
    }
}
