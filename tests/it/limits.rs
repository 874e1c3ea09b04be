//! How many calls Discord takes, and what the bot makes of it. The limits are Discord's, in shorter
//! windows, so that what takes minutes there takes seconds here.

use std::collections::HashSet;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use futures_util::future::join_all;
use sandbox::connect;
use sandbox::discord::{
    Answer, CONNECT, Fault, GUILD, Limits, Message, Rate, Request, Route, Times, Who,
};

use crate::database::execute;
use crate::world::{Setup, World, run_test_with, setup, team};

/// Five calls in so long, for messages of a channel.
fn five_in(per: Duration) -> Limits {
    let five = Some(Rate::new(5, per));
    Limits { create_message: five, edit_message: five, get_message: five, ..Limits::default() }
}

/// A world with so many groups in LDAP and these limits.
fn world(count: usize, limits: Limits) -> Setup {
    let mut setup = setup(&[("MAX_OPEN_REQUESTS", "1000")]).ldap_groups((0..count).map(team));
    setup.discord.limits = limits;
    setup
}

/// A test that begins with a start of the bot that finds so many open requests, which no message shows.
fn with_a_backlog(count: usize, limits: Limits, test: impl AsyncFnOnce(&mut World)) {
    run_test_with(world(count, limits).over_gateway(), async |world| {
        world.stop_bot().await;
        execute(&world.sandbox, sqlx::AssertSqlSafe(backlog(count))).await;
        world.start_bot().await;
        test(world).await;
    });
}

/// What writes so many open requests of a member's down, as the bot does.
fn backlog(count: usize) -> String {
    let member = Who::Member.id();
    let begun = UNIX_EPOCH.elapsed().unwrap().as_millis() - count as u128;
    let groups = (0..count).map(|number| {
        let (id, name) = (number + 1, team(number));
        format!("({id}, 0, '{name}', '{name}', 'waiting', TRUE)")
    });
    let groups = groups.collect::<Vec<_>>().join(", ");
    format!(
        "INSERT INTO requests (state, kind, guild, channel, requester, created_at) \
         WITH RECURSIVE numbers (number) AS ( \
           SELECT 0 UNION ALL SELECT number + 1 FROM numbers WHERE number < {count} - 1) \
         SELECT 'pending', 'asked', {GUILD}, {CONNECT}, {member}, \
           {begun} + number FROM numbers; \
         INSERT INTO requested_groups (request_id, position, name, folded, status, open) \
         VALUES {groups}; \
         INSERT INTO participants (request_id, person, guild, channel, joined_at) \
         SELECT id, requester, guild, channel, created_at FROM requests; \
         INSERT INTO history (request_id, at, person, after, correlation_id) \
         SELECT id, created_at, requester, state, 'a5f0b3c1-0000-4000-8000-000000000000' \
         FROM requests;"
    )
}

/// Waits until each of these requests has its message, and gives those.
async fn cards(world: &World, numbers: impl IntoIterator<Item = u32>) -> Vec<Message> {
    let mut cards = Vec::new();
    for number in numbers {
        cards.push(world.card(number, "Approve or deny").await);
    }
    cards
}

/// The messages of which this was done.
fn done(requests: &[Request], route: Route) -> HashSet<u64> {
    let done = requests
        .iter()
        .filter(|request| request.route == Some(route) && request.status == Some(200));
    done.filter_map(|request| request.path.rsplit('/').next()?.parse().ok()).collect()
}

/// The messages that were edited.
fn edited(requests: &[Request]) -> HashSet<u64> {
    done(requests, Route::EditMessage)
}

/// The messages that were looked at.
fn looked_at(requests: &[Request]) -> HashSet<u64> {
    done(requests, Route::GetMessage)
}

/// The calls that were one too many.
fn refused(world: &World) -> Vec<String> {
    let requests = world.discord.requests();
    let refused = requests.iter().filter(|request| request.status == Some(429));
    refused.map(ToString::to_string).collect()
}

#[test]
fn a_start_with_many_open_requests_keeps_to_discords_pace_and_gets_all_messages_right() {
    with_a_backlog(60, five_in(Duration::from_millis(600)), async |world| {
        let first = cards(world, 1..=60).await;
        assert!(world.discord.rate_limited() <= 2, "{:#?}", refused(world));
        world.all_noted().await;
        world.stop_bot().await;
        for gone in [3, 30, 59] {
            assert!(world.discord.delete_message(first[gone].id));
        }
        world.start_bot().await;
        // What happens now is shown before what only may have changed.
        world.admin().press(&first[0], "Approve").await;
        world.connect.wait_for(1, connect::Route::CreateGroup).await;
        let before = looked_at(&world.discord.requests()).len();
        world.card(1, "**Created**").await;
        let requests = world.discord.requests();
        let says_so = |request: &Request| {
            request.route == Some(Route::EditMessage) && request.body.contains("**Created**")
        };
        let until = requests.iter().position(says_so).unwrap();
        let others = looked_at(&requests[..until]).len() - before;
        // A step that is under way looks at twenty, and another may have begun by then.
        assert!(others <= 40, "{others} others were first");
        let second = cards(world, 2..=60).await;
        let moved: Vec<_> = (1..60).filter(|at| first[*at].id != second[*at - 1].id).collect();
        assert_eq!(moved, [3, 30, 59]);
        let stayed = first[1..].iter().map(|card| card.id);
        let stayed = stayed.filter(|id| world.discord.message(*id).is_some()).collect();
        world.discord.wait_for_requests(|requests| looked_at(requests).is_superset(&stayed)).await;
        assert_eq!(edited(&world.discord.requests()), HashSet::from([first[0].id]));
        assert!((1..=60).all(|number| world.cards(number).len() == 1));
        assert!(world.discord.rate_limited() <= 2, "{:#?}", refused(world));
    });
}

/// Discord counts what it does, whether its answer arrives or not.
#[test]
fn calls_whose_answers_are_lost_count_as_well() {
    let setup = world(30, five_in(Duration::from_millis(600)));
    run_test_with(setup.over_gateway(), async |world| {
        world.stop_bot().await;
        execute(&world.sandbox, sqlx::AssertSqlSafe(backlog(30))).await;
        let slow = Fault::Slow(Duration::from_millis(1));
        world.discord.fail(Route::CreateMessage, slow, Times::Times(3));
        world.discord.fail(Route::CreateMessage, Fault::LostAnswer, Times::Always);
        world.start_bot().await;
        let is_enough = |requests: &[Request]| {
            requests.iter().filter(|of| of.route == Some(Route::CreateMessage)).count() >= 40
        };
        world.discord.wait_for_requests(is_enough).await;
        assert!(world.discord.rate_limited() <= 1, "{:#?}", refused(world));
        world.discord.clear_faults();
        cards(world, 1..=30).await;
        assert!((1..=30).all(|number| world.cards(number).len() == 1));
    });
}

/// What somebody was told of their request is so.
fn is_true(world: &World, answer: &Answer, heard: SystemTime) -> bool {
    let text = answer.text();
    let Some(of) = text.strip_prefix("Request ") else { return false };
    let number = of.split(|c: char| !c.is_ascii_digit()).next().unwrap().parse().unwrap();
    let cards = world.cards(number);
    let [card] = &cards[..] else { return false };
    if text.contains("no admin sees it yet") {
        let since_epoch = Duration::from_millis(1_420_070_400_000 + (card.id >> 22));
        let posted = SystemTime::UNIX_EPOCH + since_epoch;
        // The answer was on its way for a moment.
        return posted + Duration::from_secs(1) > heard;
    }
    text.contains(" went to the admins, who can decide until")
}

#[test]
fn thirty_requests_at_once_are_hardly_ever_refused_and_everyone_is_told_what_is_so() {
    run_test_with(world(30, five_in(Duration::from_secs(3))), async |world| {
        let people = [Who::Member, Who::OtherMember, Who::Guest];
        let asking = (0..30).map(|number| {
            let person = world.discord.person(people[number % people.len()]);
            let pending = person.start_slash("create", &[("name", team(number).into())]);
            async move {
                let answer = pending.answer().await;
                (answer, SystemTime::now())
            }
        });
        let answers = join_all(asking).await;
        cards(world, 1..=30).await;
        for (answer, heard) in &answers {
            assert!(is_true(world, answer, *heard), "{}", answer.text());
        }
        let is_shown =
            |answer: &Answer| answer.text().contains(" went to the admins, who can decide until");
        let shown = answers.iter().filter(|(answer, _)| is_shown(answer));
        assert!(shown.count() >= 15, "whoever can be is told that admins see it");
        assert!(world.discord.rate_limited() <= 2, "{:#?}", refused(world));
    });
}

#[test]
fn fifty_calls_in_a_second_are_never_exceeded_and_answers_wait_for_no_other_call() {
    let limits =
        Limits { create_message: None, edit_message: None, get_message: None, ..Limits::default() };
    with_a_backlog(100, limits, async |world| {
        cards(world, 1..=100).await;
        world.all_noted().await;
        world.stop_bot().await;
        world.start_bot().await;
        for _ in 0..5 {
            let before = world.discord.requests().len();
            world.search(Who::Member, "team-0").await;
            let requests = world.discord.requests();
            let is_answer = |request: &Request| request.route == Some(Route::Callback);
            let others = requests[before..].iter().position(is_answer).unwrap();
            assert!(others < 50, "{others} other calls were first");
        }
        world.discord.wait_for_requests(|requests| looked_at(requests).len() == 100).await;
        assert!(edited(&world.discord.requests()).is_empty());
        assert_eq!(world.discord.rate_limited(), 0);
    });
}

#[test]
fn a_global_refusal_keeps_every_call_back_but_answers() {
    run_test_with(Setup::default().over_gateway(), async |world| {
        world.ask(Who::Member, "accounting2").await;
        world.card(1, "Approve or deny").await;
        let limited = Fault::RateLimited { retry_after: 4.0, global: true };
        world.discord.fail(Route::EditMessage, limited, Times::Once);
        world.ask(Who::OtherMember, "accounting2").await;
        let is_refused = |request: &Request| request.status == Some(429);
        world.discord.wait_for_requests(|requests| requests.iter().any(is_refused)).await;
        let since = Instant::now();
        world.search(Who::Admin, "accounting").await;
        let requests = world.discord.requests();
        let since_then = requests.iter().skip_while(|request| !is_refused(request)).skip(1);
        let routes: Vec<_> = since_then.map(|request| request.route).collect();
        assert_eq!(routes, [Some(Route::Callback)]);
        let answer = world.ask(Who::Member, "ABE-TEST").await;
        assert!(
            answer.text().contains(" went to the admins, who can decide until"),
            "{}",
            answer.text()
        );
        assert!(since.elapsed() > Duration::from_millis(3900), "{:?}", since.elapsed());
        world.card(1, "Also asked").await;
    });
}

#[test]
fn a_ban_by_cloudflare_is_waited_out() {
    let mut setup = Setup::default();
    setup.discord.limits.invalid = Rate::new(1, Duration::from_mins(10));
    setup.discord.limits.banned_for = Duration::from_secs(2);
    run_test_with(setup, async |world| {
        world.discord.fail(Route::CreateMessage, Fault::Forbidden(50013), Times::Once);
        let first = world.member().start_slash("create", &[("name", "accounting2".into())]);
        let is_banned = |request: &Request| request.status == Some(429);
        world.discord.wait_for_requests(|requests| requests.iter().any(is_banned)).await;
        let others = [Who::Admin, Who::OtherMember, Who::Guest].map(|who| {
            let person = world.discord.person(who);
            person.start_slash("search", &[("prefix", "accounting".into())])
        });
        assert!(first.answer().await.text().starts_with("Request "));
        for other in others {
            assert!(other.answer().await.text().contains("accounting2"));
        }
        world.card(1, "Approve or deny").await;
        assert_eq!(world.discord.rate_limited(), 1);
    });
}

/// A test that begins with a start of the bot that finds five messages to edit. Four are old, and
/// Discord lets two such be edited in so long.
fn with_old_messages(per: Duration, test: impl AsyncFnOnce(&mut World, HashSet<u64>)) {
    let two = Some(Rate::new(2, per));
    // A start can't know how often its last life looked.
    let limits = Limits { edit_old_message: two, get_message: None, ..Limits::default() };
    with_a_backlog(5, limits, async |world| {
        let cards = cards(world, 1..=5).await;
        world.all_noted().await;
        world.stop_bot().await;
        let mut old = HashSet::new();
        for card in &cards[..4] {
            old.insert(world.discord.backdate(card.id, Duration::from_hours(2)));
        }
        let sql = "UPDATE requests \
                   SET shown_version = 0, message = message - 7200000 * CAST(4194304 AS BIGINT) WHERE id < 5";
        execute(&world.sandbox, sql).await;
        world.start_bot().await;
        test(world, old).await;
        assert!(world.discord.rate_limited() <= 2, "{:#?}", refused(world));
    });
}

#[test]
fn old_messages_are_edited_as_often_as_discord_lets_them() {
    with_old_messages(Duration::from_secs(4), async |world, old| {
        world.discord.wait_for_requests(|requests| edited(requests).is_superset(&old)).await;
    });
}

#[test]
fn old_messages_that_cannot_be_edited_yet_keep_no_younger_one_back() {
    with_old_messages(Duration::from_hours(1), async |world, old| {
        let is_refused = |request: &Request| request.status == Some(429);
        world.discord.wait_for_requests(|requests| requests.iter().any(is_refused)).await;
        world.ask(Who::OtherMember, &team(4)).await;
        world.card(5, "Also asked").await;
        assert_eq!(edited(&world.discord.requests()).intersection(&old).count(), 2);
    });
}
