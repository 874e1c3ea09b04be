//! Many at once: on PostgreSQL several connections are at work, and what they do must be as if one
//! had done it after another.

use std::collections::{HashMap, HashSet};

use fastrand::Rng;
use futures_util::future::join_all;

use super::*;
use crate::request::Delay;
use crate::requests::outcome::Skipped;

/// So many do something at the same time.
const AT_ONCE: u64 = 12;

#[test]
fn of_all_who_decide_at_once_one_has_decided() {
    on_each(async |store| {
        let (now, id) = (SystemTime::now(), CorrelationId::new());
        for round in 1..=8 {
            store.ask(&new(&["ABE"], 1), 99, now, id).await.unwrap();
            let decisions = (0..AT_ONCE).map(async |admin| {
                let event = [Event::Deny, Event::Cancel, Event::Expire]
                    [usize::try_from(admin).unwrap() % 3];
                let change = Change::new(event, Some(UserId(100 + admin)), id);
                store.change(round, &change, now).await.unwrap()
            });
            let decided = join_all(decisions).await;
            let applied = decided.iter().filter(|one| matches!(one, Transition::Applied(_)));
            assert_eq!(applied.count(), 1, "{decided:?}");
            let over = store.request(round).await.unwrap().unwrap();
            for other in decided {
                match other {
                    Transition::Applied(seen) | Transition::Conflict(seen) => {
                        assert_eq!((seen.state, seen.decider), (over.state, over.decider));
                    }
                    Transition::NotFound => panic!("it is there"),
                }
            }
        }
    });
}

#[test]
fn of_all_who_are_to_carry_out_a_creation_at_once_one_is_at_work_and_goes_on() {
    on_each(async |store| {
        let (now, id) = (SystemTime::now(), CorrelationId::new());
        store.ask(&new(&["ABE"], 1), 99, now, id).await.unwrap();
        let approve = Change::new(Event::Approve, Some(UserId(2)), id);
        store.change(1, &approve, now).await.unwrap();
        let (mut due, mut until) = (store.request(1).await.unwrap().unwrap().due_at, now);
        for _ in 0..8 {
            until += Duration::from_mins(1);
            let holds = (0..AT_ONCE).map(async |_| store.hold(1, due, until).await.unwrap());
            let held = join_all(holds).await;
            assert_eq!(held.iter().filter(|held| **held).count(), 1);
            due = Some(until);
        }
        let (status, correlation) = (GroupStatus::Created, id);
        let created = GroupOutcome { status, guid: None, failure: None, correlation };
        store.settle(1, 0, &created, now).await.unwrap();
        assert!(!store.hold(1, due, until + Duration::from_mins(1)).await.unwrap());
    });
}

#[test]
fn of_all_who_ask_at_once_for_groups_one_makes_each_request_and_the_others_join() {
    on_each(async |store| {
        let (now, id) = (SystemTime::now(), CorrelationId::new());
        let names: [&[&str]; 3] = [&["ABE", "zoo"], &["Abe"], &["zoo", "other"]];
        let asked = (0..AT_ONCE).map(async |person| {
            let names = names[usize::try_from(person).unwrap() % 3];
            store.ask(&new(names, person), 99, now, id).await.unwrap().unwrap()
        });
        let (mut made, mut seen) = (HashSet::new(), HashSet::new());
        for outcome in join_all(asked).await {
            made.extend(outcome.request.map(|request| request.id));
            for skipped in outcome.skipped {
                let Skipped::Asked { request, .. } = skipped else { panic!("{skipped:?}") };
                seen.insert(request.id);
            }
        }
        assert!(seen.is_subset(&made));
        assert_eq!(store.open_names("").await.unwrap().len(), 3);
        for number in made {
            assert!(!store.outbox().people(number).await.unwrap().is_empty());
        }
    });
}

#[test]
fn nobody_gets_more_open_requests_than_are_allowed_however_fast_they_ask() {
    on_each(async |store| {
        let (now, id) = (SystemTime::now(), CorrelationId::new());
        let names: Vec<_> = (0..AT_ONCE).map(|number| format!("team-{number}")).collect();
        let asked = names
            .iter()
            .map(async |name| store.ask(&new(&[name], 1), 3, now, id).await.unwrap().is_some());
        let made = join_all(asked).await.into_iter().filter(|made| *made);
        assert_eq!(made.count(), 3);
    });
}

/// One random step. Whatever comes of it, it doesn't fail.
async fn step(store: &Store, random: &mut Rng) {
    const NAMES: [&str; 4] = ["accounting", "ABE", "Zürich", "営業部"];
    let (now, id) = (SystemTime::now(), CorrelationId::new());
    let (request, person) = (random.i64(1..12), random.u64(1..4));
    let names: Vec<_> = NAMES.into_iter().filter(|_| random.bool()).collect();
    match random.u8(0..6) {
        0 if !names.is_empty() => {
            store.ask(&new(&names, person), 2, now, id).await.unwrap();
        }
        1 if !names.is_empty() => {
            let batch = NewRequest { kind: Kind::Batch, ..new(&names, person) };
            store.begin(&batch, now, id).await.unwrap();
        }
        2 => {
            store.leave(request, UserId(person), now, id).await.unwrap();
        }
        3 => {
            let event = Event::ALL[random.usize(0..Event::ALL.len())];
            let change = Change::new(event, Some(UserId(person)), id);
            store.change(request, &change, now).await.unwrap();
        }
        4 => {
            let delay = Delay { why: Reason::Unreachable, tried_at: Some(now) };
            store.postpone(request, &delay, now).await.unwrap();
            store.note_sent(request, 0).await.unwrap();
        }
        _ => {
            let status = [GroupStatus::Created, GroupStatus::Failed][random.usize(0..2)];
            let failure = (status == GroupStatus::Failed).then_some(Reason::Ambiguous);
            let settled = GroupOutcome { status, guid: None, failure, correlation: id };
            store.settle(request, random.usize(0..4), &settled, now).await.unwrap();
        }
    }
}

/// What must be so at any moment.
async fn is_sound(store: &Store) {
    let mut open = HashMap::new();
    let latest = store.overview().await.unwrap().latest.unwrap_or_default();
    for number in 1..=latest {
        let Some(request) = store.request(number).await.unwrap() else { continue };
        for group in &request.groups {
            let is_open = request.state.is_open() && group.status == GroupStatus::Waiting;
            if is_open && let Some(other) = open.insert(group.name.folded(), number) {
                panic!("{} is open in {other} and in {number}", group.name);
            }
        }
        let rows = query(
            "SELECT before, after, activity FROM history WHERE request_id = $1 AND position IS NULL ORDER BY id",
        );
        let mut state: Option<String> = None;
        for row in rows.bind(number).fetch_all(&store.pool).await.unwrap() {
            let before: Option<String> = row.try_get("before").unwrap();
            let is_retry =
                before.as_deref() == Some("failed") || state.as_deref() == Some("creating");
            assert!(before == state || is_retry, "{number}: {before:?} follows {state:?}");
            state = row.try_get("after").unwrap();
        }
    }
}

#[test]
#[expect(clippy::print_stderr, reason = "a test that fails says with what")]
fn whatever_happens_at_once_nothing_fails_and_each_step_follows_from_the_one_before() {
    on_each(async |store| {
        let seed = fastrand::u64(..);
        eprintln!("seed {seed}");
        let mut random = Rng::with_seed(seed);
        for _ in 0..60 {
            let mut each: Vec<_> = (0..AT_ONCE).map(|_| random.fork()).collect();
            join_all(each.iter_mut().map(|random| step(&store, random))).await;
            is_sound(&store).await;
        }
    });
}
