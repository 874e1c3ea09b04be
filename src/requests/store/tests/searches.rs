//! The latest search of each channel, as copies of the bot share it.

use super::*;

const TTL: Duration = Duration::from_mins(10);

/// What was found in a channel for a prefix. What is sealed says so here.
pub(super) fn kept((guild, channel): (u64, u64), prefix: &str, at: SystemTime) -> KeptSearch {
    let place = Place { guild: GuildId(guild), channel: ChannelId(channel) };
    let (taken_at, sealed) = (millis(at), format!("found for {prefix}"));
    let nonce = format!("{prefix} {taken_at}");
    KeptSearch { place, prefix: prefix.to_owned(), taken_at, nonce, sealed }
}

#[test]
fn the_latest_search_of_a_channel_takes_the_place_of_the_one_before() {
    on_each(async |store| {
        let now = SystemTime::now();
        let (first, second) = (kept((1, 2), "a", now), kept((1, 2), "b", now));
        let elsewhere = [kept((1, 3), "c", now), kept((2, 2), "d", now)];
        for search in elsewhere.iter().chain([&first, &second]) {
            store.keep_search(search).await.unwrap();
        }
        let other = async |known: &str| {
            store.other_search(second.place, known, (now - TTL, now)).await.unwrap()
        };
        assert_eq!(other("").await.as_ref(), Some(&second));
        assert_eq!(other(&first.nonce).await.as_ref(), Some(&second));
        assert_eq!(other(&second.nonce).await, None, "it is known");
        for search in elsewhere {
            let there = store.other_search(search.place, "", (now - TTL, now)).await.unwrap();
            assert_eq!(there, Some(search));
        }
    });
}

#[test]
fn what_is_as_old_as_may_be_or_from_the_future_is_neither_found_nor_kept() {
    on_each(async |store| {
        let (now, moment) = (SystemTime::now(), Duration::from_millis(1));
        let (name, fresh) = (GroupName::parse("accounting").unwrap(), (now - TTL, now));
        let searches = [
            (now - TTL, false),
            (now - TTL + moment, true),
            (now, true),
            // Of a clock that was set back since: it may be ten minutes old by the next look.
            (now + moment, false),
        ];
        for (channel, (at, is_fresh)) in (1..).zip(searches) {
            let search = kept((1, channel), "acc", at);
            store.keep_search(&search).await.unwrap();
            let found = store.other_search(search.place, "", fresh).await.unwrap();
            assert_eq!(found.is_some(), is_fresh, "{channel}");
        }
        store.keep_search(&kept((1, 5), "acc", now + TTL + moment)).await.unwrap();
        let mut found = store.searched_for(&name, fresh).await.unwrap();
        found.sort_unstable_by_key(|place| place.channel);
        assert_eq!(found.iter().map(|place| place.channel.0).collect::<Vec<_>>(), [2, 3]);
        store.forget_searches((now - TTL, now + TTL)).await.unwrap();
        let channels = query("SELECT channel FROM searches ORDER BY channel");
        let left: Vec<i64> = channels.fetch_values(&store.pool).await.unwrap();
        assert_eq!(left, [2, 3, 4]);
    });
}

#[test]
fn of_very_many_channels_the_searches_of_those_are_kept_that_searched_last() {
    on_each(async |store| {
        let now = SystemTime::now();
        let mut tx = store.pool.begin().await.unwrap();
        query(
            "INSERT INTO searches (guild, channel, prefix, taken_at, nonce, sealed) \
             WITH RECURSIVE numbers (number) AS ( \
                 SELECT 1 UNION ALL SELECT number + 1 FROM numbers WHERE number < 1200) \
             SELECT 1, number, 'a', $1 + number, 'n', 's' FROM numbers",
        )
        .bind(millis(now))
        .execute(&mut tx)
        .await
        .unwrap();
        tx.commit().await.unwrap();
        store.forget_searches((now - TTL, now + TTL)).await.unwrap();
        let least = query("SELECT MIN(channel) FROM searches").fetch_value::<i64>(&store.pool);
        let count = query("SELECT COUNT(*) FROM searches").fetch_value::<i64>(&store.pool);
        assert_eq!((least.await.unwrap(), count.await.unwrap()), (201, 1000));
    });
}

#[test]
fn a_group_is_looked_for_where_its_name_begins_as_was_searched_for_whatever_the_case() {
    on_each(async |store| {
        let now = SystemTime::now();
        let prefixes = ["zür", "zürich-ost", "z", "zürich-ostend", "ürich", "z%", "zür_ch"];
        for (channel, prefix) in (1..).zip(prefixes) {
            store.keep_search(&kept((1, channel), prefix, now)).await.unwrap();
        }
        let name = GroupName::parse("ZÜRICH-Ost").unwrap();
        let mut found = store.searched_for(&name, (now - TTL, now)).await.unwrap();
        found.sort_unstable_by_key(|place| place.channel);
        assert_eq!(found.iter().map(|place| place.channel.0).collect::<Vec<_>>(), [1, 2, 3]);
    });
}

#[test]
fn a_search_is_replaced_only_as_long_as_it_is_the_one_that_was_read() {
    on_each(async |store| {
        let now = SystemTime::now();
        let read = kept((1, 2), "a", now);
        store.keep_search(&read).await.unwrap();
        let noted = |how: &str| KeptSearch {
            nonce: how.to_owned(),
            sealed: format!("with what {how} knows"),
            ..read.clone()
        };
        let [ours, theirs] = ["ours", "theirs"].map(noted);
        let (first, second) = tokio::join!(
            store.replace_search(&read.nonce, &ours),
            store.replace_search(&read.nonce, &theirs)
        );
        let replaced = [first.unwrap(), second.unwrap()];
        assert_eq!(replaced.iter().filter(|replaced| **replaced).count(), 1);
        let expected = if replaced[0] { ours } else { theirs };
        let stands = store.other_search(read.place, "", (now - TTL, now)).await.unwrap();
        assert_eq!(stands, Some(expected));
        store.keep_search(&kept((1, 2), "b", now)).await.unwrap();
        assert!(!store.replace_search("ours", &noted("late")).await.unwrap());
    });
}
