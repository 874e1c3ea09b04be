//! A gateway that misbehaves: how often it is dialled then, and how soon the bot stops in spite of it.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use sandbox::connect;
use sandbox::discord::{self, Discord, GatewayCounts, Misdeed, Moment, Route};

use crate::program::program;
use crate::world::{Setup, assert_no_violations, in_world, run_test_with, stand_ins_in_file};

/// Discord's own interval of heartbeats, which is longer than all but one of these tests.
const USUAL: Duration = Duration::from_millis(41_250);

/// An interval at which heartbeats are acknowledged while the bot waits for something else.
const FAST: Duration = Duration::from_secs(1);

/// One way to misbehave.
struct Trial {
    moment: Moment,
    misdeed: Misdeed,
    heartbeat_interval: Duration,
    /// What makes the bot come to that moment.
    provoke: fn(&Discord),
    /// What is to happen before the bot is stopped.
    until: fn(GatewayCounts) -> bool,
}

impl Trial {
    fn new(moment: Moment, misdeed: Misdeed, until: fn(GatewayCounts) -> bool) -> Self {
        let provoke = Discord::drop_gateway;
        Self { moment, misdeed, heartbeat_interval: USUAL, provoke, until }
    }

    async fn run(self) {
        let name = format!("{:?}: {:?}", self.moment, self.misdeed);
        let mut setup = Setup::default();
        setup.discord.heartbeat_interval = self.heartbeat_interval;
        setup.discord.patience = Duration::from_mins(1);
        let began = Instant::now();
        in_world(setup.over_gateway(), async |world| {
            world.discord.misbehave(self.moment, self.misdeed);
            (self.provoke)(&world.discord);
            world.discord.wait_for_counts(self.until).await;
            assert_bearable(&name, world.discord.gateway_counts(), began);
            world.stop_bot_soon().await;
        })
        .await;
    }
}

async fn all(trials: impl IntoIterator<Item = Trial>) {
    join_all(trials.into_iter().map(|trial| Box::pin(trial.run()))).await;
}

/// Fails if there were more dials or sessions since the bot's start than the pauses between them
/// allow: 0.5 s, doubled up to a minute, and 5 s between two sessions.
fn assert_bearable(name: &str, counts: GatewayCounts, began: Instant) {
    let took = began.elapsed();
    let (mut dials, mut pause, mut next) = (1, Duration::from_millis(500), Duration::ZERO);
    while next + pause <= took {
        next += pause;
        pause = (pause * 2).min(Duration::from_mins(1));
        dials += 1;
    }
    let starts = 1 + took.as_secs() / 5;
    let is_bearable = counts.dials <= dials && counts.starts <= starts;
    assert!(is_bearable, "{name}: {counts:?} in {took:?}, but {dials} dials and {starts} sessions");
}

#[tokio::test]
async fn a_gateway_that_says_nothing_or_hangs_up_at_once_is_dialled_again_and_ever_more_seldom() {
    all([
        Trial::new(Moment::Dial, Misdeed::Mute, |counts| counts.dials >= 3),
        Trial::new(Moment::Dial, Misdeed::Cut, |counts| counts.dials >= 5),
        Trial::new(Moment::Hello, Misdeed::Mute, |counts| counts.dials >= 3),
        Trial::new(Moment::Hello, Misdeed::Cut, |counts| counts.dials >= 5),
        Trial::new(Moment::Greeted, Misdeed::Mute, |counts| counts.dials >= 3),
        Trial::new(Moment::Greeted, Misdeed::Cut, |counts| counts.dials >= 5),
        Trial::new(Moment::Greeted, Misdeed::Close(None), |counts| counts.dials >= 5),
        Trial::new(Moment::Greeted, Misdeed::Close(Some(4000)), |counts| counts.dials >= 5),
    ])
    .await;
}

#[tokio::test]
async fn a_session_that_is_neither_begun_nor_resumed_is_given_up_though_heartbeats_are_answered() {
    all([
        Trial {
            heartbeat_interval: FAST,
            provoke: |discord| discord.invalidate_session(false),
            ..Trial::new(Moment::Identify, Misdeed::Skip, |counts| counts.starts >= 3)
        },
        Trial {
            heartbeat_interval: FAST,
            ..Trial::new(Moment::Resume, Misdeed::Skip, |counts| counts.resume_tries >= 3)
        },
    ])
    .await;
}

#[tokio::test]
async fn a_resume_that_is_refused_ends_in_a_new_session() {
    let begun_anew = |counts: GatewayCounts| counts.identifies == 2 && counts.resume_tries == 3;
    let begun_at_once = |counts: GatewayCounts| counts.identifies == 2 && counts.resume_tries == 1;
    all([
        Trial::new(Moment::Resume, Misdeed::Close(Some(4000)), begun_anew),
        Trial::new(Moment::Resume, Misdeed::Close(None), begun_anew),
        Trial::new(Moment::Resume, Misdeed::Close(Some(4007)), begun_at_once),
        Trial::new(Moment::Resume, Misdeed::Close(Some(4009)), begun_at_once),
    ])
    .await;
}

#[tokio::test]
async fn a_session_that_ends_each_time_it_is_in_order_is_taken_up_ever_more_seldom() {
    all([
        Trial::new(Moment::Resumed, Misdeed::Close(Some(4000)), |counts| counts.resumes >= 4),
        Trial::new(Moment::Resumed, Misdeed::Cut, |counts| counts.resumes >= 4),
        Trial {
            provoke: |discord| discord.invalidate_session(false),
            ..Trial::new(Moment::Ready, Misdeed::Close(Some(4009)), |counts| counts.identifies >= 4)
        },
    ])
    .await;
}

#[tokio::test]
async fn a_gateway_that_falls_mute_after_an_order_is_left_and_keeps_no_stop_waiting() {
    let mute =
        |provoke, until| Trial { provoke, ..Trial::new(Moment::Ordered, Misdeed::Mute, until) };
    let reconnect = Discord::send_reconnect;
    let invalidate = |discord: &Discord| discord.invalidate_session(true);
    all([
        mute(reconnect, |counts| counts.resumes == 1),
        mute(invalidate, |counts| counts.resumes == 1),
        mute(|discord| discord.invalidate_session(false), |counts| counts.identifies == 2),
        mute(reconnect, |_| true),
        mute(invalidate, |_| true),
    ])
    .await;
}

#[test]
fn heartbeats_are_sent_no_faster_than_discord_bears_though_it_asks_for_one_each_0_ms() {
    let mut setup = Setup::default();
    setup.discord.heartbeat_interval = Duration::ZERO;
    let began = Instant::now();
    run_test_with(setup.over_gateway(), async |world| {
        // As long as 120 heartbeats may last that are sent one after the other.
        tokio::time::sleep(Duration::from_secs(5)).await;
        let counts = world.discord.gateway_counts();
        assert_bearable("interval 0", counts, began);
        assert_eq!((counts.dials, counts.starts), (1, 1));
        world.stop_bot_soon().await;
    });
}

#[test]
fn a_gateway_that_is_out_of_service_for_a_minute_is_dialled_seldom_and_served_again() {
    let mut setup = Setup::default();
    setup.discord.patience = Duration::from_mins(2);
    let began = Instant::now();
    run_test_with(setup.over_gateway(), async |world| {
        world.discord.misbehave(Moment::Dial, Misdeed::Close(Some(503)));
        world.discord.drop_gateway();
        tokio::time::sleep(Duration::from_mins(1)).await;
        assert_bearable("503", world.discord.gateway_counts(), began);
        world.discord.behave();
        world.discord.wait_for_counts(|counts| counts.identifies == 2).await;
        assert_bearable("503", world.discord.gateway_counts(), began);
        world.stop_bot_soon().await;
    });
}

#[tokio::test]
async fn a_crash_loop_begins_no_more_sessions_than_discord_allows_and_the_log_says_so() {
    let day = Duration::from_secs(15);
    let options = discord::Options {
        sessions_a_day: 3,
        day,
        identify_every: Duration::ZERO,
        ..discord::Options::default()
    };
    let sandbox = stand_ins_in_file(connect::Options::default(), options).await;
    let began = Instant::now();
    let mut log = String::new();
    for life in 1..=4 {
        let mut child = program(&["run"], &sandbox.variables()).spawn().unwrap();
        sandbox.discord.wait_for_counts(|counts| counts.identifies == life).await;
        child.start_kill().unwrap();
        let output = child.wait_with_output().await.unwrap();
        log = String::from_utf8(output.stderr).unwrap();
    }
    assert!(began.elapsed() >= day, "{:?}", began.elapsed());
    assert!(log.contains("Discord allows few more sessions"), "{log}");
    assert_no_violations(&sandbox);
}

#[test]
fn who_has_to_wait_for_the_next_day_begins_no_session_and_stops_at_once() {
    let mut setup = Setup::default();
    setup.discord.sessions_a_day = 1;
    run_test_with(setup.over_gateway(), async |world| {
        world.discord.invalidate_session(false);
        let is_asked_again = |requests: &[discord::Request]| {
            requests.iter().filter(|request| request.route == Some(Route::GatewayBot)).count() == 2
        };
        world.discord.wait_for_requests(is_asked_again).await;
        assert_eq!(world.discord.gateway_counts().starts, 1);
        world.stop_bot_soon().await;
    });
}
