//! The store against a plain model, and what opening it promises.

use std::collections::HashMap;
use std::time::{Duration, SystemTime};

use proptest::prelude::*;
use secrecy::SecretString;
use tempfile::TempDir;

use super::*;
use crate::access::{ChannelId, GuildId};

async fn open(folder: &TempDir) -> Result<Store, StoreError> {
    let url = format!("sqlite://{}", folder.path().join("test.db").display());
    Store::open(&SecretString::new(url)).await
}

fn new(name: &str, person: u64) -> NewRequest {
    NewRequest {
        name: GroupName::parse(name).unwrap(),
        requester: UserId(person),
        place: Place { guild: GuildId(1), channel: ChannelId(2) },
        reason: None,
    }
}

/// What somebody, or time, does.
#[derive(Clone, Debug)]
enum Step {
    Ask { name: usize, person: u64 },
    Begin { name: usize, person: u64 },
    Happen { request: usize, event: Event, person: u64 },
}

const NAMES: [&str; 4] = ["accounting", "Accounting", "ABE", "営業部"];
const MAX_OPEN: u32 = 2;

fn step() -> impl Strategy<Value = Step> {
    let (name, person) = (0..NAMES.len(), 1..4_u64);
    prop_oneof![
        3 => (name.clone(), person.clone()).prop_map(|(name, person)| Step::Ask { name, person }),
        1 => (name, person.clone()).prop_map(|(name, person)| Step::Begin { name, person }),
        6 => (0..8_usize, 0..Event::ALL.len(), person).prop_map(|(request, event, person)| {
            Step::Happen { request, event: Event::ALL[event], person }
        }),
    ]
}

/// What the store should hold, without SQL.
#[derive(Default)]
struct Model {
    requests: Vec<Modelled>,
}

#[derive(Clone)]
struct Modelled {
    folded: String,
    state: State,
    requester: u64,
    /// Who asked; nobody if it was created at once.
    people: Vec<u64>,
}

impl Model {
    fn open(&self, folded: &str) -> Option<usize> {
        self.requests.iter().position(|known| known.folded == folded && known.state.is_open())
    }

    fn open_of(&self, person: u64) -> usize {
        let theirs = self.requests.iter().filter(|known| known.requester == person);
        theirs.filter(|known| known.state.is_open()).count()
    }
}

async fn play(steps: &[Step]) {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder).await.unwrap();
    let mut model = Model::default();
    let mut now = SystemTime::now();
    for step in steps {
        now += Duration::from_secs(1);
        match *step {
            Step::Ask { name, person } => ask(&store, &mut model, NAMES[name], person, now).await,
            Step::Begin { name, person } => {
                begin(&store, &mut model, NAMES[name], person, now).await;
            }
            Step::Happen { request, event, person } => {
                happen(&store, &mut model, request, event, person, now).await;
            }
        }
    }
    for (at, known) in model.requests.iter().enumerate() {
        let id = i64::try_from(at).unwrap() + 1;
        let request = store.request(id).await.unwrap().unwrap();
        assert_eq!((&request.name.folded(), request.state), (&known.folded, known.state));
        let mut asked: Vec<_> = store.people(id).await.unwrap().iter().map(|id| id.0).collect();
        let mut people = known.people.clone();
        asked.sort_unstable();
        people.sort_unstable();
        assert_eq!(asked, people);
    }
    let mut open: HashMap<&str, usize> = HashMap::new();
    for known in model.requests.iter().filter(|known| known.state.is_open()) {
        *open.entry(&known.folded).or_default() += 1;
    }
    assert!(open.values().all(|count| *count == 1), "one open request a group: {open:?}");
}

async fn ask(store: &Store, model: &mut Model, name: &str, person: u64, now: SystemTime) {
    let asked = store.ask(&new(name, person), MAX_OPEN, now, CorrelationId::new()).await.unwrap();
    let folded = name.to_lowercase();
    match (model.open(&folded), asked) {
        (Some(at), Asked::Joined(request)) => {
            assert_eq!(usize::try_from(request.id).unwrap(), at + 1);
            assert!(!model.requests[at].people.contains(&person));
            model.requests[at].people.push(person);
        }
        (Some(at), Asked::BeingCreated(request)) => {
            assert!(request.direct && model.requests[at].people.is_empty());
        }
        (Some(at), Asked::AskedBefore(_)) => assert!(model.requests[at].people.contains(&person)),
        (None, Asked::TooMany) => assert!(model.open_of(person) >= MAX_OPEN as usize),
        (None, Asked::Made(request)) => {
            assert_eq!(request.state, State::Pending);
            let (state, people) = (State::Pending, vec![person]);
            model.requests.push(Modelled { folded, state, requester: person, people });
        }
        (expected, asked) => panic!("{asked:?} where the open request is {expected:?}"),
    }
}

async fn begin(store: &Store, model: &mut Model, name: &str, person: u64, now: SystemTime) {
    let begun = store.begin(&new(name, person), now, CorrelationId::new()).await.unwrap();
    let folded = name.to_lowercase();
    match (model.open(&folded), begun) {
        (Some(_), Begun::Open(_)) => {}
        (None, Begun::Begun(request)) => {
            assert!(request.direct);
            let (state, people) = (State::Creating, Vec::new());
            model.requests.push(Modelled { folded, state, requester: person, people });
        }
        (expected, begun) => panic!("{begun:?} where the open request is {expected:?}"),
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
    let Some(Modelled { folded, state, .. }) = model.requests.get(request).cloned() else {
        return assert!(matches!(swap, Swap::Unknown), "{swap:?}");
    };
    // A failed request can't be taken up again while another one for its group is open.
    let blocked = event == Event::Retry && model.open(&folded).is_some();
    match (state.after(event).filter(|_| !blocked), swap) {
        (Some(after), Swap::Done(changed)) => {
            assert_eq!(changed.state, after);
            model.requests[request].state = after;
        }
        (None, Swap::Lost(unchanged)) => assert_eq!(unchanged.state, state),
        (expected, swap) => panic!("{swap:?} where {state:?} and {event:?} lead to {expected:?}"),
    }
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

#[tokio::test]
async fn every_step_is_in_the_history_with_who_and_why() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder).await.unwrap();
    let now = SystemTime::now();
    let id = CorrelationId::new();
    let asked = store.ask(&new("ABE", 1), 1, now, id).await.unwrap();
    assert!(matches!(asked, Asked::Made(_)));
    let why = Some("not now".to_owned());
    let change = Change { why, ..Change::new(Event::Deny, Some(UserId(9)), id) };
    store.change(1, &change, now).await.unwrap();
    let history = store.history("abe", 0, 10).await.unwrap();
    let steps: Vec<_> = history
        .entries
        .iter()
        .map(|entry| (entry.before, entry.after, entry.person, entry.why.as_deref()))
        .collect();
    assert_eq!(
        steps,
        [
            (Some(State::Pending), State::Denied, Some(UserId(9)), Some("not now")),
            (None, State::Pending, Some(UserId(1)), None),
        ]
    );
    assert!(history.entries.iter().all(|entry| entry.correlation == id.to_string()));
}

#[tokio::test]
async fn what_is_due_next_is_the_earliest_thing_still_to_come() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder).await.unwrap();
    let (now, hour) = (SystemTime::now(), Duration::from_hours(1));
    let due = async |after: Duration| {
        let due = store.next_due(3 * hour, Some(hour), now + after).await.unwrap();
        due.map(|due| due.duration_since(now).unwrap().as_secs_f64().round())
    };
    assert_eq!(due(Duration::ZERO).await, None);
    store.ask(&new("ABE", 1), 1, now, CorrelationId::new()).await.unwrap();
    assert_eq!(due(Duration::ZERO).await, Some(3600.0), "the reminder");
    assert_eq!(due(hour + Duration::from_secs(1)).await, Some(3.0 * 3600.0), "the expiry");
    assert_eq!(due(4 * hour).await, None, "nothing that is past");
}

#[tokio::test]
async fn a_database_is_for_the_bot_alone_and_keeps_what_it_was_told() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder).await.unwrap();
    store.ask(&new("ABE", 1), 1, SystemTime::now(), CorrelationId::new()).await.unwrap();
    for file in std::fs::read_dir(folder.path()).unwrap() {
        let mode = file.unwrap().metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    drop(store);
    let store = open(&folder).await.unwrap();
    assert_eq!(store.request(1).await.unwrap().unwrap().state, State::Pending);
}

#[tokio::test]
async fn what_is_no_sound_database_is_refused_and_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("test.db");
    std::fs::write(&file, "not a database, but somebody's notes".repeat(500)).unwrap();
    let before = std::fs::read(&file).unwrap();
    assert!(matches!(open(&folder).await, Err(StoreError::Damaged(_))));
    assert_eq!(std::fs::read(&file).unwrap(), before);
}

#[tokio::test]
async fn a_database_of_a_newer_version_is_refused_and_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder).await.unwrap();
    sqlx::query(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
         VALUES (9999, 'from the future', TRUE, x'00', 0)",
    )
    .execute(&store.pool)
    .await
    .unwrap();
    store.pool.close().await;
    let file = folder.path().join("test.db");
    let before = std::fs::read(&file).unwrap();
    assert!(matches!(open(&folder).await, Err(StoreError::Newer)));
    assert_eq!(std::fs::read(&file).unwrap(), before);
}

#[tokio::test]
async fn the_database_of_another_program_is_refused_and_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder).await.unwrap();
    sqlx::query("ALTER TABLE _sqlx_migrations RENAME TO somebody_elses")
        .execute(&store.pool)
        .await
        .unwrap();
    store.close().await;
    let file = folder.path().join("test.db");
    let before = std::fs::read(&file).unwrap();
    assert!(matches!(open(&folder).await, Err(StoreError::Damaged(_))));
    assert_eq!(std::fs::read(&file).unwrap(), before);
}

#[tokio::test]
async fn postgresql_is_refused_with_a_sentence() {
    let url = SecretString::new("postgres://u:secret@h/db".to_owned());
    let error = Store::open(&url).await.unwrap_err();
    assert!(matches!(error, StoreError::Unsupported));
    assert!(!error.to_string().contains("secret"));
}
