//! As much as can be of everything, in every kind of message: 25 groups with names of 4000 characters,
//! the longest guids, and people who say all that they may.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::{GUIDS, holding, wanted};
use crate::access::Denied;
use crate::check::{self, Finding, Level};
use crate::connect::{Code, ConnectError, KeyInUse};
use crate::correlation::CorrelationId;
use crate::discord::custom_id::PickId;
use crate::discord::messages::reply::{
    Choice, MAX_CARD, MAX_CHOICE, MAX_CHOICES, MAX_CONTENT, Reply,
};
use crate::discord::messages::{
    alerts, choices, create, failures, lists, notices, pick, refusals, request, search, status,
};
use crate::group::{GroupName, Guid};
use crate::ids::{ChannelId, RoleId, UserId};
use crate::ldapgroup::{self, Created, InUseBy, Known, SideEffect};
use crate::request::{
    Activity, GroupStatus, MAX_GROUPS, MAX_REASON_CHARS, Reason, Request, RequestedGroup, State,
};
use crate::requests::{
    Bringer, Cause, CreateOutcome, Entry, Failure, Listed, Listing, Notice, Overview, Refusal,
    Skipped,
};
use crate::text::utf16_len;
use crate::troubles::Trouble;

/// A name that every code span makes longer.
fn longest() -> GroupName {
    GroupName::trusted("`".repeat(4000))
}

fn longest_guid() -> Guid {
    Guid::trusted(GUIDS[1].to_owned())
}

/// Connect's no, in more words than are kept.
fn refused() -> Reason {
    Reason::Refused { number: 999, text: "*".repeat(500) }
}

/// A request for so many groups.
fn of(count: usize, state: State, status: GroupStatus) -> Request {
    let group = RequestedGroup {
        name: longest(),
        status,
        guid: Some(longest_guid()),
        failure: Some(refused()),
        was_sent: false,
    };
    let said = || "_".repeat(MAX_REASON_CHARS);
    wanted(vec![group; count], state, (said(), said(), refused()))
}

/// Requests for one group, two, and as many as can be, in every state, with groups of every status.
fn requests() -> impl Iterator<Item = Request> {
    let all =
        State::ALL.into_iter().flat_map(|state| GroupStatus::ALL.map(|status| (state, status)));
    all.flat_map(|(state, status)| [1, 2, MAX_GROUPS].map(|count| of(count, state, status)))
}

/// Every way in which a group that somebody named isn't theirs to have.
fn group_refusals() -> [ldapgroup::Refusal; 6] {
    use ldapgroup::Refusal::{Ambiguous, InOtherCase, InUse, NoSuchGroup, TooBroad};
    let in_use = |guid, by| InUse { name: longest(), guid, by };
    [
        NoSuchGroup { name: longest(), near: vec![longest(); 8] },
        Ambiguous { name: longest(), found: vec![longest(); 30] },
        InOtherCase { name: longest(), there: longest(), guid: longest_guid() },
        in_use(Some(longest_guid()), InUseBy::ThisGroup),
        in_use(Some(longest_guid()), InUseBy::AnotherGroup),
        TooBroad,
    ]
}

/// A page in the middle of as many as can be.
fn listed<T: Clone>(entry: &T, count: usize) -> Listed<T> {
    let entries = vec![entry.clone(); count];
    Listed { entries, total: usize::MAX, is_cut: true, page: 7, pages: usize::MAX }
}

#[track_caller]
fn assert_fits(reply: &Reply) {
    let Reply { content, menu, buttons, .. } = reply;
    assert!(!content.trim().is_empty());
    assert!(utf16_len(content) <= MAX_CONTENT, "{}: {content}", utf16_len(content));
    assert!(buttons.len() <= 5);
    assert!(buttons.iter().all(|button| utf16_len(&button.custom_id) <= 100), "{buttons:?}");
    assert_choices_fit(menu.iter().flat_map(|menu| &menu.options));
}

#[track_caller]
fn assert_choices_fit<'a>(choices: impl IntoIterator<Item = &'a Choice>) {
    let choices: Vec<_> = choices.into_iter().collect();
    assert!(choices.len() <= MAX_CHOICES);
    for Choice { name, value } in choices {
        assert!(utf16_len(name) <= MAX_CHOICE && utf16_len(value) <= MAX_CHOICE, "{name}, {value}");
    }
}

#[test]
fn what_is_said_of_a_request_fits() {
    let admins: Vec<_> = (0..30).map(|at| RoleId(u64::MAX - at)).collect();
    let ttl = Duration::from_hours(72);
    for request in requests() {
        let people = vec![request.requester; 10];
        let notice = Notice { people, place: request.place, request: request.clone() };
        for words in [notices::notice(&notice), notices::reminder(&request, &admins, ttl)] {
            assert!(utf16_len(&words) <= MAX_CONTENT, "{words}");
        }
        for refusal in [
            Refusal::Over(Box::new(request.clone())),
            Refusal::AskedAgain(Box::new(request.clone())),
            Refusal::Open(longest(), Box::new(request.clone())),
        ] {
            assert_fits(&refusals::answer(&refusal));
        }
        assert_fits(&notices::taken_back(&request));
        assert_fits(&notices::cancelled(&request));
        assert_fits(&notices::over(&request));
        assert_fits(&failures::too_long(Some(&request), CorrelationId::new()));
        assert!(utf16_len(&request::denial_text(&request)) <= MAX_CARD);
        assert!(utf16_len(&request::denial_title(&request)) <= 45);
    }
}

/// A group that isn't in the new request, of each kind in turn.
fn skipped(at: usize, request: &Request) -> Skipped {
    let (name, request) = (longest(), request.clone());
    let activity = [None, Some(Activity::Joined), Some(Activity::Reworded)];
    let mut refusals = group_refusals().into_iter();
    match at % 10 {
        at @ 0..3 => Skipped::Asked { name, request, activity: activity[at] },
        3 => Skipped::Open { name, request },
        at => Skipped::Refused { name, why: refusals.nth(at - 4).unwrap() },
    }
}

#[test]
fn what_came_of_wanting_groups_fits() {
    let known = Known::FoundAfterwards;
    assert_fits(&create::created(&Created { name: longest(), guid: longest_guid(), known }));
    for request in State::ALL.map(|state| of(MAX_GROUPS, state, GroupStatus::Failed)) {
        for skipped in [
            vec![skipped(0, &request)],
            vec![skipped(3, &request)],
            (0..MAX_GROUPS).map(|at| skipped(at, &request)).collect(),
        ] {
            let mut outcome = CreateOutcome { request: None, skipped, created: None };
            for new in [None, Some(request.clone())] {
                outcome.request = new;
                for is_shown in [true, false] {
                    assert_fits(&create::asked(&outcome, is_shown, Duration::from_hours(72)));
                    assert_fits(&create::begun(&outcome, is_shown));
                }
            }
        }
    }
}

#[test]
fn a_refusal_and_a_failure_fit() {
    let channels: Vec<_> = (0..100).map(|at| ChannelId(u64::MAX - at)).collect();
    let roles: Vec<_> = (0..100).map(|at| RoleId(u64::MAX - at)).collect();
    for refusal in [
        Refusal::Denied(Denied::OtherChannel(channels)),
        Refusal::Denied(Denied::NotRequester(roles.clone())),
        Refusal::Denied(Denied::NotAdmin(roles)),
    ]
    .into_iter()
    .chain(group_refusals().map(Refusal::Group))
    {
        assert_fits(&refusals::answer(&refusal));
    }
    let status = reqwest::StatusCode::BAD_REQUEST;
    for number in [15, 22, 63, 64, 127, 999] {
        let (code, text) = (Code::from(number), "`".repeat(4000));
        let error = ConnectError::Refused { code, text, status, retry_after: None };
        let error = Arc::new(error);
        for side_effect in [SideEffect::NotAsked, SideEffect::NotThereYet, SideEffect::Unknown] {
            let failure = Failure { cause: Cause::Connect(Arc::clone(&error)), side_effect };
            assert_fits(&failures::failed(&failure, CorrelationId::new()));
        }
    }
}

/// As many entries as the commands put on a page.
#[test]
fn lists_and_choices_fit() {
    for request in State::ALL.map(|state| of(MAX_GROUPS, state, GroupStatus::Failed)) {
        let listed = listed(&request, 8);
        for kind in Listing::each() {
            assert_fits(&lists::requests(&listed, kind));
        }
        let (own, others) = (vec![request.clone(); 30], vec![request; 30]);
        let choices = lists::request_choices(&(own, others), "", UserId(u64::MAX));
        assert!(choices.len() <= MAX_CHOICES);
        assert!(choices.iter().all(|(name, _)| utf16_len(name) <= MAX_CHOICE));
    }
    let step = Entry {
        request_id: i64::MAX,
        at: SystemTime::now(),
        person: Some(UserId(u64::MAX)),
        before: Some(State::Creating),
        after: State::Created,
        activity: None,
        why: Some("_".repeat(MAX_REASON_CHARS)),
        cause: Some(refused()),
        bringer: Some(Bringer::Approver(UserId(u64::MAX))),
        guid: Some(longest_guid()),
        correlation: CorrelationId::new().to_string(),
    };
    assert_fits(&lists::history(&listed(&step, 5), longest().as_str()));
}

#[test]
fn searches_and_picks_fit() {
    for name in [longest().as_str().to_owned(), "`".repeat(100), "`".repeat(30)] {
        let names: Vec<_> = (0..500).map(|at| format!("{name}{at}")).collect();
        for guid in [None, Some(GUIDS[1])] {
            let found = holding(&name, &names, |at| guid.filter(|_| at % 2 == 0));
            for page in [0, 12, 24] {
                assert_fits(&search::page(&found, &HashSet::new(), page));
            }
            let searches = [Arc::new(found)];
            assert_choices_fit(&choices::groups(&searches, &name));
            let typed = format!("{}x", &name[..name.len().min(60)]);
            let meant = choices::typed_first(&typed, choices::meant(&searches, &typed));
            assert_choices_fit(&meant);
            assert_choices_fit(&choices::after(&typed, choices::groups(&searches, &name)));
        }
        let nothing = holding(&name, &[], |_| None);
        assert_fits(&search::nothing(&nothing, &vec![longest(); 8]));
        let names: Vec<_> = names.into_iter().take(MAX_CHOICES).collect();
        assert_fits(&pick::confirm(&names, PickId(u64::MAX)));
        assert_fits(&pick::confirm(&names[..1], PickId(u64::MAX)));
    }
}

/// As it is sent, to admins of thirty roles.
#[track_caller]
fn assert_alert_fits(words: &str) {
    let admins: Vec<_> = (0..30).map(|at| RoleId(u64::MAX - at)).collect();
    let words = alerts::to_admins(&admins, words);
    assert!(utf16_len(&words) <= MAX_CONTENT, "{}: {words}", utf16_len(&words));
}

#[test]
fn what_admins_are_told_of_trouble_fits() {
    let since = UNIX_EPOCH + Duration::from_secs(u64::from(u32::MAX));
    for trouble in Trouble::ALL {
        for requests in [None, Some(ChannelId(u64::MAX))] {
            assert_alert_fits(&alerts::lasts(trouble, since, requests));
        }
        assert_alert_fits(&alerts::over(trouble, since));
    }
}

#[test]
fn what_admins_are_told_of_keys_fits_whatever_these_and_their_owner_are_called() {
    let key = serde_json::json!({ "name": longest(), "expires_at": "2026-11-27T09:20:00Z" });
    let owner = serde_json::json!({
        "guid": longest_guid(), "username": longest(), "user_role": "administrator"
    });
    let at = humantime::parse_rfc3339("2026-11-27T09:20:00Z").unwrap();
    for keys in [1, 1000] {
        let in_use = KeyInUse {
            owner: serde_json::from_value(owner.clone()).unwrap(),
            keys: Ok(serde_json::from_value(vec![key.clone(); keys].into()).unwrap()),
        };
        for now in [at - Duration::from_hours(1), at + Duration::from_hours(1)] {
            let (_, finding) = check::key_expiry(&in_use, now).unwrap();
            assert_alert_fits(&alerts::expires(finding.markdown()));
        }
    }
}

#[test]
fn a_status_fits_however_much_is_wrong() {
    let oldest = of(MAX_GROUPS, State::Pending, GroupStatus::Waiting);
    let overview = Overview { open: usize::MAX, oldest: Some(oldest), latest: Some(i64::MAX) };
    let levels = [Level::Ok, Level::Warn, Level::Fail].repeat(20).into_iter();
    let findings: Vec<_> = levels.map(|level| Finding::new(level, "x".repeat(700))).collect();
    let now = SystemTime::now();
    assert_fits(&status::status(now, &findings, Some(&overview), CorrelationId::new()));
}
