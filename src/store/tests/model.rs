//! Random steps, after each of which the store must agree with a plain model.

use std::collections::HashSet;
use std::time::{Duration, SystemTime};

use proptest::prelude::*;

use super::{new, open};
use crate::access::UserId;
use crate::connect::CorrelationId;
use crate::group::Guid;
use crate::request::{Event, Fate, State};
use crate::store::{Asked, Change, How, Settled, Standing, Store, Swap};

/// What somebody, or time, does. Names are those of [`NAMES`] at the bits that are set.
#[derive(Clone, Debug)]
enum Step {
    Ask { names: u8, upper: bool, person: u64 },
    Begin { names: u8, is_quiet: bool, person: u64 },
    Happen { request: usize, event: Event, person: u64 },
    Settle { request: usize, position: usize, fate: Fate },
}

const NAMES: [&str; 4] = ["accounting", "ABE", "Zürich", "営業部"];
const MAX_OPEN: u32 = 2;

fn step() -> impl Strategy<Value = Step> {
    let (names, person) = (1..16_u8, 1..4_u64);
    let fates = prop_oneof![
        Just(Fate::Created),
        Just(Fate::Existed),
        Just(Fate::Failed),
        Just(Fate::Impossible)
    ];
    prop_oneof![
        3 => (names.clone(), any::<bool>(), person.clone())
            .prop_map(|(names, upper, person)| Step::Ask { names, upper, person }),
        1 => (names, any::<bool>(), person.clone())
            .prop_map(|(names, is_quiet, person)| Step::Begin { names, is_quiet, person }),
        6 => (0..8_usize, 0..Event::ALL.len(), person).prop_map(|(request, event, person)| {
            Step::Happen { request, event: Event::ALL[event], person }
        }),
        6 => (0..8_usize, 0..4_usize, fates)
            .prop_map(|(request, position, fate)| Step::Settle { request, position, fate }),
    ]
}

/// What the store should hold, without SQL.
#[derive(Default)]
struct Model {
    requests: Vec<Modelled>,
}

#[derive(Clone)]
struct Modelled {
    groups: Vec<(String, Fate)>,
    state: State,
    is_quiet: bool,
    requester: u64,
    /// Who asked; nobody if it was created at once.
    people: Vec<u64>,
}

impl Modelled {
    fn new(groups: &[&str], state: State, requester: u64) -> Self {
        let groups = groups.iter().map(|name| (name.to_lowercase(), Fate::Waiting)).collect();
        let people = if state == State::Pending { vec![requester] } else { Vec::new() };
        Self { groups, state, is_quiet: false, requester, people }
    }

    fn is_open_for(&self, folded: &str) -> bool {
        let waits = |(name, fate): &(String, Fate)| name == folded && *fate == Fate::Waiting;
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

async fn play(steps: &[Step]) {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder).await.unwrap();
    let mut model = Model::default();
    let mut now = SystemTime::now();
    for step in steps {
        now += Duration::from_secs(1);
        match *step {
            Step::Ask { names, upper, person } => {
                ask(&store, &mut model, &named(names), upper, person, now).await;
            }
            Step::Begin { names, is_quiet, person } => {
                begin(&store, &mut model, &named(names), is_quiet, person, now).await;
            }
            Step::Happen { request, event, person } => {
                happen(&store, &mut model, request, event, person, now).await;
            }
            Step::Settle { request, position, fate } => {
                settle(&store, &mut model, request, position, fate, now).await;
            }
        }
        agree(&store, &model).await;
    }
}

async fn agree(store: &Store, model: &Model) {
    let mut open = HashSet::new();
    for (at, known) in model.requests.iter().enumerate() {
        let id = i64::try_from(at).unwrap() + 1;
        let request = store.request(id).await.unwrap().unwrap();
        let groups = request.groups.iter().map(|group| (group.name.folded(), group.fate));
        assert_eq!((groups.collect(), request.state), (known.groups.clone(), known.state));
        let mut asked: Vec<_> = store.people(id).await.unwrap().iter().map(|id| id.0).collect();
        let mut people = known.people.clone();
        asked.sort_unstable();
        people.sort_unstable();
        assert_eq!(asked, people);
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
    person: u64,
    now: SystemTime,
) {
    let typed: Vec<_> = names
        .iter()
        .map(|name| if upper { name.to_uppercase() } else { (*name).to_owned() })
        .collect();
    let typed: Vec<_> = typed.iter().map(String::as_str).collect();
    let free = model.free(names);
    let asked = store.ask(&new(&typed, person), MAX_OPEN, now, CorrelationId::new()).await;
    let Some(Asked { made, standing }) = asked.unwrap() else {
        assert!(!free.is_empty() && model.open_of(person) >= MAX_OPEN as usize);
        return;
    };
    assert_eq!(made.is_some(), !free.is_empty());
    assert_eq!(standing.len() + free.len(), names.len());
    let before: Vec<_> = model.requests.iter().map(|known| known.people.clone()).collect();
    for Standing { name, request, how } in standing {
        let at = model.open(&name.folded()).unwrap();
        assert_eq!(usize::try_from(request.id).unwrap(), at + 1);
        let known = &mut model.requests[at];
        match how {
            How::InTheWay => assert!(known.is_quiet),
            How::AskedBefore => assert!(before[at].contains(&person)),
            How::Joined => {
                assert!(!known.is_quiet && !before[at].contains(&person));
                if !known.people.contains(&person) {
                    known.people.push(person);
                }
            }
        }
    }
    if made.is_some() {
        model.requests.push(Modelled::new(&free, State::Pending, person));
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
    let begun =
        store.begin(&new(names, person), is_quiet, now, CorrelationId::new()).await.unwrap();
    assert_eq!(begun.made.is_some(), !free.is_empty());
    for Standing { name, request, how } in begun.standing {
        let at = model.open(&name.folded()).unwrap();
        assert_eq!((usize::try_from(request.id).unwrap(), how), (at + 1, How::InTheWay));
    }
    if begun.made.is_some() {
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
        return assert!(matches!(swap, Swap::Unknown), "{swap:?}");
    };
    // A failed request can't be taken up again while another one for a group of it is open.
    // Nor can one of which nothing would be tried again.
    let failed: Vec<_> = known.groups.iter().filter(|(_, fate)| *fate == Fate::Failed).collect();
    let is_asked_again = || failed.iter().any(|(name, _)| model.open(name).is_some());
    let blocked = event == Event::Retry && (failed.is_empty() || is_asked_again());
    match (known.state.after(event).filter(|_| !blocked), swap) {
        (Some(after), Swap::Done(changed)) => {
            assert_eq!(changed.state, after);
            let known = &mut model.requests[request];
            known.state = after;
            if event == Event::Retry {
                let failed = known.groups.iter_mut().filter(|(_, fate)| *fate == Fate::Failed);
                failed.for_each(|(_, fate)| *fate = Fate::Waiting);
            }
        }
        (None, Swap::Lost(unchanged)) => assert_eq!(unchanged.state, known.state),
        (expected, swap) => panic!("{swap:?} where {event:?} leads to {expected:?}"),
    }
}

async fn settle(
    store: &Store,
    model: &mut Model,
    request: usize,
    position: usize,
    fate: Fate,
    now: SystemTime,
) {
    let id = i64::try_from(request).unwrap() + 1;
    let guid = (!Fate::FAILURES.contains(&fate)).then(|| Guid::trusted("g".to_owned()));
    let settled = Settled { fate, guid, note: None, correlation: CorrelationId::new() };
    let after = store.settle(id, position, &settled, now).await.unwrap();
    let known = model.requests.get_mut(request).filter(|known| known.state == State::Creating);
    let waiting = known.and_then(|known| {
        let is_waiting = known.groups.get(position).is_some_and(|(_, fate)| *fate == Fate::Waiting);
        is_waiting.then_some(known)
    });
    let Some(known) = waiting else { return assert!(after.is_none()) };
    known.groups[position].1 = fate;
    if known.groups.iter().all(|(_, fate)| *fate != Fate::Waiting) {
        known.state =
            State::of_settled(known.groups.iter().any(|(_, fate)| Fate::FAILURES.contains(fate)));
    }
    assert_eq!(after.unwrap().state, known.state);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn whatever_happens_the_store_agrees_with_a_plain_model(
        steps in prop::collection::vec(step(), 1..60),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(play(&steps));
    }
}
