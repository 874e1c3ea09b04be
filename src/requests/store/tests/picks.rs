//! What was picked is taken once, by who picked it, and doesn't pile up.

use super::*;

const ADA: UserId = UserId(9);

fn names(number: u64) -> Vec<String> {
    vec![format!("team-{number}"), "a \"b\"\u{202e}".to_owned()]
}

#[test]
fn a_pick_is_taken_by_who_picked_it_and_by_one_of_several_at_once() {
    on_each(async |store| {
        let (now, before) = (SystemTime::now(), SystemTime::now() - Duration::from_mins(15));
        store.keep_pick((1, ADA), &names(1), now).await.unwrap();
        // As by a second copy of the same interaction.
        store.keep_pick((1, UserId(5)), &names(2), now).await.unwrap();
        assert_eq!(store.take_pick((1, UserId(5)), before).await.unwrap(), None);
        assert_eq!(store.take_pick((2, ADA), before).await.unwrap(), None);
        let take = || store.take_pick((1, ADA), before);
        let (first, second) = tokio::join!(take(), take());
        let taken = [first.unwrap(), second.unwrap()];
        assert_eq!(taken.iter().flatten().collect::<Vec<_>>(), [&names(1)]);
    });
}

#[test]
fn what_was_picked_long_ago_is_gone_and_of_a_persons_picks_so_are_the_oldest() {
    on_each(async |store| {
        let (now, minute) = (SystemTime::now(), Duration::from_mins(1));
        store.keep_pick((1, UserId(5)), &names(1), now - 20 * minute).await.unwrap();
        for id in 2..=25 {
            store.keep_pick((id, ADA), &names(id), now).await.unwrap();
        }
        let left = async || {
            let ids: Vec<i64> =
                query("SELECT id FROM picks ORDER BY id").fetch_values(&store.pool).await.unwrap();
            ids
        };
        let latest: Vec<_> = (6..=25).collect();
        assert_eq!(left().await, [&[1], &latest[..]].concat());
        assert_eq!(store.take_pick((1, UserId(5)), now - 15 * minute).await.unwrap(), None);
        store.forget_picks(now - 15 * minute).await.unwrap();
        assert_eq!(left().await, latest);
    });
}
