//! Whatever names say, what people read keeps to Discord's limits.

mod cards;
mod limits;
mod outside;

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use insta::assert_snapshot;
use proptest::prelude::*;
use serenity::all::CommandId;

use super::reply::{Choice, MAX_CHOICE, MAX_CHOICES, MAX_CONTENT};
use super::{choices, lists, markdown, pick, refusals, search};
use crate::discord::custom_id::PickId;
use crate::group::{GroupName, Guid, Prefix, RemoteGroup};
use crate::ids::{ChannelId, GuildId, Place, UserId};
use crate::ldapgroup::{InUseBy, Refusal};
use crate::request::{Delay, GroupStatus, Kind, Reason, Request, RequestedGroup, State};
use crate::requests::{Entry, Listed, Listing};
use crate::text::utf16_len;
use crate::tickets::Search;

fn group(name: &str, guid: Option<&str>) -> RemoteGroup {
    let group = serde_json::json!({ "name": name, "guid": guid, "temp_ticket": "secret" });
    serde_json::from_value(group).unwrap()
}

/// What Connect's guids look like, and the longest that the bot takes.
const GUIDS: [&str; 2] = [
    "6f300623-1e0c-48e6-a473-ddf630c0c0c3",
    "0123456789012345678901234567890123456789012345678901234567890123",
];

fn found(prefix: &str, names: &[String]) -> Search {
    holding(prefix, names, |_| None)
}

/// The guid of each group by its number.
fn holding<'g>(prefix: &str, names: &[String], guid: impl Fn(usize) -> Option<&'g str>) -> Search {
    let names = names.iter().enumerate();
    let groups: Vec<_> = names.map(|(at, name)| group(name, guid(at))).collect();
    let prefix = Prefix::parse(prefix).unwrap();
    Search::new(prefix, Arc::from(groups))
}

/// Names with what Discord's markdown and people's eyes stumble over.
fn hostile() -> impl Strategy<Value = String> {
    prop_oneof!["[a-z`@<>*_|\\\\ \u{202e}\u{0}営🦀]{1,80}", "`{1,200}", "(営🦀`){1,400}", ".{1,60}",]
}

#[test]
fn a_command_whose_id_is_not_known_is_a_code_span() {
    let alike = markdown::span("</ldapgroup create:\u{1}18446744073709551615>");
    let (search, create) = (markdown::command("search"), markdown::command("create"));
    let words = format!("{alike} {search}, {create}. {alike}");
    let shown = markdown::with_commands(&words, None);
    assert_eq!(shown, format!("{alike} `/ldapgroup search`, `/ldapgroup create`. {alike}"));
    let shown = markdown::with_commands(&words, Some(CommandId::new(7)));
    assert_eq!(shown, format!("{alike} </ldapgroup search:7>, </ldapgroup create:7>. {alike}"));
}

proptest! {
    #[test]
    fn any_page_fits_a_message_and_has_a_line_for_each_group(
        prefix in "[^\\s].{0,300}",
        names in prop::collection::vec(hostile(), 1..130),
        guid in prop::option::of(0..GUIDS.len()),
        is_requested in any::<bool>(),
    ) {
        let guid = |at| guid.filter(|_| at % 20 > 0).map(|guid| GUIDS[guid]);
        let found = holding(&prefix, &names, guid);
        let requested = names.iter().filter(|_| is_requested).map(|name| name.to_lowercase());
        let requested = requested.take(30).collect();
        for page in 0..=names.len().div_ceil(20) {
            let reply = search::page(&found, &requested, page);
            prop_assert!(utf16_len(&reply.content) <= MAX_CONTENT);
            prop_assert!(!reply.content.contains("secret"));
            let rows = reply.content.lines().filter(|line| {
                let group = ["✅ `", "➕ `", "⏳ `"].iter().find_map(|start| line.strip_prefix(*start));
                group.is_some_and(|group| {
                    let spans = if line.starts_with('✅') { 3 } else { 1 };
                    group.ends_with('`') && group.matches('`').count() == spans
                })
            });
            let left = names.len() - 20 * page.min(names.len().saturating_sub(1) / 20);
            prop_assert_eq!(rows.count(), left.min(20), "{}", reply.content);
            prop_assert!(reply.buttons.len() <= 5);
            let ids: HashSet<_> = reply.buttons.iter().map(|button| &button.custom_id).collect();
            prop_assert_eq!(ids.len(), reply.buttons.len());
            for button in &reply.buttons {
                prop_assert!(utf16_len(&button.custom_id) <= 100, "{}", button.custom_id);
            }
        }
    }

    #[test]
    fn any_confirmation_fits_a_message_and_names_every_pick(
        names in prop::collection::vec(hostile(), 1..=MAX_CHOICES),
    ) {
        let reply = pick::confirm(&names, PickId(u64::MAX));
        prop_assert!(utf16_len(&reply.content) <= MAX_CONTENT, "{}", reply.content);
        let rows = reply.content.lines().filter(|line| line.starts_with("- `")).count();
        prop_assert_eq!(rows, if names.len() == 1 { 0 } else { names.len() });
    }

    #[test]
    fn any_menu_is_one_that_discord_takes_and_whose_picks_are_found_again(
        names in prop::collection::vec(hostile(), 0..60),
    ) {
        let found = found("x", &names);
        let all: Vec<_> = found.groups.iter().map(|group| group.name.clone()).collect();
        for page in 0..3 {
            let Some(menu) = search::page(&found, &HashSet::new(), page).menu else { continue };
            prop_assert!((1..=MAX_CHOICES).contains(&menu.options.len()));
            let values: HashSet<_> = menu.options.iter().map(|option| &option.value).collect();
            prop_assert_eq!(values.len(), menu.options.len());
            for Choice { name, value } in &menu.options {
                prop_assert!((1..=MAX_CHOICE).contains(&utf16_len(name)), "{}", name);
                prop_assert!((1..=MAX_CHOICE).contains(&utf16_len(value)), "{}", value);
                prop_assert!(all.iter().any(|name| name.as_str() == value.trim()), "{}", value);
            }
        }
    }

    #[test]
    fn any_refusal_fits_a_message(
        name in hostile(),
        near in prop::collection::vec(hostile(), 0..30),
    ) {
        let names = |names: &[String]| -> Vec<GroupName> {
            names.iter().filter_map(|name| GroupName::parse(name).ok()).collect()
        };
        prop_assume!(!name.trim().is_empty());
        let (name, near) = (GroupName::parse(&name).unwrap(), names(&near));
        let longest = Guid::trusted("g".repeat(64));
        for refused in [
            Refusal::NoSuchGroup { name: name.clone(), near: near.clone() },
            Refusal::Ambiguous { name: name.clone(), found: [near, vec![name.clone()]].concat() },
            Refusal::InOtherCase { name: name.clone(), there: name.clone(), guid: longest },
            Refusal::InUse { name, guid: None, by: InUseBy::AnotherGroup },
        ] {
            prop_assert!(utf16_len(&refusals::in_terminal(&refused)) <= MAX_CONTENT);
        }
    }

    #[test]
    fn any_suggestion_is_one_that_discord_takes(
        names in prop::collection::vec(hostile(), 0..60),
        typed in ".{0,3}",
    ) {
        let found = [Arc::new(found("x", &names))];
        let offered = choices::typed_first(&typed, choices::groups(&found, &typed));
        prop_assert!(offered.len() <= MAX_CHOICES);
        for Choice { name, value } in offered {
            prop_assert!((1..=MAX_CHOICE).contains(&utf16_len(&name)), "{}", name);
            prop_assert!((1..=MAX_CHOICE).contains(&utf16_len(&value)), "{}", value);
        }
    }
}

fn status() -> impl Strategy<Value = GroupStatus> {
    (0..GroupStatus::ALL.len()).prop_map(|at| GroupStatus::ALL[at])
}

fn reason() -> impl Strategy<Value = Reason> {
    prop_oneof![
        ".{0,300}".prop_map(|text| Reason::Refused { number: 999, text }),
        hostile().prop_map(|there| Reason::InOtherCase { there: Reason::kept(&there) }),
        ".{0,300}".prop_map(|kind| Reason::NotConnect { status: 7, content_type: Some(kind) }),
        Just(Reason::Unknown),
    ]
}

fn requested_group() -> impl Strategy<Value = RequestedGroup> {
    (hostile(), status(), reason()).prop_map(|(name, status, failure)| RequestedGroup {
        name: GroupName::trusted(name),
        status,
        guid: matches!(status, GroupStatus::Created | GroupStatus::Existed)
            .then(|| Guid::trusted("3b241101-e2bb-4255-8caf-4136c566a962".to_owned())),
        failure: GroupStatus::FAILURES.contains(&status).then_some(failure),
        was_sent: false,
    })
}

fn wanted(groups: Vec<RequestedGroup>, state: State, words: (String, String, Reason)) -> Request {
    let (reason, denial_reason, why) = words;
    let now = SystemTime::now();
    Request {
        id: i64::MAX,
        groups,
        state,
        kind: Kind::Asked,
        place: Place { guild: GuildId(u64::MAX), channel: ChannelId(u64::MAX) },
        requester: UserId(u64::MAX),
        reason: Some(reason),
        created_at: now,
        approval: Some((UserId(u64::MAX), now)),
        decider: Some(UserId(u64::MAX)),
        decided_at: Some(now),
        denial_reason: Some(denial_reason),
        delay: (state == State::Creating).then_some(Delay { why, tried_at: Some(now) }),
        attempts: 0,
        due_at: Some(now),
        version: 1,
        shown_version: 0,
        message: Some((ChannelId(u64::MAX), u64::MAX)),
        resent: 0,
        message_guild: None,
    }
}

/// What a list says that isn't all there is.
#[test]
fn a_list_that_is_cut_says_so() {
    fn cut<T>(entries: Vec<T>) -> Listed<T> {
        Listed { total: entries.len(), entries, is_cut: true, page: 0, pages: 1 }
    }
    let (name, at) = (GroupName::trusted("finance".to_owned()), UNIX_EPOCH);
    let group = RequestedGroup {
        name: name.clone(),
        status: GroupStatus::Waiting,
        guid: None,
        failure: None,
        was_sent: false,
    };
    let words = (String::new(), String::new(), Reason::Unknown);
    let denied = Request {
        id: 7,
        message: None,
        requester: UserId(1),
        decided_at: Some(at),
        ..wanted(vec![group], State::Denied, words)
    };
    let list = |entries| lists::requests(&cut(entries), Listing::In(State::Denied)).content;
    assert_snapshot!(list(vec![denied]), @r"
    **1 denied request**, the latest; older ones aren't listed
    request 7 · `finance` · <@1> · denied · <t:0:R>
    ");
    assert_snapshot!(list(Vec::new()), @"Lately there were no denied requests.");
    let step = Entry {
        request_id: 7,
        at,
        person: Some(UserId(1)),
        before: None,
        after: State::Pending,
        activity: None,
        why: None,
        cause: None,
        bringer: None,
        guid: None,
        correlation: "c0ffee".to_owned(),
    };
    assert_snapshot!(lists::history(&cut(vec![step]), "finance").content, @r"
    **History of `finance`**: 1 step, the latest first; older ones aren't listed
    **asked for** by <@1> · <t:0:f>
    -# request 7 · reference `c0ffee`
    ");
}
