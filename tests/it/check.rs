//! `ldapgroup-bot check`: what it says of everything that can be known before a start.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use insta::assert_snapshot;
use sandbox::Sandbox;
use sandbox::connect::{self, Fault, Key, Role, Route, Times};
use sandbox::discord::{
    self, ADMIN_ROLE, BOT_ROLE, CONNECT, DM, For, GUILD, MEMBER_ROLE, Misdeed, Moment,
    OTHER_CHANNEL, OTHER_GUILD, Overwrite, REQUESTS, STRANGE_CHANNEL, STRANGE_GUILD, THREAD,
    permission,
};

use crate::database::execute_in;
use crate::program::{output, program, serving};
use crate::world::{
    Setup, assert_no_violations, run_test_in_file as run_test, run_test_with,
    sandbox_in_file as sandbox, stand_ins_in_file as stand_ins,
};

async fn with_connect(connect: connect::Options) -> Sandbox {
    stand_ins(connect, discord::Options::default()).await
}

/// The exit code and everything that is said, with these variables in place of the usual ones.
pub(crate) async fn all<V: ToString>(sandbox: &Sandbox, more: &[(&'static str, V)]) -> String {
    let more = more.iter().map(|(name, value)| (*name, value.to_string()));
    let variables: Vec<_> = sandbox.variables().into_iter().chain(more).collect();
    let (code, stdout, stderr) = output(program(&["check"], &variables)).await;
    assert_eq!(stderr, "");
    assert_no_violations(sandbox);
    format!("{stdout}exit {}", code.unwrap())
}

/// The same, without what is well.
pub(crate) async fn amiss<V: ToString>(sandbox: &Sandbox, more: &[(&'static str, V)]) -> String {
    let said = all(sandbox, more).await;
    let lines: Vec<_> = said.lines().filter(|line| !line.starts_with("ok ")).collect();
    lines.join("\n")
}

const NOTHING: [(&str, &str); 0] = [];

pub(crate) fn ids(ids: &[u64]) -> String {
    ids.iter().map(u64::to_string).collect::<Vec<_>>().join(",")
}

/// The text with days made readable.
pub(crate) fn without_days(text: &str) -> String {
    let is_day = |word: &str| word.len() == 10 && word.matches('-').count() == 2;
    let words = text.split_inclusive([' ', ':', '\n']).map(|piece| {
        let word = piece.trim_end_matches([' ', ':', '\n']);
        if is_day(word) { piece.replace(word, "<day>") } else { piece.to_owned() }
    });
    words.collect()
}

pub(crate) fn in_days(days: u64) -> SystemTime {
    SystemTime::now() + Duration::from_hours(24 * days + 1)
}

#[tokio::test]
async fn what_is_in_order_is_said_so_line_by_line() {
    let sandbox = sandbox().await;
    assert_snapshot!(all(&sandbox, &NOTHING).await, @r"
    ok    the configuration is complete
    ok    Discord accepts the token of application ldapgroup
    ok    Discord sends interactions over the gateway
    ok    Discord's gateway answers
    ok    the bot is in server 1098231477641412618
    ok    the bot may write in the requests channel 1098232018379395073
    ok    Connect accepts the key of administrator ldapgroup-bot
    ok    Connect 2026.06.0 searches LDAP groups
    ok    there is no database yet; the next start makes it where DATABASE_URL says
    exit 0
    ");
    let folder = sandbox.database().parent().unwrap().to_owned();
    assert_eq!(std::fs::read_dir(folder).unwrap().count(), 0, "no file is left behind");
}

#[tokio::test]
async fn a_token_that_is_refused_and_a_discord_that_is_away_are_told_apart() {
    let sandbox = sandbox().await;
    sandbox.discord.refuse_token(true);
    assert_snapshot!(amiss(&sandbox, &NOTHING).await, @r"
    FAIL  Discord refuses the token: copy a new one from the application's page Bot into DISCORD_TOKEN
    exit 1
    ");
    sandbox.discord.refuse_token(false);
    sandbox.discord.fail(None, discord::Fault::Status(503), discord::Times::Once);
    assert_snapshot!(amiss(&sandbox, &NOTHING).await, @r"
    FAIL  Discord can't be asked: the answer, with status 503 Service Unavailable, isn't Discord's. Check the network and DISCORD_API_URL
    exit 1
    ");
}

#[tokio::test]
async fn too_many_calls_are_said_to_be_that_with_how_long_to_wait() {
    let sandbox = sandbox().await;
    let at_discord = async |fault: discord::Fault| {
        sandbox.discord.fail(discord::Route::Application, fault, discord::Times::Once);
        amiss(&sandbox, &NOTHING).await
    };
    let limited = discord::Fault::RateLimited { retry_after: 89.5, global: true };
    assert_snapshot!(at_discord(limited).await, @r"
    FAIL  Discord takes no more calls of this bot's, or from this address, for now (Discord answered 429 Too Many Requests with code 0: You are being rate limited): try again in 1m 30s; if that stays, find out what else uses them
    exit 1
    ");
    assert_snapshot!(at_discord(discord::Fault::Status(429)).await, @r"
    FAIL  Discord takes no more calls of this bot's, or from this address, for now (the answer, with status 429 Too Many Requests, isn't Discord's): try again in a few minutes; if that stays, find out what else uses them
    exit 1
    ");
    let at_connect = async |route: Route, fault: Fault| {
        sandbox.connect.heal();
        sandbox.connect.fail(route, fault, Times::Always);
        amiss(&sandbox, &NOTHING).await
    };
    let limited = Fault::RateLimited { retry_after: Some(90) };
    assert_snapshot!(at_connect(Route::Any, limited).await, @r"
    FAIL  Connect answered 429 Too Many Requests with code 277: Too many requests: too many calls were made, so try again in 1m 30s
    exit 1
    ");
    assert_snapshot!(at_connect(Route::Search, limited).await, @r"
    FAIL  LDAP groups can't be searched (Connect answered 429 Too Many Requests with code 277: Too many requests): too many calls were made, so try again in 1m 30s
    exit 1
    ");
    assert_snapshot!(at_connect(Route::Any, Fault::Html(429)).await, @r"
    FAIL  the answer isn't Connect's: status 429 Too Many Requests, content type text/html; charset=utf-8: too many calls were made, so try again in a few minutes
    exit 1
    ");
}

#[tokio::test]
async fn a_gateway_that_cannot_be_spoken_with_is_found_and_no_session_is_begun_for_it() {
    let sandbox = sandbox().await;
    let [gateway, _] = sandbox.discord.gateway_urls();
    let gateway = gateway.trim_start_matches("ws://").to_owned();
    let mut said = String::new();
    for (moment, misdeed) in [
        (Moment::Dial, Misdeed::Close(Some(503))),
        (Moment::Hello, Misdeed::Cut),
        (Moment::Hello, Misdeed::Mute),
    ] {
        sandbox.discord.behave();
        sandbox.discord.misbehave(moment, misdeed);
        let found = amiss(&sandbox, &NOTHING).await.replace(&gateway, "<gateway>");
        said = format!("{said}{moment:?}: {misdeed:?}\n{found}\n");
    }
    assert_snapshot!(said, @r"
    Dial: Close(Some(503))
    FAIL  Discord's gateway <gateway> can't be spoken with (HTTP error: 503 Service Unavailable): the firewall must let wss to <gateway> through; if there is no way out but through a proxy, set HTTPS_PROXY
    exit 1
    Hello: Cut
    FAIL  Discord's gateway says nothing: the firewall must let wss to <gateway> through; if there is no way out but through a proxy, set HTTPS_PROXY
    exit 1
    Hello: Mute
    FAIL  Discord's gateway says nothing: the firewall must let wss to <gateway> through; if there is no way out but through a proxy, set HTTPS_PROXY
    exit 1
    ");
    sandbox.discord.behave();
    assert_eq!(amiss(&sandbox, &NOTHING).await, "exit 0");
    let counts = sandbox.discord.gateway_counts();
    assert_eq!((counts.dials, counts.starts), (4, 0));
}

#[tokio::test]
async fn a_gateway_without_an_address_is_said_so() {
    let options = discord::Options {
        gateway_url: Some("gateway.discord.gg".to_owned()),
        ..discord::Options::default()
    };
    let sandbox = stand_ins(connect::Options::default(), options).await;
    assert_snapshot!(amiss(&sandbox, &NOTHING).await, @r"
    FAIL  Discord's gateway has no address that can be dialled: check DISCORD_API_URL
    exit 1
    ");
}

#[tokio::test]
async fn few_sessions_that_are_left_are_warned_of() {
    let options = discord::Options { sessions_a_day: 1, ..discord::Options::default() };
    let sandbox = stand_ins(connect::Options::default(), options).await;
    assert_eq!(amiss(&sandbox, &NOTHING).await, "exit 0");
    let _bot = serving(&sandbox).await;
    assert_snapshot!(amiss(&sandbox, &NOTHING).await, @r"
    warn  of the 1 sessions that Discord allows a day 0 are left: find out what ends the bot or its connection again and again
    exit 0
    ");
}

#[tokio::test]
async fn an_address_that_takes_the_interactions_away_is_found() {
    let sandbox = sandbox().await;
    sandbox.discord.set_interactions_endpoint(Some("https://example.com".to_owned()));
    assert_snapshot!(amiss(&sandbox, &NOTHING).await, @r"
    FAIL  Discord sends interactions to a web address, and the bot gets none: clear Interactions Endpoint URL on the application's page General Information, or set DISCORD_PUBLIC_KEY
    exit 1
    ");
}

#[tokio::test]
async fn a_server_without_the_bot_is_named_with_the_way_to_invite_it() {
    let sandbox = sandbox().await;
    let guilds = ids(&[GUILD, STRANGE_GUILD]);
    assert_snapshot!(amiss(&sandbox, &[("DISCORD_GUILD_IDS", guilds)]).await, @r"
    FAIL  the bot isn't in server 1204617335902765066 (Discord answered 403 Forbidden with code 50001: Missing Access): check DISCORD_GUILD_IDS, and invite it with https://discord.com/oauth2/authorize?client_id=1341094573829185537&permissions=274877991936&scope=bot+applications.commands
    exit 1
    ");
    let fault = discord::Fault::Status(502);
    sandbox.discord.fail(discord::Route::GuildMember, fault, discord::Times::Once);
    assert_snapshot!(amiss(&sandbox, &NOTHING).await, @r"
    FAIL  server 1098231477641412618 can't be asked about: the answer, with status 502 Bad Gateway, isn't Discord's. Try again later
    exit 1
    ");
}

#[tokio::test]
async fn roles_that_no_server_has_are_named() {
    let sandbox = sandbox().await;
    let one = [("ADMIN_ROLE_IDS", ids(&[ADMIN_ROLE, 17]))];
    assert_snapshot!(amiss(&sandbox, &one).await, @r"
    warn  ADMIN_ROLE_IDS names role 17, which server 1098231477641412618 doesn't have: right-click the role in Discord and copy its ID
    exit 0
    ");
    let none = [("ADMIN_ROLE_IDS", ids(&[17])), ("REQUESTER_ROLE_IDS", ids(&[18, MEMBER_ROLE]))];
    assert_snapshot!(amiss(&sandbox, &none).await, @r"
    FAIL  ADMIN_ROLE_IDS names role 17, which server 1098231477641412618 doesn't have, so nobody is an admin: right-click the role in Discord and copy its ID
    warn  REQUESTER_ROLE_IDS names role 18, which server 1098231477641412618 doesn't have: right-click the role in Discord and copy its ID
    exit 1
    ");
    let ada = discord::Who::Admin.id().to_string();
    let people = [("ADMIN_ROLE_IDS", "17".to_owned()), ("ADMIN_USER_IDS", ada)];
    assert_snapshot!(amiss(&sandbox, &people).await, @r"
    warn  ADMIN_ROLE_IDS names role 17, which server 1098231477641412618 doesn't have: right-click the role in Discord and copy its ID
    exit 0
    ");
    let everyone = [("ADMIN_ROLE_IDS", ids(&[GUILD])), ("REQUESTER_ROLE_IDS", ids(&[GUILD]))];
    assert_snapshot!(amiss(&sandbox, &everyone).await, @r"
    FAIL  ADMIN_ROLE_IDS names @everyone, a role that counts for nobody, so nobody is an admin: leave it out
    warn  REQUESTER_ROLE_IDS names @everyone, a role that counts for nobody: leave it out
    exit 1
    ");
    let two = [
        ("DISCORD_GUILD_IDS", ids(&[GUILD, OTHER_GUILD])),
        ("REQUESTER_ROLE_IDS", ids(&[17, MEMBER_ROLE])),
    ];
    assert_snapshot!(amiss(&sandbox, &two).await, @r"
    warn  server 1187403926518038529 has none of the roles of ADMIN_ROLE_IDS: add one of its own
    warn  REQUESTER_ROLE_IDS names role 17, which no server has: right-click the role in Discord and copy its ID
    warn  server 1187403926518038529 has none of the roles of REQUESTER_ROLE_IDS: add one of its own
    exit 0
    ");
}

#[tokio::test]
async fn a_requests_channel_that_is_not_there_or_elsewhere_fails() {
    let sandbox = sandbox().await;
    let named = async |channel: u64| amiss(&sandbox, &[("REQUESTS_CHANNEL_ID", channel)]).await;
    assert_snapshot!(named(STRANGE_CHANNEL).await, @r"
    FAIL  the bot can't see channel 1204617337127927818 (Discord answered 403 Forbidden with code 50001: Missing Access), so no admin sees requests: check REQUESTS_CHANNEL_ID, and give the bot View Channel there
    exit 1
    ");
    assert_snapshot!(named(17).await, @r"
    FAIL  there is no channel 17 (Discord answered 404 Not Found with code 10003: Unknown Channel), so no admin sees requests: right-click the channel in Discord, choose Copy Channel ID, and set REQUESTS_CHANNEL_ID to that
    exit 1
    ");
    assert_snapshot!(named(OTHER_CHANNEL).await, @r"
    FAIL  channel 1187403927809761291 of REQUESTS_CHANNEL_ID isn't in a server of DISCORD_GUILD_IDS: name one that is, or add its server
    exit 1
    ");
    assert_snapshot!(named(DM).await, @r"
    FAIL  channel 1351947116203606017 of REQUESTS_CHANNEL_ID isn't in a server of DISCORD_GUILD_IDS: name one that is, or add its server
    exit 1
    ");
    assert_snapshot!(named(discord::CATEGORY).await, @r"
    FAIL  channel 1098231893204750347 of REQUESTS_CHANNEL_ID takes no messages: name a text channel
    exit 1
    ");
    assert_snapshot!(named(THREAD).await, @"exit 0");
    let fault = discord::Fault::Status(502);
    sandbox.discord.fail(discord::Route::Channel, fault, discord::Times::Once);
    assert_snapshot!(named(REQUESTS).await, @r"
    FAIL  channel 1098232018379395073 of REQUESTS_CHANNEL_ID can't be asked about: the answer, with status 502 Bad Gateway, isn't Discord's. Try again later
    exit 1
    ");
}

#[tokio::test]
async fn what_the_bot_may_not_do_in_the_requests_channel_is_named() {
    let sandbox = sandbox().await;
    let without = async |bits: u64| {
        sandbox.discord.forbid(REQUESTS, bits);
        amiss(&sandbox, &NOTHING).await
    };
    assert_snapshot!(without(permission::VIEW_CHANNEL).await, @r"
    FAIL  the bot can't see channel 1098232018379395073 (Discord answered 403 Forbidden with code 50001: Missing Access), so no admin sees requests: check REQUESTS_CHANNEL_ID, and give the bot View Channel there
    exit 1
    ");
    assert_snapshot!(without(permission::SEND_MESSAGES).await, @r"
    FAIL  the bot lacks Send Messages in the requests channel 1098232018379395073, so no admin sees requests: change that in the channel's permissions
    exit 1
    ");
    let quiet = permission::READ_MESSAGE_HISTORY | permission::EMBED_LINKS;
    assert_snapshot!(without(quiet).await, @r"
    warn  the bot lacks Read Message History and Embed Links in the requests channel 1098232018379395073: change that in the channel's permissions
    exit 0
    ");
    assert_eq!(without(permission::SEND_MESSAGES_IN_THREADS).await, "exit 0");
    sandbox.discord.forbid_mentions(ADMIN_ROLE);
    assert_snapshot!(without(0).await, @r"
    warn  the admins of role 1098233105413124096 aren't notified of requests: turn on Allow anyone to @mention this role in its settings
    exit 0
    ");
}

#[tokio::test]
async fn permissions_are_computed_as_discord_does() {
    let sandbox = sandbox().await;
    let overwritten = async |overwrites: &[(For, u64, u64)]| {
        let overwrite = |&(of, allow, deny): &(For, u64, u64)| Overwrite { of, allow, deny };
        let overwrites: Vec<_> = overwrites.iter().map(overwrite).collect();
        sandbox.discord.set_overwrites(REQUESTS, &overwrites);
        amiss(&sandbox, &NOTHING).await
    };
    let bit = permission::SEND_MESSAGES;
    let (everyone, own) = (For::Role(GUILD), For::Role(BOT_ROLE));
    let member = For::Member(discord::BOT_USER);
    let silent = overwritten(&[(everyone, 0, bit)]).await;
    assert!(silent.contains("the bot lacks Send Messages in"), "{silent}");
    assert_eq!(overwritten(&[(everyone, 0, bit), (own, bit, 0)]).await, "exit 0");
    assert_eq!(overwritten(&[(own, 0, bit), (For::Role(ADMIN_ROLE), bit, 0)]).await, silent);
    assert_eq!(overwritten(&[(own, 0, bit), (member, bit, 0)]).await, "exit 0");
    assert_eq!(overwritten(&[(own, bit, 0), (member, 0, bit)]).await, silent);
    sandbox.discord.set_permissions(BOT_ROLE, permission::ADMINISTRATOR);
    assert_eq!(overwritten(&[(own, bit, 0), (member, 0, bit)]).await, "exit 0");
    sandbox.discord.set_bot_roles(&[]);
    sandbox.discord.set_permissions(GUILD, permission::VIEW_CHANNEL);
    sandbox.discord.forbid_mentions(ADMIN_ROLE);
    assert_snapshot!(overwritten(&[]).await, @r"
    FAIL  the bot lacks Send Messages in the requests channel 1098232018379395073, so no admin sees requests: change that in the channel's permissions
    warn  the bot lacks Read Message History and Embed Links in the requests channel 1098232018379395073: change that in the channel's permissions
    warn  the admins of role 1098233105413124096 aren't notified of requests: turn on Allow anyone to @mention this role in its settings
    exit 1
    ");
}

#[tokio::test]
async fn channels_where_people_ask_are_looked_at_with_warnings() {
    let sandbox = sandbox().await;
    let allowed = ids(&[CONNECT, THREAD, OTHER_CHANNEL, STRANGE_CHANNEL]);
    let allowed = [("ALLOWED_CHANNEL_IDS", allowed)];
    let rest = permission::READ_MESSAGE_HISTORY | permission::EMBED_LINKS;
    sandbox.discord.forbid(CONNECT, permission::SEND_MESSAGES_IN_THREADS | rest);
    assert_snapshot!(amiss(&sandbox, &allowed).await, @r"
    warn  the bot lacks Send Messages in Threads in channel 1098231940587810826, so nobody can be told there what came of a request: change that in the channel's permissions
    warn  the bot lacks Send Messages in Threads in channel 1352618204733849601, so nobody can be told there what came of a request: change that in the channel's permissions
    warn  channel 1187403927809761291 of ALLOWED_CHANNEL_IDS isn't in a server of DISCORD_GUILD_IDS: name one that is, or add its server
    warn  the bot can't see channel 1204617337127927818 (Discord answered 403 Forbidden with code 50001: Missing Access), so nobody can be told there what came of a request: check ALLOWED_CHANNEL_IDS, and give the bot View Channel there
    exit 0
    ");
    let everywhere =
        [("ALLOWED_CHANNEL_IDS", ids(&[CONNECT])), ("REQUESTS_CHANNEL_ID", String::new())];
    assert_snapshot!(amiss(&sandbox, &everywhere).await, @r"
    warn  the bot lacks Send Messages in Threads in channel 1098231940587810826, so nobody can be told there what came of a request: change that in the channel's permissions
    warn  the bot lacks Read Message History and Embed Links in channel 1098231940587810826: change that in the channel's permissions
    exit 0
    ");
}

#[tokio::test]
async fn a_connect_that_does_not_answer_as_it_should_is_said_so() {
    let sandbox = sandbox().await;
    let failing = async |fault: Fault| {
        sandbox.connect.heal();
        sandbox.connect.fail(Route::Any, fault, Times::Always);
        amiss(&sandbox, &NOTHING).await
    };
    assert_snapshot!(failing(Fault::Error(30)).await, @r"
    FAIL  Connect answered 401 Unauthorized with code 30: We couldn't log you in with the provided credentials. Please ask your administrator for assistance: the key is mistyped, deleted or expired, so set CONNECT_API_KEY to a valid one of an administrator
    exit 1
    ");
    assert_snapshot!(failing(Fault::Error(50)).await, @r"
    FAIL  Connect answered 403 Forbidden with code 50: This user is locked: set CONNECT_API_KEY to a valid key of an administrator who isn't locked
    exit 1
    ");
    assert_snapshot!(failing(Fault::Html(502)).await, @r"
    FAIL  the answer isn't Connect's: status 502 Bad Gateway, content type text/html; charset=utf-8: check CONNECT_SERVER, and what stands in front of Connect
    exit 1
    ");
    assert_snapshot!(failing(Fault::Garbage).await, @r#"
    FAIL  Connect's answer isn't what its API describes (invalid type: string "It works!", expected struct KeyOwner at line 1 column 11): check CONNECT_SERVER, and what stands in front of Connect
    exit 1
    "#);
    sandbox.connect.heal();
    sandbox.connect.go_down().await;
    let away = amiss(&sandbox, &NOTHING).await;
    assert!(away.starts_with("FAIL  Connect can't be reached"), "{away}");
    assert!(away.ends_with(": check CONNECT_SERVER and the network\nexit 1"), "{away}");
    assert_eq!(away.lines().count(), 2, "one line is enough: {away}");
}

#[tokio::test]
async fn ldap_that_cannot_be_searched_fails_whatever_the_settings_of_connect_say() {
    let sandbox = sandbox().await;
    let failing = async |fault: Fault| {
        sandbox.connect.heal();
        sandbox.connect.fail(Route::Search, fault, Times::Always);
        amiss(&sandbox, &NOTHING).await
    };
    assert_snapshot!(failing(Fault::Error(63)).await, @r"
    FAIL  Connect 2026.06.0 can't reach LDAP, so that nothing can be searched or created: its log says why, and whoever runs Connect can mend it
    exit 1
    ");
    assert_snapshot!(failing(Fault::Error(132)).await, @r"
    FAIL  Connect 2026.06.0 doesn't take its groups from LDAP: the bot has nothing to search there, so name another server in CONNECT_SERVER
    exit 1
    ");
    assert_snapshot!(failing(Fault::Error(22)).await, @r"
    FAIL  CONNECT_API_KEY isn't allowed to search LDAP groups: use an administrator's key
    exit 1
    ");
    assert_snapshot!(failing(Fault::Html(502)).await, @r"
    FAIL  LDAP groups can't be searched (the answer isn't Connect's: status 502 Bad Gateway, content type text/html; charset=utf-8): Connect's log says more
    exit 1
    ");
    assert_eq!(failing(Fault::Error(83)).await, "exit 0", "too many hits are hits");
    sandbox.connect.heal();
    sandbox.connect.fail(Route::Settings, Fault::Error(1), Times::Always);
    let said = all(&sandbox, &NOTHING).await;
    assert!(said.contains("\nok    Connect searches LDAP groups\n"), "{said}");
}

/// Whoever has the output has no ticket.
#[tokio::test]
async fn looking_whether_ldap_can_be_searched_asks_once_for_as_little_as_can_be() {
    let sandbox = sandbox().await;
    assert_eq!(amiss(&sandbox, &NOTHING).await, "exit 0");
    let seen = sandbox.connect.requests();
    let searches: Vec<_> = seen.iter().filter(|seen| seen.route == Some(Route::Search)).collect();
    let [search] = searches[..] else { panic!("{searches:?}") };
    assert!(search.params.contains(&("limit".to_owned(), "1".to_owned())), "{search:?}");
    assert!(sandbox.connect.tickets().is_empty());
}

#[tokio::test]
async fn a_connect_without_ldap_search_is_said_so() {
    let options = connect::Options { authentication: "SAML".to_owned(), ..Default::default() };
    assert_snapshot!(amiss(&with_connect(options).await, &NOTHING).await, @r"
    FAIL  Connect 2026.06.0 takes its users from SAML, not LDAP: the bot has nothing to search there, so name another server in CONNECT_SERVER
    exit 1
    ");
    let options = connect::Options { external_group_search: false, ..Default::default() };
    assert_snapshot!(amiss(&with_connect(options).await, &NOTHING).await, @r"
    FAIL  Connect 2026.06.0 has its LDAP group search turned off: an administrator of Connect must set up LDAP groups
    exit 1
    ");
    let options = connect::Options { version: String::new(), ..Default::default() };
    let hidden = all(&with_connect(options).await, &NOTHING).await;
    assert!(
        hidden.contains("ok    Connect of a hidden version searches LDAP groups\n"),
        "{hidden}"
    );
}

#[tokio::test]
async fn what_the_key_may_do_goes_by_its_owner_and_by_itself() {
    let roles = async |user_role: Role, key_role: Role| {
        let options = connect::Options { user_role, key_role, ..Default::default() };
        amiss(&with_connect(options).await, &NOTHING).await
    };
    assert_snapshot!(roles(Role::Publisher, Role::Publisher).await, @r"
    warn  CONNECT_API_KEY is that of ldapgroup-bot, a publisher: searches work, but creating needs an administrator's key
    exit 0
    ");
    assert_snapshot!(roles(Role::Viewer, Role::Viewer).await, @r"
    FAIL  CONNECT_API_KEY is that of ldapgroup-bot, a viewer: it can neither search nor create, so use an administrator's key
    exit 1
    ");
    assert_snapshot!(roles(Role::Administrator, Role::Publisher).await, @r"
    warn  CONNECT_API_KEY has the role publisher, though ldapgroup-bot is an administrator: searches work, but creating needs an administrator's key
    exit 0
    ");
    assert_snapshot!(roles(Role::Administrator, Role::Viewer).await, @r"
    FAIL  CONNECT_API_KEY has the role viewer, though ldapgroup-bot is an administrator: it can neither search nor create, so use an administrator's key
    exit 1
    ");
}

#[tokio::test]
async fn a_key_that_expires_is_warned_of_a_fortnight_before() {
    let expiring = async |days: u64| {
        let options = connect::Options { key_expires: Some(in_days(days)), ..Default::default() };
        without_days(&all(&with_connect(options).await, &NOTHING).await)
    };
    let far = expiring(15).await;
    assert!(far.contains("\nok    CONNECT_API_KEY expires on <day>\n"), "{far}");
    assert!(far.ends_with("exit 0"), "{far}");
    let near = expiring(13).await;
    let near: Vec<_> = near.lines().filter(|line| !line.starts_with("ok ")).collect();
    assert_snapshot!(near.join("\n"), @r"
    warn  CONNECT_API_KEY expires on <day>: create a new one under API Keys in Connect before then, and set CONNECT_API_KEY to it
    exit 0
    ");
    let options = connect::Options { key_expires: Some(UNIX_EPOCH), ..Default::default() };
    assert_snapshot!(amiss(&with_connect(options).await, &NOTHING).await, @r"
    FAIL  Connect answered 401 Unauthorized with code 30: We couldn't log you in with the provided credentials. Please ask your administrator for assistance: the key is mistyped, deleted or expired, so set CONNECT_API_KEY to a valid one of an administrator
    exit 1
    ");
}

#[tokio::test]
async fn of_several_keys_no_more_is_said_than_can_be_known() {
    let with_others = async |other_keys: Vec<Key>| {
        let options = connect::Options { other_keys, ..Default::default() };
        without_days(&amiss(&with_connect(options).await, &NOTHING).await)
    };
    let key = |role, expires| Key { role, expires };
    let administrator = Role::Administrator;
    let soon =
        with_others(vec![key(administrator, Some(in_days(3))), key(administrator, None)]).await;
    assert_snapshot!(soon, @r"
    warn  of the 3 API keys of ldapgroup-bot, key-2 expires on <day>: if it is CONNECT_API_KEY, create a new one under API Keys in Connect, and set CONNECT_API_KEY to it
    exit 0
    ");
    assert_eq!(with_others(vec![key(administrator, Some(in_days(30)))]).await, "exit 0");
    assert_eq!(with_others(vec![key(Role::Viewer, Some(UNIX_EPOCH))]).await, "exit 0");
    assert_snapshot!(with_others(vec![key(Role::Publisher, None)]).await, @r"
    warn  ldapgroup-bot has 2 API keys, of which key-2 has the role publisher only: see that it isn't CONNECT_API_KEY, or creating fails
    exit 0
    ");
}

#[tokio::test]
async fn a_connect_that_lists_no_keys_is_no_trouble_unless_it_failed() {
    let sandbox = sandbox().await;
    for fault in [Fault::Error(4), Fault::Html(404)] {
        sandbox.connect.fail(Route::Keys, fault, Times::Times(1));
        assert_eq!(amiss(&sandbox, &NOTHING).await, "exit 0");
    }
    sandbox.connect.fail(Route::Keys, Fault::Error(22), Times::Times(1));
    assert_snapshot!(amiss(&sandbox, &NOTHING).await, @r"
    warn  the API keys of ldapgroup-bot can't be listed, so that it isn't known when CONNECT_API_KEY expires (Connect answered 403 Forbidden with code 22: You don't have permission to perform this operation): look under API Keys in Connect
    exit 0
    ");
}

#[test]
fn a_database_is_left_as_it_is_whether_a_start_can_use_it_or_not() {
    run_test(async |world| {
        world.stop_bot().await;
        let sandbox = &world.sandbox;
        let database = sandbox.database();
        let looked_at = async || {
            let files = || std::fs::read_dir(database.parent().unwrap()).unwrap().count();
            let before = (std::fs::read(&database).unwrap(), files());
            let said = all(sandbox, &NOTHING).await;
            let after = (std::fs::read(&database).unwrap(), files());
            assert!(after == before, "it is untouched, and no file is left behind");
            said.lines().rev().nth(1).unwrap().to_owned()
        };
        assert_snapshot!(looked_at().await, @"ok    the database is sound and can be written");
        execute_in(&database, "UPDATE _sqlx_migrations SET checksum = x'00'").await;
        assert!(looked_at().await.contains("made by another version of the bot"));
        let newer = "INSERT INTO _sqlx_migrations \
            (version, description, installed_on, success, checksum, execution_time) \
            VALUES (99990101, 'of the future', CURRENT_TIMESTAMP, TRUE, x'00', 1)";
        execute_in(&database, newer).await;
        assert_snapshot!(looked_at().await, @"FAIL  DATABASE_URL: the database was made by another version of the bot, and nothing was changed; run that version, or name another database");
        execute_in(&database, "DELETE FROM _sqlx_migrations").await;
        assert_snapshot!(looked_at().await, @"ok    the database is sound and can be written; the next start brings it up to date");
        std::fs::write(&database, "").unwrap();
        assert_snapshot!(looked_at().await, @"ok    there is no database yet; the next start makes it where DATABASE_URL says");
        std::fs::remove_file(&database).unwrap();
        world.start_bot().await;
    });
}

#[test]
fn a_database_in_use_is_looked_at_beside_the_bot() {
    run_test_with(Setup::default().over_gateway().in_file(), async |world| {
        assert_eq!(amiss(&world.sandbox, &NOTHING).await, "exit 0");
    });
}

#[tokio::test]
async fn a_database_that_no_start_can_use_fails() {
    let sandbox = sandbox().await;
    let at = async |url: &str| amiss(&sandbox, &[("DATABASE_URL", url)]).await;
    assert_snapshot!(at("sqlite:///nowhere/at/all.db").await, @r"
    FAIL  DATABASE_URL: the file can't be written (No such file or directory (os error 2)); check the file, its folder and their owner
    exit 1
    ");
    assert_snapshot!(at("sqlite:///dev").await, @r"
    FAIL  DATABASE_URL: the file can't be written (Is a directory (os error 21)); check the file, its folder and their owner
    exit 1
    ");
    assert_snapshot!(at("postgres://bot:hush@127.0.0.1:1/bot").await, @r"
    FAIL  DATABASE_URL: PostgreSQL can't be reached (Connection refused (os error 111)); check the address, and that it runs there
    exit 1
    ");
    std::fs::write(sandbox.database(), "These are my notes.\n".repeat(300)).unwrap();
    assert_snapshot!(amiss(&sandbox, &NOTHING).await, @r"
    FAIL  DATABASE_URL: the file isn't a sound SQLite database (file is not a database); restore it from a backup, or name another file
    exit 1
    ");
}

#[test]
fn a_database_that_another_program_keeps_locked_fails() {
    run_test_with(Setup::default().in_file().over_gateway(), async |world| {
        world.stop_bot().await;
        let lock = crate::database::lock(&world.sandbox.database()).await;
        assert_snapshot!(amiss(&world.sandbox, &NOTHING).await, @r"
        FAIL  DATABASE_URL: the database can't be used (error returned from database: (code: 5) database is locked); see that its disk isn't full, that the bot's user owns it, and that no other program keeps it locked
        exit 1
        ");
        drop(lock);
        world.start_bot().await;
    });
}
