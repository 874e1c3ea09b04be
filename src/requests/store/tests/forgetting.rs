//! What is deleted once it is old, and what isn't.

use super::*;

const DAY: Duration = Duration::from_hours(24);

/// Requests that one person asks for and an admin denies, at these moments.
async fn deny(store: &Store, names: &[&str], (asked, denied): (SystemTime, SystemTime)) {
    for name in names {
        let id = CorrelationId::new();
        let asked = store.ask(&new(&[name], 1), 999, asked, id).await.unwrap().unwrap();
        let change = Change::new(Event::Deny, Some(UserId(9)), id);
        store.change(asked.request.unwrap().id, &change, denied).await.unwrap();
    }
}

async fn left(store: &Store) -> Vec<i64> {
    let ids = "SELECT id FROM requests ORDER BY id";
    query(ids).fetch_values(&store.pool).await.unwrap()
}

#[test]
fn only_what_has_been_over_for_long_is_forgotten_and_never_the_latest() {
    on_each(async |store| {
        let now = SystemTime::now();
        let (old, lately) = (now - 30 * DAY, now - DAY);
        deny(&store, &["long-ago"], (old, old)).await;
        store.ask(&new(&["undecided"], 1), 9, old, CorrelationId::new()).await.unwrap();
        deny(&store, &["decided-lately"], (old, lately)).await;
        // Decided long ago, and it came off only now, as when Connect was away.
        let batch = NewRequest { kind: Kind::Batch, ..new(&["came-late"], 1) };
        store.begin(&batch, old, CorrelationId::new()).await.unwrap();
        let created = GroupOutcome {
            status: GroupStatus::Created,
            guid: None,
            failure: None,
            correlation: CorrelationId::new(),
        };
        store.settle(4, 0, &created, lately).await.unwrap();
        // Nobody decided it in time.
        let id = CorrelationId::new();
        store.ask(&new(&["expired-lately"], 1), 9, old, id).await.unwrap();
        store.change(5, &Change::new(Event::Expire, None, id), lately).await.unwrap();
        deny(&store, &["the-latest"], (old, old)).await;
        assert_eq!(store.forget(now - 7 * DAY).await.unwrap(), 1);
        assert_eq!(left(&store).await, [2, 3, 4, 5, 6]);
        assert_eq!(store.history("long-ago", 0, 9).await.unwrap().total, 0);
        assert_eq!(store.history("decided-lately", 0, 9).await.unwrap().total, 2);
        assert_eq!(store.forget(now - 7 * DAY).await.unwrap(), 0);
        store.ask(&new(&["next"], 1), 99, now, id).await.unwrap();
        assert_eq!(left(&store).await, [2, 3, 4, 5, 6, 7], "no number is given twice");
        assert_eq!(store.forget(now - 7 * DAY).await.unwrap(), 1, "it isn't the latest any more");
    });
}

#[test]
fn much_is_forgotten_a_little_at_a_time_the_oldest_first() {
    on_each(async |store| {
        let now = SystemTime::now();
        let names: Vec<_> = (0..131).map(|number| format!("team-{number}")).collect();
        for (days, name) in (0..).zip(&names) {
            let then = now - (30 + days) * DAY;
            deny(&store, &[name], (then, then)).await;
        }
        assert_eq!(store.forget(now - 7 * DAY).await.unwrap(), 100);
        let kept: Vec<_> = (1..=30).chain([131]).collect();
        assert_eq!(left(&store).await, kept);
        assert_eq!(store.forget(now - 7 * DAY).await.unwrap(), 30);
        assert_eq!(store.forget(now - 7 * DAY).await.unwrap(), 0);
    });
}
