//! Cards of requests: what each state looks like, and that whatever they hold fits.

use std::time::{Duration, UNIX_EPOCH};

use insta::assert_snapshot;
use proptest::prelude::*;

use super::{GUIDS, reason, requested_group, wanted};
use crate::discord::messages::reply::{Card, MAX_CARD};
use crate::discord::messages::request;
use crate::group::{GroupName, Guid};
use crate::ids::{RoleId, UserId};
use crate::request::{
    Delay, GroupStatus, Kind, MAX_GROUPS, MAX_REASON_CHARS, Participant, Reason, Request,
    RequestedGroup, State,
};
use crate::text::utf16_len;

/// What a card takes at the most, and what Discord takes.
fn assert_fits(card: &Card) {
    let text: usize = card.texts.iter().map(|text| utf16_len(text)).sum();
    assert!(text <= MAX_CARD, "{text}: {card:#?}");
    assert!(card.texts.iter().all(|text| !text.trim().is_empty()), "{card:#?}");
    let rows = usize::from(!card.buttons.is_empty());
    assert!(1 + card.texts.len() + rows + card.buttons.len() <= 40);
    // Nothing in a name ends its code span.
    for line in card.texts[0].lines().filter(|line| line.starts_with("• `")) {
        assert!(line.matches('`').count() == 2 && line.ends_with('`'), "{line}");
    }
}

/// Connect's no in these words.
fn refused(text: String) -> Reason {
    Reason::Refused { number: 999, text }
}

/// A request that people with such reasons have joined, told to more admins than a message names.
fn carded(request: &Request, reasons: impl IntoIterator<Item = Option<String>>) -> Card {
    let people = (0..)
        .zip(reasons)
        .map(|(at, reason)| Participant { person: UserId(u64::MAX - at), reason });
    let admins: Vec<_> = (0..30).map(|at| RoleId(u64::MAX - at)).collect();
    let people: Vec<_> = people.collect();
    request::card(request, &people, &admins, Duration::from_hours(72))
}

proptest! {
    #[test]
    fn any_request_fits_a_card_and_names_all_its_groups(
        groups in prop::collection::vec(requested_group(), 1..=MAX_GROUPS),
        state in 0..State::ALL.len(),
        reason in prop_oneof!["[*_`]{500}", ".{0,500}"],
        denial_reason in prop_oneof!["[*_`]{500}", ".{0,500}"],
        delay in reason(),
        people in prop::collection::vec(prop::option::of("[*_`]{500}|.{0,500}"), 0..30),
    ) {
        let limit = |text: String| text.chars().take(MAX_REASON_CHARS).collect();
        let words = (limit(reason), limit(denial_reason), delay);
        let request = wanted(groups, State::ALL[state], words);
        let others = people.len().saturating_sub(1);
        let card = carded(&request, people);
        assert_fits(&card);
        let text = &card.texts[0];
        if others > 0 {
            prop_assert!(text.contains("\nAlso asked by "), "{}", text);
        }
        if request.groups.len() > 1 {
            let named = text.lines().filter(|line| {
                ["• `", "⏳ `", "✅ `", "❌ `"].iter().any(|symbol| line.starts_with(symbol))
            });
            prop_assert_eq!(named.count(), request.groups.len(), "{}", text);
        }
    }
}

/// As much as can be of everything: 25 groups with names of 4000 characters that are written as six
/// each, and people who say all that they may.
#[test]
fn twenty_five_of_the_longest_names_fit_a_card_in_every_state() {
    let group = |status| RequestedGroup {
        name: GroupName::trusted("`".repeat(4000)),
        status,
        guid: Some(Guid::trusted(GUIDS[1].to_owned())),
        failure: Some(refused("*".repeat(500))),
        was_sent: false,
    };
    let longest = || "_".repeat(MAX_REASON_CHARS);
    for (state, status) in
        State::ALL.into_iter().flat_map(|state| GroupStatus::ALL.map(|status| (state, status)))
    {
        for count in [1, 2, MAX_GROUPS] {
            let words = (longest(), longest(), refused(longest()));
            let request = wanted(vec![group(status); count], state, words);
            let card = carded(&request, (0..30).map(|_| Some(longest())));
            assert_fits(&card);
            assert!(card.texts[0].contains("\nReason: \\_"), "{card:#?}");
        }
    }
}

fn group(name: &str, status: GroupStatus) -> RequestedGroup {
    let (is_waiting, is_lost) =
        (status == GroupStatus::Waiting, GroupStatus::FAILURES.contains(&status));
    RequestedGroup {
        name: GroupName::trusted(name.to_owned()),
        status,
        guid: (!is_waiting && !is_lost).then(|| Guid::trusted(GUIDS[0].to_owned())),
        failure: is_lost.then(|| refused("The license has no room for it.".to_owned())),
        was_sent: false,
    }
}

/// A request of person 1, decided by person 2.
fn of(groups: &[(&str, GroupStatus)], state: State) -> Request {
    let groups = groups.iter().map(|(name, status)| group(name, *status)).collect();
    let [reason, denial_reason] = ["for the budget app", "use the old one"].map(str::to_owned);
    let decided = state != State::Pending && state != State::Expired;
    Request {
        id: 7,
        requester: UserId(1),
        created_at: UNIX_EPOCH,
        approval: None,
        decider: decided.then_some(UserId(2)),
        decided_at: decided.then_some(UNIX_EPOCH),
        delay: Some(Delay {
            why: Reason::Unreachable,
            tried_at: Some(UNIX_EPOCH + Duration::from_secs(30)),
        }),
        due_at: Some(UNIX_EPOCH + Duration::from_mins(1)),
        ..wanted(groups, state, (reason, denial_reason, Reason::Unreachable))
    }
}

/// What a card says: its texts, its colour, and its buttons.
fn drawn(request: &Request) -> String {
    let card = request::card(request, &[], &[RoleId(3)], Duration::from_secs(72));
    let labels: Vec<_> = card.buttons.iter().map(|button| button.label).collect();
    format!("#{:06x}\n{}\n{labels:?}", card.colour, card.texts.join("\n---\n"))
}

#[test]
fn each_state_looks_different() {
    let one = |status| [("accounting2", status)];
    let waiting = one(GroupStatus::Waiting);
    assert_snapshot!(drawn(&of(&waiting, State::Pending)), @r#"
    #f0b232
    ⏳ **Waiting** · request 7
    <@1> asks for `accounting2` in Connect.
    Reason: for the budget app
    ---
    <@&3>: Approve or deny it. It expires <t:72:R>.
    ["Approve", "Deny"]
    "#);
    let waits = of(&waiting, State::Creating);
    assert_snapshot!(drawn(&waits), @r"
    #5865f2
    🔄 **Approved and under way** · request 7
    <@1> asks for `accounting2` in Connect.
    Reason: for the budget app
    Approved by <@2> <t:0:f>. Not created yet. Last try <t:30:T>: Connect couldn't be reached. Next try: <t:60:T>.
    []
    ");
    assert_snapshot!(drawn(&Request { delay: None, ..waits }), @r"
    #5865f2
    🔄 **Approved and under way** · request 7
    <@1> asks for `accounting2` in Connect.
    Reason: for the budget app
    Approved by <@2> <t:0:f>. The group is being created.
    []
    ");
    assert_snapshot!(drawn(&of(&one(GroupStatus::Created), State::Created)), @r"
    #23a55a
    ✅ **Created** · request 7
    <@1> asked for `accounting2` in Connect.
    Reason: for the budget app
    Approved by <@2> <t:0:f>. The group is in Connect now, with the guid `6f300623-1e0c-48e6-a473-ddf630c0c0c3`.
    []
    ");
    assert_snapshot!(drawn(&of(&one(GroupStatus::Existed), State::Created)), @r"
    #23a55a
    ✅ **Created** · request 7
    <@1> asked for `accounting2` in Connect.
    Reason: for the budget app
    Approved by <@2> <t:0:f>. The group was in Connect already, with the guid `6f300623-1e0c-48e6-a473-ddf630c0c0c3`.
    []
    ");
    let failed = of(&one(GroupStatus::Failed), State::Failed);
    assert_snapshot!(drawn(&failed), @r#"
    #f23f43
    ❌ **Failed** · request 7
    <@1> asked for `accounting2` in Connect.
    Reason: for the budget app
    Approved by <@2> <t:0:f>. It wasn't created: The license has no room for it.
    ["Retry"]
    "#);
    let retried = Request { approval: Some((UserId(4), UNIX_EPOCH)), ..failed };
    assert_snapshot!(drawn(&retried), @r#"
    #f23f43
    ❌ **Failed** · request 7
    <@1> asked for `accounting2` in Connect.
    Reason: for the budget app
    Approved by <@4> <t:0:f>, retried by <@2> <t:0:f>. It wasn't created: The license has no room for it.
    ["Retry"]
    "#);
    assert_snapshot!(drawn(&of(&one(GroupStatus::Impossible), State::Failed)), @r"
    #f23f43
    ❌ **Failed** · request 7
    <@1> asked for `accounting2` in Connect.
    Reason: for the budget app
    Approved by <@2> <t:0:f>. It wasn't created: The license has no room for it.
    []
    ");
    assert_snapshot!(drawn(&of(&waiting, State::Denied)), @r"
    #992d22
    🚫 **Denied** · request 7
    <@1> asked for `accounting2` in Connect.
    Reason: for the budget app
    Denied by <@2> <t:0:f>: use the old one
    []
    ");
    assert_snapshot!(drawn(&of(&waiting, State::Expired)), @r"
    #99aab5
    ⏰ **Expired** · request 7
    <@1> asked for `accounting2` in Connect.
    Reason: for the budget app
    Nobody decided it in time. It can be asked for again.
    []
    ");
    assert_snapshot!(drawn(&of(&waiting, State::Cancelled)), @r"
    #4e5058
    ↩️ **Cancelled** · request 7
    <@1> asked for `accounting2` in Connect.
    Reason: for the budget app
    Cancelled by <@2> <t:0:f>.
    []
    ");
}

#[test]
fn several_groups_have_a_line_each() {
    use GroupStatus::{Created, Existed, Failed, Impossible, Waiting};
    let several = |status| [("ops", status), ("sales", status)];
    assert_snapshot!(drawn(&of(&several(Waiting), State::Pending)), @r#"
    #f0b232
    ⏳ **Waiting** · request 7
    <@1> asks for 2 LDAP groups in Connect.
    Reason: for the budget app
    • `ops`
    • `sales`
    ---
    <@&3>: Approve or deny all of them. It expires <t:72:R>.
    ["Approve", "Deny"]
    "#);
    let some = [("ops", Created), ("sales", Waiting), ("hr", Existed)];
    assert_snapshot!(drawn(&of(&some, State::Creating)), @r"
    #5865f2
    🔄 **Approved and under way** · request 7
    <@1> asks for 3 LDAP groups in Connect.
    Reason: for the budget app
    ✅ `ops` · `6f300623-1e0c-48e6-a473-ddf630c0c0c3`
    ⏳ `sales`
    ✅ `hr` · `6f300623-1e0c-48e6-a473-ddf630c0c0c3` · was there already
    Approved by <@2> <t:0:f>. 2 of 3 so far. Last try <t:30:T>: Connect couldn't be reached. Next try: <t:60:T>.
    []
    ");
    let mixed =
        [("ops", Created), ("sales", Failed), ("it", Impossible), ("hr", Existed), ("pr", Failed)];
    assert_snapshot!(drawn(&of(&mixed, State::Failed)), @r#"
    #e67e22
    ⚠️ **Failed in part** · request 7
    <@1> asked for 5 LDAP groups in Connect.
    Reason: for the budget app
    ✅ `ops` · `6f300623-1e0c-48e6-a473-ddf630c0c0c3`
    ❌ `sales` · The license has no room for it.
    ❌ `it` · for the same reason
    ✅ `hr` · `6f300623-1e0c-48e6-a473-ddf630c0c0c3` · was there already
    ❌ `pr` · for the same reason
    Approved by <@2> <t:0:f>. 2 of 5 are in Connect, 3 weren't created.
    ["Retry"]
    "#);
    assert_snapshot!(drawn(&of(&several(Failed), State::Failed)), @r#"
    #f23f43
    ❌ **Failed** · request 7
    <@1> asked for 2 LDAP groups in Connect.
    Reason: for the budget app
    ❌ `ops` · The license has no room for it.
    ❌ `sales` · for the same reason
    Approved by <@2> <t:0:f>. None of the groups was created.
    ["Retry"]
    "#);
}

/// Nobody asked for what an admin does at once, and no number is told of it.
#[test]
fn an_admins_own_batch_says_who_brings_what() {
    use GroupStatus::{Created, Failed, Waiting};
    let direct = |status, state| Request {
        kind: Kind::Batch,
        decider: Some(UserId(1)),
        reason: None,
        ..of(&[("ops", status), ("sales", Created)], state)
    };
    assert_snapshot!(drawn(&Request { delay: None, ..direct(Waiting, State::Creating) }), @r"
    #5865f2
    🔄 **Under way**
    <@1> brings 2 LDAP groups into Connect.
    ⏳ `ops`
    ✅ `sales` · `6f300623-1e0c-48e6-a473-ddf630c0c0c3`
    Begun <t:0:f>. 1 of 2 so far.
    []
    ");
    assert_snapshot!(drawn(&direct(Created, State::Created)), @r"
    #23a55a
    ✅ **Created**
    <@1> brought 2 LDAP groups into Connect.
    ✅ `ops` · `6f300623-1e0c-48e6-a473-ddf630c0c0c3`
    ✅ `sales` · `6f300623-1e0c-48e6-a473-ddf630c0c0c3`
    Begun <t:0:f>. Both are in Connect now.
    []
    ");
    let joined = [Participant { person: UserId(5), reason: None }];
    let joined = request::card(&direct(Created, State::Created), &joined, &[], Duration::ZERO);
    assert!(joined.texts[0].starts_with("✅ **Created** · request 7\n"), "{joined:?}");
    assert_snapshot!(drawn(&direct(Failed, State::Failed)), @r#"
    #e67e22
    ⚠️ **Failed in part**
    <@1> wanted to bring 2 LDAP groups into Connect.
    ❌ `ops` · The license has no room for it.
    ✅ `sales` · `6f300623-1e0c-48e6-a473-ddf630c0c0c3`
    Begun <t:0:f>. 1 of 2 is in Connect, 1 wasn't created.
    ["Retry"]
    "#);
}

/// The longest names differ at their ends.
#[test]
fn a_cut_name_shows_both_its_ends() {
    let names = ["readers", "admins"].map(|end| format!("{}{end}", "analytics-".repeat(300)));
    let groups = names.each_ref().map(|name| (&name[..], GroupStatus::Waiting));
    let card = drawn(&of(&groups, State::Pending));
    assert!(card.contains("readers`\n") && card.contains("admins`\n"), "{card}");
    assert!(card.contains("-# 2 names are cut, at `…`."), "{card}");
}
