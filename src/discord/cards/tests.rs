//! Whatever people and directories say, a request's message keeps to Discord's limits.

use std::time::{Duration, SystemTime};

use proptest::prelude::*;

use super::*;
use crate::discord::render::tests::hostile;
use crate::group::GroupName;
use crate::ids::{ChannelId, GuildId, Place, UserId};
use crate::request::{MAX_GROUPS, MAX_REASON_CHARS, RequestedGroup};

fn status() -> impl Strategy<Value = GroupStatus> {
    (0..GroupStatus::ALL.len()).prop_map(|at| GroupStatus::ALL[at])
}

fn group() -> impl Strategy<Value = RequestedGroup> {
    (hostile(), status(), ".{0,300}").prop_map(|(name, status, note)| RequestedGroup {
        name: GroupName::trusted(name),
        status,
        guid: matches!(status, GroupStatus::Created | GroupStatus::Existed)
            .then(|| Guid::trusted("3b241101-e2bb-4255-8caf-4136c566a962".to_owned())),
        note: GroupStatus::FAILURES.contains(&status).then_some(note),
        was_sent: false,
    })
}

fn request(groups: Vec<RequestedGroup>, state: State, words: (String, String, String)) -> Request {
    let (reason, verdict, note) = words;
    let now = SystemTime::now();
    Request {
        id: i64::MAX,
        groups,
        state,
        direct: false,
        hidden: false,
        place: Place { guild: GuildId(u64::MAX), channel: ChannelId(u64::MAX) },
        requester: UserId(u64::MAX),
        reason: Some(reason),
        created_at: now,
        approval: Some((UserId(u64::MAX), now)),
        decider: Some(UserId(u64::MAX)),
        decided_at: Some(now),
        denial_reason: Some(verdict),
        note: (state == State::Creating).then_some(note),
        attempts: 0,
        due_at: Some(now),
        version: 1,
        shown_version: 0,
        message: Some((ChannelId(u64::MAX), u64::MAX)),
        resent: 0,
        message_guild: None,
    }
}

proptest! {
    #[test]
    fn any_request_fits_a_message_and_stays_in_its_block(
        groups in prop::collection::vec(group(), 1..=MAX_GROUPS),
        state in 0..State::ALL.len(),
        reason in prop_oneof!["[*_`]{500}", ".{0,500}"],
        verdict in prop_oneof!["[*_`]{500}", ".{0,500}"],
        note in ".{0,300}",
        people in prop::collection::vec(prop::option::of("[*_`]{500}|.{0,500}"), 0..30),
    ) {
        let limit = |text: String| text.chars().take(MAX_REASON_CHARS).collect();
        let words = (limit(reason), limit(verdict), note);
        let request = request(groups, State::ALL[state], words);
        let people = (0..).zip(people).map(|(at, reason)| {
            Participant { person: UserId(u64::MAX - at), reason }
        });
        let people: Vec<_> = people.collect();
        let admins: Vec<_> = (0..30).map(|at| RoleId(u64::MAX - at)).collect();
        let card = card(&request, &people, &admins, Duration::from_hours(72));
        prop_assert!(utf16_len(&card.content) <= MAX_CONTENT, "{}", card.content);
        let blocks = if request.groups.len() == 1 { 0 } else { 2 };
        if people.len() > 1 {
            prop_assert!(card.content.contains("\nAlso asked by "), "{}", card.content);
        }
        prop_assert_eq!(card.content.matches("```").count(), blocks, "{}", card.content);
    }
}
