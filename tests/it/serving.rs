//! What the bot does at its start about what isn't in order: it serves and says so, or ends.

use std::process::Stdio;

use insta::assert_snapshot;
use sandbox::Sandbox;
use sandbox::connect::{self, Fault, Route, Times};
use sandbox::discord::{self, REQUESTS, Who, permission};
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStderr, Command};

use crate::program::{output, program};
use crate::world::{assert_no_violations, in_time, masked, sandbox, stand_ins};

/// The program, running.
struct Running {
    child: Child,
    log: Lines<BufReader<ChildStderr>>,
}

impl Running {
    async fn start(sandbox: &Sandbox) -> Self {
        let mut command: Command = program(&["run"], &sandbox.variables());
        let mut child = command.stdout(Stdio::null()).spawn().unwrap();
        sandbox.discord.wait_ready().await;
        let log = BufReader::new(child.stderr.take().unwrap()).lines();
        Self { child, log }
    }

    /// The level and the text of the line of the log that holds these words.
    async fn logged(&mut self, words: &str) -> String {
        let found = async {
            loop {
                let line = self.log.next_line().await.unwrap().expect("the log goes on");
                assert!(!line.contains("ERROR"), "{line}");
                if line.contains(words) {
                    return line;
                }
            }
        };
        let line = in_time(found).await;
        let (_, rest) = line.split_once(' ').unwrap();
        rest.trim().replace("ldapgroup_bot::check: ", "")
    }

    /// It still runs, and does so until it is told to end.
    async fn end(mut self, sandbox: &Sandbox) {
        assert_eq!(self.child.try_wait().unwrap(), None, "it serves");
        self.child.kill().await.unwrap();
        assert_no_violations(sandbox);
    }
}

/// What a search is answered, without the reference at its end.
async fn search(sandbox: &Sandbox) -> String {
    let member = sandbox.discord.person(Who::Member);
    let answer = member.slash("search", &[("prefix", "accounting".into())]).await;
    answer.text().split("\n-# ").next().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn a_connect_that_is_away_is_warned_of_and_whoever_asks_is_told() {
    let sandbox = sandbox().await;
    sandbox.connect.go_down().await;
    let mut bot = Running::start(&sandbox).await;
    let logged = bot.logged("Connect can't be reached").await;
    assert!(logged.starts_with("WARN Connect can't be reached ("), "{logged}");
    assert_snapshot!(search(&sandbox).await, @"Connect can't be reached. Try again in a few minutes; if it stays, tell whoever runs Connect.");
    sandbox.connect.come_up().await.unwrap();
    assert!(search(&sandbox).await.contains("accounting2"));
    bot.end(&sandbox).await;
}

#[tokio::test]
async fn a_key_that_connect_refuses_is_warned_of_and_whoever_asks_is_told() {
    let sandbox = sandbox().await;
    for route in [Route::User, Route::Search] {
        sandbox.connect.fail(route, Fault::Error(30), Times::Always);
    }
    let mut bot = Running::start(&sandbox).await;
    assert_snapshot!(bot.logged("code 30").await, @"WARN Connect answered 401 Unauthorized with code 30: We couldn't log you in with the provided credentials. Please ask your administrator for assistance: the key is mistyped, deleted or expired, so set CONNECT_API_KEY to a valid one of an administrator");
    assert_snapshot!(search(&sandbox).await, @"Connect doesn't accept the bot's API key. Tell whoever runs the bot: `CONNECT_API_KEY` must be a valid key of an administrator.");
    bot.end(&sandbox).await;
}

#[tokio::test]
async fn a_connect_without_ldap_is_warned_of_and_whoever_asks_is_told() {
    let connect = connect::Options { external_group_search: false, ..Default::default() };
    let sandbox = stand_ins(connect, discord::Options::default()).await;
    let mut bot = Running::start(&sandbox).await;
    assert_snapshot!(bot.logged("LDAP").await, @"WARN Connect 2026.06.0 has its LDAP group search turned off: an administrator of Connect must set up LDAP groups");
    assert_snapshot!(search(&sandbox).await, @"This Connect server doesn't take its groups from LDAP, so the bot can't do anything with it. Tell whoever runs the bot.");
    bot.end(&sandbox).await;
}

#[tokio::test]
async fn a_forbidden_requests_channel_is_warned_of_and_whoever_asks_is_told() {
    let sandbox = sandbox().await;
    sandbox.discord.forbid(REQUESTS, permission::SEND_MESSAGES);
    let mut bot = Running::start(&sandbox).await;
    assert_snapshot!(bot.logged("requests channel").await, @"WARN the bot lacks Send Messages in the requests channel 1098232018379395073, so no admin sees requests: change that in the channel's permissions");
    let member = sandbox.discord.person(Who::Member);
    let answer = member.slash("create", &[("name", "accounting2".into())]).await;
    assert_snapshot!(masked(&answer.text()), @"Request 1 for `accounting2` is kept, but no admin sees it yet: it couldn't be posted in the channel for requests. The bot goes on trying; tell an admin of this server if it stays so.");
    sandbox.discord.forbid(REQUESTS, 0);
    let card = |message: &discord::Message| message.text().contains("`accounting2`");
    sandbox.discord.wait_for_message(REQUESTS, card).await;
    bot.end(&sandbox).await;
}

#[tokio::test]
async fn an_address_that_takes_the_interactions_away_is_warned_of() {
    let sandbox = sandbox().await;
    sandbox.discord.set_interactions_endpoint(Some("https://example.com".to_owned()));
    let mut bot = Running::start(&sandbox).await;
    let logged = bot.logged("Interactions Endpoint URL").await;
    assert!(logged.starts_with("WARN Discord sends interactions to a web address"), "{logged}");
    bot.end(&sandbox).await;
}

#[tokio::test]
async fn the_first_answer_waits_for_no_check() {
    let sandbox = sandbox().await;
    for route in [Route::User, Route::Settings] {
        sandbox.connect.fail(route, Fault::Hold, Times::Always);
    }
    sandbox.connect.fail(Route::Search, Fault::Hold, Times::Times(1));
    let bot = Running::start(&sandbox).await;
    sandbox.connect.wait_for(1, Route::User).await;
    sandbox.connect.wait_for(1, Route::Search).await;
    assert!(search(&sandbox).await.contains("accounting2"));
    bot.end(&sandbox).await;
}

#[tokio::test]
async fn what_only_a_restart_can_mend_ends_it() {
    let sandbox = sandbox().await;
    let ended = async |more: &[(&'static str, String)]| {
        let mut variables = sandbox.variables();
        variables.extend(more.iter().cloned());
        let (code, _, stderr) = output(program(&["run"], &variables)).await;
        assert_eq!(code, Some(1));
        let last = stderr.lines().last().unwrap().to_owned();
        last.split_once("ldapgroup_bot: ").unwrap().1.to_owned()
    };
    let nowhere = discord::STRANGE_GUILD.to_string();
    assert_snapshot!(ended(&[("DISCORD_GUILD_IDS", nowhere)]).await, @"DISCORD_GUILD_IDS: the bot isn't in server 1204617335902765066; invite it with https://discord.com/oauth2/authorize?client_id=1341094573829185537&permissions=274877991936&scope=bot+applications.commands");
    let file = "sqlite:///nowhere/at/all.db".to_owned();
    assert_snapshot!(ended(&[("DATABASE_URL", file)]).await, @"DATABASE_URL: the file can't be written (No such file or directory (os error 2)); check the file, its folder and their owner");
    sandbox.discord.refuse_token(true);
    assert_snapshot!(ended(&[]).await, @"DISCORD_TOKEN: Discord refuses this token; copy a new one from the application's page Bot");
}
