//! Random steps, after each of which the store must agree with a plain model.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, SystemTime};

use proptest::prelude::*;

use super::{new, on_each};
use crate::correlation::CorrelationId;
use crate::group::Guid;
use crate::ids::UserId;
use crate::request::{Activity, Event, GroupStatus, Involvement, Kind, Participant, State};
use crate::requests::outcome::{GroupOutcome, Skipped};
use crate::requests::store::{Change, NewRequest, Store, Transition};

/// What somebody, or time, does. Names are those of [`NAMES`] at the bits that are set.
#[derive(Clone, Debug)]
enum Step {
    Ask { names: u8, upper: bool, person: u64, reason: Option<&'static str> },
    Leave { request: usize, person: u64 },
    Begin { names: u8, is_quiet: bool, person: u64 },
    Happen { request: usize, event: Event, person: u64 },
    Settle { request: usize, position: usize, status: GroupStatus },
}

const NAMES: [&str; 4] = ["accounting", "ABE", "Zürich", "営業部"];
const MAX_OPEN: u32 = 2;

fn step() -> impl Strategy<Value = Step> {
    let (names, person) = (1..16_u8, 1..4_u64);
    let reason = prop_oneof![Just(None), Just(Some("a")), Just(Some("b"))];
    let statuses = prop_oneof![
        Just(GroupStatus::Created),
        Just(GroupStatus::Existed),
        Just(GroupStatus::Failed),
        Just(GroupStatus::Impossible)
    ];
    prop_oneof![
        4 => (names.clone(), any::<bool>(), person.clone(), reason).prop_map(
            |(names, upper, person, reason)| Step::Ask { names, upper, person, reason }
        ),
        3 => (0..8_usize, person.clone())
            .prop_map(|(request, person)| Step::Leave { request, person }),
        1 => (names, any::<bool>(), person.clone())
            .prop_map(|(names, is_quiet, person)| Step::Begin { names, is_quiet, person }),
        6 => (0..8_usize, 0..Event::ALL.len(), person).prop_map(|(request, event, person)| {
            Step::Happen { request, event: Event::ALL[event], person }
        }),
        6 => (0..8_usize, 0..4_usize, statuses)
            .prop_map(|(request, position, status)| Step::Settle { request, position, status }),
    ]
}

/// What the store should hold, without SQL.
#[derive(Default)]
struct Model {
    requests: Vec<Modelled>,
}

#[derive(Clone)]
struct Modelled {
    groups: Vec<(String, GroupStatus)>,
    state: State,
    is_quiet: bool,
    is_direct: bool,
    requester: u64,
    reason: Option<String>,
    /// Who asked, in the order in which they did; nobody if it was created at once.
    people: Vec<Participant>,
    deeds: Vec<(Activity, u64)>,
}

impl Modelled {
    fn new(groups: &[&str], state: State, requester: u64) -> Self {
        let groups =
            groups.iter().map(|name| (name.to_lowercase(), GroupStatus::Waiting)).collect();
        let is_direct = state == State::Creating;
        let (people, deeds) = (Vec::new(), Vec::new());
        Self { groups, state, is_quiet: false, is_direct, requester, reason: None, people, deeds }
    }

    fn asked_by(self, person: u64, reason: Option<&str>) -> Self {
        let asker = Participant { person: UserId(person), reason: reason.map(str::to_owned) };
        Self { reason: asker.reason.clone(), people: vec![asker], ..self }
    }

    fn has(&self, person: u64) -> bool {
        self.people.iter().any(|asker| asker.person.0 == person)
    }

    fn involvement(&self, person: u64) -> Involvement {
        match (self.has(person), self.deeds.contains(&(Activity::Left, person))) {
            (true, _) => Involvement::In,
            (false, true) => Involvement::Left,
            (false, false) => Involvement::Out,
        }
    }

    /// What it means that somebody asks for it, too.
    fn join(&mut self, person: u64, reason: Option<&str>) -> Option<Activity> {
        let reason = reason.map(str::to_owned);
        let known = self.people.iter_mut().find(|asker| asker.person.0 == person);
        match known {
            None => {
                self.people.push(Participant { person: UserId(person), reason });
                self.deeds.push((Activity::Joined, person));
                Some(Activity::Joined)
            }
            Some(asker) if reason.is_some() && asker.reason != reason => {
                asker.reason.clone_from(&reason);
                if self.requester == person && !self.is_direct {
                    self.reason = reason;
                }
                self.deeds.push((Activity::Reworded, person));
                Some(Activity::Reworded)
            }
            Some(_) => None,
        }
    }

    /// Whether somebody could leave it.
    fn leave(&mut self, person: u64) -> bool {
        if self.state != State::Pending || !self.has(person) {
            return false;
        }
        if self.people.len() == 1 {
            self.state = State::Cancelled;
            return true;
        }
        self.people.retain(|asker| asker.person.0 != person);
        self.deeds.push((Activity::Left, person));
        if self.requester == person {
            self.requester = self.people[0].person.0;
            self.reason.clone_from(&self.people[0].reason);
        }
        true
    }

    fn is_open_for(&self, folded: &str) -> bool {
        let waits = |(name, status): &(String, GroupStatus)| {
            name == folded && *status == GroupStatus::Waiting
        };
        self.state.is_open() && self.groups.iter().any(waits)
    }
}

impl Model {
    fn open(&self, folded: &str) -> Option<usize> {
        self.requests.iter().position(|known| known.is_open_for(folded))
    }

    fn open_of(&self, person: u64) -> usize {
        let theirs = self.requests.iter().filter(|known| known.requester == person);
        theirs.filter(|known| known.state.is_open()).count()
    }

    /// The names that no open request is for.
    fn free<'a>(&self, names: &[&'a str]) -> Vec<&'a str> {
        let names = names.iter().copied();
        names.filter(|name| self.open(&name.to_lowercase()).is_none()).collect()
    }
}

fn named(bits: u8) -> Vec<&'static str> {
    let set = NAMES.iter().enumerate().filter(|(at, _)| bits & (1 << at) != 0);
    set.map(|(_, name)| *name).collect()
}

async fn play(store: Store, steps: &[Step]) {
    let mut model = Model::default();
    let mut now = SystemTime::now();
    for step in steps {
        now += Duration::from_secs(1);
        match *step {
            Step::Ask { names, upper, person, reason } => {
                let names = named(names);
                ask(&store, &mut model, &names, upper, (person, reason), now).await;
            }
            Step::Leave { request, person } => {
                leave(&store, &mut model, request, person, now).await;
            }
            Step::Begin { names, is_quiet, person } => {
                begin(&store, &mut model, &named(names), is_quiet, person, now).await;
            }
            Step::Happen { request, event, person } => {
                happen(&store, &mut model, request, event, person, now).await;
            }
            Step::Settle { request, position, status } => {
                settle(&store, &mut model, request, position, status, now).await;
            }
        }
        agree(&store, &model).await;
    }
    for (at, known) in model.requests.iter().enumerate() {
        let history = store.history(&known.groups[0].0, 0, 1000).await.unwrap().entries;
        let of_it = history
            .into_iter()
            .rev()
            .filter(|step| step.request_id.unsigned_abs() == at as u64 + 1);
        let deeds = of_it.filter_map(|step| Some((step.activity?, step.person.unwrap().0)));
        assert_eq!(deeds.collect::<Vec<_>>(), known.deeds);
    }
}

async fn agree(store: &Store, model: &Model) {
    let mut open = HashSet::new();
    for (at, known) in model.requests.iter().enumerate() {
        let id = i64::try_from(at).unwrap() + 1;
        let request = store.request(id).await.unwrap().unwrap();
        let groups = request.groups.iter().map(|group| (group.name.folded(), group.status));
        assert_eq!((groups.collect(), request.state), (known.groups.clone(), known.state));
        assert_eq!((request.requester.0, request.reason), (known.requester, known.reason.clone()));
        assert_eq!(store.outbox().people(id).await.unwrap(), known.people);
        for person in 1..4 {
            assert_eq!(
                store.involvement(id, UserId(person)).await.unwrap(),
                known.involvement(person)
            );
        }
        for (name, _) in known.groups.iter().filter(|(name, _)| known.is_open_for(name)) {
            assert!(open.insert(name), "two open requests for {name}");
        }
    }
}

async fn ask(
    store: &Store,
    model: &mut Model,
    names: &[&str],
    upper: bool,
    (person, reason): (u64, Option<&str>),
    now: SystemTime,
) {
    let typed: Vec<_> = names
        .iter()
        .map(|name| if upper { name.to_uppercase() } else { (*name).to_owned() })
        .collect();
    let typed: Vec<_> = typed.iter().map(String::as_str).collect();
    let free = model.free(names);
    let wanted = NewRequest { reason: reason.map(str::to_owned), ..new(&typed, person) };
    let asked = store.ask(&wanted, MAX_OPEN, now, CorrelationId::new()).await;
    let Some(asked) = asked.unwrap() else {
        assert!(!free.is_empty() && model.open_of(person) >= MAX_OPEN as usize);
        return;
    };
    assert_eq!(asked.request.is_some(), !free.is_empty());
    assert_eq!(asked.skipped.len() + free.len(), names.len());
    let mut joined = HashMap::new();
    for skipped in asked.skipped {
        let (name, request, activity) = match skipped {
            Skipped::Asked { name, request, activity } => (name, request, Some(activity)),
            Skipped::Open { name, request } => (name, request, None),
            Skipped::Refused { .. } => panic!("{skipped:?}"),
        };
        let at = model.open(&name.folded()).unwrap();
        assert_eq!(usize::try_from(request.id).unwrap(), at + 1);
        let known = &mut model.requests[at];
        let expected = match (known.is_quiet, joined.get(&at)) {
            (true, _) => None,
            (false, Some(activity)) => *activity,
            (false, None) => Some(known.join(person, reason)),
        };
        assert_eq!(activity, expected);
        joined.insert(at, activity);
    }
    if asked.request.is_some() {
        let made = Modelled::new(&free, State::Pending, person);
        model.requests.push(made.asked_by(person, reason));
    }
}

async fn begin(
    store: &Store,
    model: &mut Model,
    names: &[&str],
    is_quiet: bool,
    person: u64,
    now: SystemTime,
) {
    let free = model.free(names);
    let kind = if is_quiet { Kind::Single } else { Kind::Batch };
    let wanted = NewRequest { kind, ..new(names, person) };
    let begun = store.begin(&wanted, now, CorrelationId::new()).await.unwrap();
    assert_eq!(begun.request.is_some(), !free.is_empty());
    for skipped in begun.skipped {
        let Skipped::Open { name, request } = skipped else { panic!("{skipped:?}") };
        let at = model.open(&name.folded()).unwrap();
        assert_eq!(usize::try_from(request.id).unwrap(), at + 1);
    }
    if begun.request.is_some() {
        let made = Modelled::new(&free, State::Creating, person);
        model.requests.push(Modelled { is_quiet, ..made });
    }
}

async fn happen(
    store: &Store,
    model: &mut Model,
    request: usize,
    event: Event,
    person: u64,
    now: SystemTime,
) {
    let id = i64::try_from(request).unwrap() + 1;
    let change = Change::new(event, Some(UserId(person)), CorrelationId::new());
    let swap = store.change(id, &change, now).await.unwrap();
    let Some(known) = model.requests.get(request).cloned() else {
        return assert!(matches!(swap, Transition::NotFound), "{swap:?}");
    };
    // A failed request can't be taken up again while another one for a group of it is open.
    // Nor can one of which nothing would be tried again.
    let failed: Vec<_> =
        known.groups.iter().filter(|(_, status)| *status == GroupStatus::Failed).collect();
    let is_asked_again = || failed.iter().any(|(name, _)| model.open(name).is_some());
    let blocked = event == Event::Retry && (failed.is_empty() || is_asked_again());
    match (known.state.after(event).filter(|_| !blocked), swap) {
        (Some(after), Transition::Applied(changed)) => {
            assert_eq!(changed.state, after);
            let known = &mut model.requests[request];
            known.state = after;
            if event == Event::Retry {
                let failed =
                    known.groups.iter_mut().filter(|(_, status)| *status == GroupStatus::Failed);
                failed.for_each(|(_, status)| *status = GroupStatus::Waiting);
            }
        }
        (None, Transition::Conflict(unchanged)) => assert_eq!(unchanged.state, known.state),
        (expected, swap) => panic!("{swap:?} where {event:?} leads to {expected:?}"),
    }
}

async fn leave(store: &Store, model: &mut Model, request: usize, person: u64, now: SystemTime) {
    let id = i64::try_from(request).unwrap() + 1;
    let swap = store.leave(id, UserId(person), now, CorrelationId::new()).await.unwrap();
    let Some(known) = model.requests.get_mut(request) else {
        return assert!(matches!(swap, Transition::NotFound), "{swap:?}");
    };
    match (known.leave(person), swap) {
        (true, Transition::Applied(request)) | (false, Transition::Conflict(request)) => {
            assert_eq!(request.state, known.state);
        }
        (is_done, swap) => panic!("{swap:?} where {is_done} is right"),
    }
}

async fn settle(
    store: &Store,
    model: &mut Model,
    request: usize,
    position: usize,
    status: GroupStatus,
    now: SystemTime,
) {
    let id = i64::try_from(request).unwrap() + 1;
    let guid = (!GroupStatus::FAILURES.contains(&status)).then(|| Guid::trusted("g".to_owned()));
    let settled = GroupOutcome { status, guid, failure: None, correlation: CorrelationId::new() };
    let after = store.settle(id, position, &settled, now).await.unwrap();
    let known = model.requests.get_mut(request).filter(|known| known.state == State::Creating);
    let waiting = known.and_then(|known| {
        let is_waiting =
            known.groups.get(position).is_some_and(|(_, status)| *status == GroupStatus::Waiting);
        is_waiting.then_some(known)
    });
    let Some(known) = waiting else { return assert!(after.is_none()) };
    known.groups[position].1 = status;
    if known.groups.iter().all(|(_, status)| *status != GroupStatus::Waiting) {
        known.state = State::of_settled(
            known.groups.iter().any(|(_, status)| GroupStatus::FAILURES.contains(status)),
        );
    }
    assert_eq!(after.unwrap().state, known.state);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn whatever_happens_the_store_agrees_with_a_plain_model(
        steps in prop::collection::vec(step(), 1..60),
    ) {
        on_each(async |store| play(store, &steps).await);
    }
}
