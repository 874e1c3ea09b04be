//! What probes and Prometheus are told, and that whoever keeps connections keeps nobody from it.

use std::collections::HashSet;
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use insta::assert_snapshot;
use reqwest::StatusCode;
use sandbox::connect::{self, Route};
use sandbox::discord::{self, Fault, Misdeed, Moment, Times, Who};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::database::lock;
use crate::program::{output, program};
use crate::world::{Setup, World, free_address, in_time, run_test_with, setup};

/// A world whose bot answers probes, and where.
pub(crate) fn probed() -> (Setup, SocketAddr) {
    let address = free_address();
    (setup(&[("HTTP_ADDR", address)]).alone(), address)
}

pub(crate) async fn get(address: SocketAddr, path: &str) -> (StatusCode, String) {
    let response = in_time(reqwest::get(format!("http://{address}{path}"))).await.unwrap();
    (response.status(), response.text().await.unwrap())
}

/// Asks until the answer is this.
pub(crate) async fn becomes(address: SocketAddr, path: &str, wanted: &str) {
    in_time(async {
        while !get(address, path).await.1.starts_with(wanted) {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    })
    .await;
}

/// The value of one line of the metrics.
pub(crate) fn value(metrics: &str, name: &str) -> u64 {
    let line = metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("no {name} in {metrics}")).parse().unwrap()
}

#[test]
fn a_bot_that_serves_is_alive_and_ready() {
    let (setup, address) = probed();
    run_test_with(setup, async |_| {
        for path in ["/livez", "/readyz"] {
            assert_eq!(get(address, path).await, (StatusCode::OK, "ok\n".to_owned()));
        }
        assert_eq!(get(address, "/").await.0, StatusCode::NOT_FOUND);
    });
}

#[test]
fn a_session_that_is_lost_makes_it_unready_and_only_long_silence_dead() {
    let (mut setup, address) = probed();
    setup.discord.heartbeat_interval = Duration::from_secs(1);
    run_test_with(setup.over_gateway(), async |world| {
        world.discord.misbehave(Moment::Dial, Misdeed::Mute);
        world.discord.drop_gateway();
        becomes(address, "/readyz", "gateway: there is no session with Discord\n").await;
        assert_eq!(get(address, "/livez").await.0, StatusCode::OK);
        let silent = "gateway: Discord has said nothing for ";
        becomes(address, "/livez", silent).await;
        let (status, reason) = get(address, "/readyz").await;
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
        assert!(reason.starts_with(silent) && reason.lines().count() == 1, "{reason}");
        world.discord.behave();
        becomes(address, "/livez", "ok").await;
        becomes(address, "/readyz", "ok").await;
    });
}

#[test]
fn who_is_being_stopped_is_not_ready_and_still_alive() {
    let (setup, address) = probed();
    run_test_with(setup, async |world| {
        world.connect.fail(Route::Search, connect::Fault::Hold, Times::Once);
        let search = world.search(Who::Member, "acc");
        let stopped = async {
            world.connect.wait_for(1, Route::Search).await;
            world.stop();
            becomes(address, "/readyz", "draining: the bot is being stopped\n").await;
            assert_eq!(get(address, "/livez").await.0, StatusCode::OK);
            world.connect.release();
        };
        tokio::join!(search, stopped);
    });
}

#[test]
fn probes_are_answered_while_discord_cannot_be_reached_at_the_start() {
    let (setup, address) = probed();
    run_test_with(setup.over_gateway(), async |world: &mut World| {
        world.stop_bot().await;
        world.discord.fail(discord::Route::Application, Fault::Status(503), Times::Always);
        let (variables, sandbox) = (world.variables.clone(), &world.sandbox);
        let mut bot = program(&["run"], &variables).spawn().unwrap();
        becomes_reachable(address).await;
        assert_eq!(get(address, "/livez").await.0, StatusCode::OK);
        let unready = "gateway: there is no session with Discord\n";
        assert_eq!(get(address, "/readyz").await.1, unready);
        let (code, stdout, stderr) = output(program(&["healthcheck"], &variables)).await;
        assert_eq!((code, stdout.as_str(), stderr.as_str()), (Some(0), "", ""));
        bot.kill().await.unwrap();
        let (code, _, stderr) = output(program(&["healthcheck"], &variables)).await;
        assert_eq!(code, Some(1));
        assert!(stderr.starts_with(&format!("nothing answers at {address}: ")), "{stderr}");
        sandbox.discord.clear_faults();
    });
}

pub(crate) async fn becomes_reachable(address: SocketAddr) {
    in_time(async {
        while TcpStream::connect(address).await.is_err() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    })
    .await;
}

#[tokio::test]
async fn an_address_that_is_taken_or_off_is_said_so() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let sandbox = crate::world::sandbox().await;
    let mut variables = sandbox.variables();
    variables.push(("HTTP_ADDR", address.to_string()));
    let (code, _, stderr) = output(program(&["run"], &variables)).await;
    assert_eq!(code, Some(1));
    let said = format!("HTTP_ADDR: nothing can be served at {address} (");
    assert!(stderr.contains(&said), "{stderr}");
    variables.push(("HTTP_ADDR", "off".to_owned()));
    let (code, _, stderr) = output(program(&["healthcheck"], &variables)).await;
    assert_eq!(code, Some(1));
    assert_eq!(
        stderr,
        "HTTP_ADDR names no address that could be asked: it is off, or its port is 0\n"
    );
}

/// What `healthcheck` says where another program answers, once, with this.
async fn said_of_another(status: &str, body: &str) -> String {
    let answer = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let other = tokio::spawn(async move {
        let (mut connection, _) = listener.accept().await.unwrap();
        let mut request = [0; 1024];
        assert!(connection.read(&mut request).await.unwrap() > 0);
        // Nobody reads all of a page that is too long.
        drop(connection.write_all(answer.as_bytes()).await);
    });
    let variables = [("HTTP_ADDR", address.clone())];
    let (code, stdout, stderr) = output(program(&["healthcheck"], &variables)).await;
    other.await.unwrap();
    assert_eq!((code, stdout.as_str()), (Some(1), ""));
    stderr.replace(&address, "<address>")
}

#[tokio::test]
async fn another_program_on_its_port_is_not_taken_for_the_bot_nor_is_its_page_printed() {
    let page = "\r\n <title>Jenkins\u{1b}[2J</title>\n".to_owned() + &"<p>Sign in\n".repeat(1000);
    assert_snapshot!(said_of_another("200 OK", &page).await, @r"something else than the bot answers at <address> (200 OK, <title>Jenkins\u{1b}[2J</title>): name an address in HTTP_ADDR that is free");
    assert_snapshot!(said_of_another("404 Not Found", &"page ".repeat(100)).await, @"something else than the bot answers at <address> (404 Not Found, page page page page page page page page page page page page page page page page page page page page…): name an address in HTTP_ADDR that is free");
    assert_snapshot!(said_of_another("200 OK", "ok\n").await, @"something else than the bot answers at <address> (200 OK, ok): name an address in HTTP_ADDR that is free");
    assert_snapshot!(said_of_another("503 Service Unavailable", "").await, @"something else than the bot answers at <address> (503 Service Unavailable): name an address in HTTP_ADDR that is free");
    assert_snapshot!(said_of_another("200 OK", &"x".repeat(1 << 20)).await, @"something else than the bot answers at <address> (200 OK): name an address in HTTP_ADDR that is free");
}

#[test]
fn what_people_and_connect_do_is_counted() {
    let (setup, address) = probed();
    run_test_with(setup.over_gateway(), async |world| {
        let away = connect::Fault::Unavailable { back_in: Duration::ZERO };
        world.connect.fail(Route::Search, away, Times::Once);
        world.search(Who::Member, "acc").await;
        world.ask(Who::Admin, "accounting2").await;
        world.ask(Who::Member, "no such group").await;
        let (status, metrics) = get(address, "/metrics").await;
        assert_eq!(status, StatusCode::OK);
        let count = |name| value(&metrics, name);
        assert_eq!(count(r#"ldapgroup_commands_total{action="search",outcome="done"}"#), 1);
        assert_eq!(count(r#"ldapgroup_commands_total{action="create",outcome="done"}"#), 1);
        assert_eq!(count(r#"ldapgroup_commands_total{action="create",outcome="refused"}"#), 1);
        assert_eq!(count(r#"ldapgroup_connect_calls_total{code="ok",endpoint="create"}"#), 1);
        assert_eq!(count(r#"ldapgroup_final_answer_seconds_count{action="search"}"#), 1);
        assert_eq!(count("ldapgroup_first_answer_seconds_count"), 3);
        assert_eq!(count("ldapgroup_gateway_identifies_total"), 1);
        assert_eq!(count("ldapgroup_gateway_up"), 1);
        assert_eq!(count(r#"ldapgroup_open_requests{state="pending"}"#), 0);
        assert!(count("ldapgroup_database_step_seconds_count") > 1);
        let begun = r#"ldapgroup_request_transitions_total{after="creating",before="none"}"#;
        let created = r#"ldapgroup_request_transitions_total{after="created",before="creating"}"#;
        assert_eq!((count(begun), count(created)), (1, 1));
    });
}

#[test]
fn a_press_at_which_the_database_fails_is_counted_as_such() {
    let (setup, address) = probed();
    run_test_with(setup.in_file(), async |world| {
        let card = world.asked_by(Who::Member).await;
        let failures =
            async || value(&get(address, "/metrics").await.1, "ldapgroup_database_errors_total");
        let locked = lock(&world.sandbox.database()).await;
        assert_eq!(failures().await, 0);
        world.admin().press(&card, "Approve").await;
        assert_eq!(failures().await, 1);
        drop(locked);
    });
}

#[test]
fn metrics_hold_no_name_no_id_and_no_secret() {
    let (setup, address) = probed();
    run_test_with(setup, async |world| {
        world.asked_by(Who::Member).await;
        world.ask(Who::Admin, "no such group").await;
        let (_, metrics) = get(address, "/metrics").await;
        let mut forbidden: HashSet<String> = world.discord.secrets().into_iter().collect();
        forbidden.insert(world.connect.api_key().to_owned());
        forbidden.extend(world.connect.tickets());
        forbidden.extend(Who::ALL.map(|who| who.id().to_string()));
        forbidden.extend(["accounting2", "no such group", "budget"].map(str::to_owned));
        for word in forbidden {
            assert!(!metrics.contains(&word), "{word} in {metrics}");
        }
    });
}

#[test]
fn three_hundred_connections_that_never_finish_keep_nobody_from_an_answer_and_are_cut() {
    let (setup, address) = probed();
    run_test_with(setup, async |_| {
        let mut slow = Vec::new();
        let begun: [&[u8]; 3] = [
            b"",
            b"GET /livez HTTP/1.1\r\nHost: a\r\nX-Slow: ",
            b"GET /livez HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n{",
        ];
        for number in 0..300 {
            let mut connection = TcpStream::connect(address).await.unwrap();
            connection.write_all(begun[number % begun.len()]).await.unwrap();
            slow.push(connection);
        }
        assert_eq!(get(address, "/livez").await.0, StatusCode::OK);
        for mut connection in slow {
            let mut rest = Vec::new();
            // Cut, be it by an answer that says so or without one.
            drop(in_time(connection.read_to_end(&mut rest)).await);
        }
    });
}
