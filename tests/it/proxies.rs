//! The bot in a network that lets it out through a proxy alone: Discord and Connect have names there
//! that only the proxy knows.

use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use insta::assert_snapshot;
use sandbox::proxy::{Manner, Proxy};
use sandbox::{Sandbox, connect, discord};
use tempfile::NamedTempFile;
use tokio::process::Child;

use crate::program::{output, program, terminate};
use crate::world::{assert_no_violations, in_time, stand_ins_in_file as stand_ins, without_a_wait};

const DISCORD: &str = "discord.invalid";
const GATEWAY: &str = "gateway.discord.invalid";
const SESSIONS: &str = "sessions.discord.invalid";
const CONNECT: &str = "connect.invalid";

type Variables<'a> = &'a [(&'static str, &'a str)];

const NOTHING: Variables<'static> = &[];

struct Office {
    sandbox: Sandbox,
    proxy: Proxy,
    authority: NamedTempFile,
}

impl Office {
    async fn new() -> Self {
        Self::with(false).await
    }

    /// With a proxy that is itself spoken to by TLS, if so wanted.
    async fn with(tls: bool) -> Self {
        let options = discord::Options {
            gateway_url: Some(format!("wss://{GATEWAY}")),
            resume_url: Some(format!("wss://{SESSIONS}")),
            ..discord::Options::default()
        };
        let sandbox = stand_ins(connect::Options::default(), options).await;
        let [rest, server] = [sandbox.discord.url(), sandbox.connect.url()];
        let [gateway, sessions] = sandbox.discord.gateway_urls();
        let behind = |url: &str| url.split_once("://").unwrap().1.to_owned();
        let hosts = [
            (DISCORD, &*behind(&rest)),
            (GATEWAY, &*behind(gateway)),
            (SESSIONS, &*behind(sessions)),
            (CONNECT, &*behind(&server)),
        ];
        let proxy = Proxy::start(&hosts, tls).await.unwrap();
        let authority = NamedTempFile::new().unwrap();
        std::fs::write(authority.path(), proxy.ca_pem()).unwrap();
        Self { sandbox, proxy, authority }
    }

    /// What the bot is started with here; of two values for one variable the later holds.
    fn variables(&self, more: Variables<'_>) -> Vec<(&'static str, String)> {
        let authority = self.authority.path().to_str().unwrap();
        let here = [
            ("DISCORD_API_URL", format!("https://{DISCORD}")),
            ("CONNECT_SERVER", format!("https://{CONNECT}")),
            ("HTTPS_PROXY", self.proxy.url().to_owned()),
            ("SSL_CERT_FILE", authority.to_owned()),
        ];
        let more = more.iter().map(|(name, value)| (*name, (*value).to_owned()));
        self.sandbox.variables().into_iter().chain(here).chain(more).collect()
    }

    /// What `check` prints, and its exit code.
    async fn check(&self, more: Variables<'_>) -> String {
        let (code, stdout, stderr) = output(program(&["check"], &self.variables(more))).await;
        assert_eq!(stderr, "");
        let address = self.proxy.url().split_once("://").unwrap().1;
        format!("{}exit {}", stdout.replace(address, "<proxy>"), code.unwrap())
    }

    /// The same, without what is well.
    async fn amiss(&self, more: Variables<'_>) -> String {
        let said = self.check(more).await;
        let lines: Vec<_> = said.lines().filter(|line| !line.starts_with("ok ")).collect();
        lines.join("\n")
    }

    fn run(&self, more: Variables<'_>) -> Child {
        program(&["run"], &self.variables(more)).spawn().unwrap()
    }

    fn asked_for(&self, host: &str) -> bool {
        let wanted = format!("CONNECT {host}:443 HTTP/1.1");
        self.proxy.requests().contains(&wanted)
    }
}

/// Tells a bot to stop, fails if it waits with it, and gives what it has logged.
async fn stop_soon(child: Child) -> String {
    terminate(&child);
    let output = without_a_wait(child.wait_with_output()).await.unwrap();
    assert_eq!(output.status.code(), Some(0));
    String::from_utf8(output.stderr).unwrap()
}

fn holds(seen: &[u8], secret: &str) -> bool {
    seen.windows(secret.len()).any(|window| window == secret.as_bytes())
}

#[tokio::test]
async fn the_bot_serves_and_resumes_through_it_and_neither_it_nor_the_log_has_a_secret() {
    let office = Office::new().await;
    office.proxy.demand("bot", "hush word");
    let address = office.proxy.url().replace("http://", "http://bot:hush%20word@");
    let child = office.run(&[("HTTPS_PROXY", &address), ("RUST_LOG", "trace")]);
    let discord = &office.sandbox.discord;
    discord.wait_ready().await;
    let admin = discord.person(discord::Who::Admin);
    let answer = admin.slash("search", &[("prefix", "accounting".into())]).await;
    assert!(answer.text().contains("accounting2"));
    discord.drop_gateway();
    discord.wait_for_counts(|counts| counts.resumes == 1).await;
    let log = stop_soon(child).await;

    for host in [DISCORD, GATEWAY, SESSIONS, CONNECT] {
        assert!(office.asked_for(host), "{host} was reached some other way");
    }
    let seen = office.proxy.seen();
    let mut secrets = vec![discord.token().to_owned(), office.sandbox.connect.api_key().to_owned()];
    secrets.extend(discord.secrets());
    secrets.extend(office.sandbox.connect.tickets());
    assert!(secrets.iter().all(|secret| !holds(&seen, secret)), "the proxy has a secret");
    for secret in ["hush", &STANDARD.encode("bot:hush word")] {
        assert!(!log.contains(secret), "the proxy's password is in the log");
    }
    assert_no_violations(&office.sandbox);
}

#[tokio::test]
async fn check_says_which_proxy_there_is_and_that_the_gateway_answers_through_it() {
    let office = Office::new().await;
    let address = office.proxy.url().replace("http://", "http://bot:hush@");
    assert_snapshot!(office.check(&[("HTTPS_PROXY", &address)]).await, @r"
    ok    the configuration is complete
    ok    Discord and Connect are asked through the proxy <proxy>
    ok    Discord accepts the token of application ldapgroup
    ok    Discord sends interactions over the gateway
    ok    Discord's gateway answers through the proxy <proxy>
    ok    the bot is in server 1098231477641412618
    ok    the bot may write in the requests channel 1098232018379395073
    ok    Connect accepts the key of administrator ldapgroup-bot
    ok    Connect 2026.06.0 searches LDAP groups
    ok    there is no database yet; the next start makes it where DATABASE_URL says
    exit 0
    ");
    assert_eq!(office.sandbox.discord.gateway_counts().starts, 0);
    assert_no_violations(&office.sandbox);
}

#[tokio::test]
async fn a_proxy_may_be_spoken_to_by_tls_and_be_named_by_any_of_its_variables() {
    let office = Office::with(true).await;
    let url = office.proxy.url().to_owned();
    for name in ["https_proxy", "ALL_PROXY", "all_proxy"] {
        assert_eq!(office.amiss(&[("HTTPS_PROXY", ""), (name, &url)]).await, "exit 0", "{name}");
    }
    assert!(office.asked_for(GATEWAY));
}

#[tokio::test]
async fn no_proxy_holds_for_the_gateway_as_for_everything_else() {
    let office = Office::new().await;
    let said = office.amiss(&[("NO_PROXY", "10.0.0.0/8, gateway.discord.invalid")]).await;
    assert!(said.starts_with("FAIL  Discord's gateway"), "{said}");
    assert!(office.asked_for(DISCORD) && office.asked_for(CONNECT) && !office.asked_for(GATEWAY));

    let office = Office::new().await;
    let said = office.amiss(&[("no_proxy", ".invalid")]).await;
    assert!(said.contains("FAIL  Discord can't be asked"), "{said}");
    assert_eq!(office.proxy.requests(), [""; 0]);
}

#[tokio::test]
async fn what_goes_in_plain_or_to_this_machine_goes_past_every_proxy() {
    let office = Office::new().await;
    let (discord, server) = (office.sandbox.discord.url(), office.sandbox.connect.url());
    let url = office.proxy.url();
    let proxies = [("HTTP_PROXY", url), ("http_proxy", url), ("ALL_PROXY", url)];
    let here =
        [&proxies[..], &[("DISCORD_API_URL", &discord), ("CONNECT_SERVER", &server)]].concat();
    let said = office.check(&here).await;
    assert!(said.contains("ok    Connect accepts the key"), "{said}");
    assert!(said.contains("ok    Discord accepts the token"), "{said}");
    let plain = format!("http://{CONNECT}");
    office.check(&[&here[..], &[("CONNECT_SERVER", &plain)]].concat()).await;
    let requests = office.proxy.requests();
    assert!(requests.iter().all(|request| request.contains(GATEWAY)), "{requests:?}");
    assert!(!holds(&office.proxy.seen(), office.sandbox.connect.api_key()));

    let tls = connect::Options { tls: true, ..connect::Options::default() };
    let other = connect::Connect::start(tls).await.unwrap();
    let ca = NamedTempFile::new().unwrap();
    std::fs::write(ca.path(), other.ca_pem().unwrap()).unwrap();
    let (server, key) = (other.url(), other.api_key());
    let ca = ca.path().to_str().unwrap();
    let there = [("CONNECT_SERVER", &*server), ("CONNECT_API_KEY", key), ("CONNECT_CA_FILE", ca)];
    assert_snapshot!(office.check(&there).await, @r"
    ok    the configuration is complete
    ok    Discord is asked through the proxy <proxy>, Connect directly
    ok    Discord accepts the token of application ldapgroup
    ok    Discord sends interactions over the gateway
    ok    Discord's gateway answers through the proxy <proxy>
    ok    the bot is in server 1098231477641412618
    ok    the bot may write in the requests channel 1098232018379395073
    ok    Connect accepts the key of administrator ldapgroup-bot
    ok    Connect 2026.06.0 searches LDAP groups
    ok    there is no database yet; the next start makes it where DATABASE_URL says
    exit 0
    ");
}

#[tokio::test]
async fn that_only_plain_http_has_a_proxy_is_no_proxy_and_said_so() {
    let office = Office::new().await;
    let url = office.proxy.url();
    let said = office.check(&[("HTTPS_PROXY", ""), ("http_proxy", url)]).await;
    assert_snapshot!(said.lines().nth(1).unwrap(), @"warn  HTTP_PROXY isn't used, since what goes by plain http holds the token or the key: if there is no way out but through the proxy, set HTTPS_PROXY");
    assert_eq!(office.proxy.requests(), [""; 0]);
}

#[tokio::test]
async fn a_proxy_that_lets_the_gateway_through_later_is_asked_ever_more_seldom_until_then() {
    let office = Office::new().await;
    office.proxy.set(GATEWAY, Manner::Refuse);
    assert_snapshot!(office.amiss(NOTHING).await, @r"
    FAIL  the proxy <proxy> doesn't connect to gateway.discord.invalid:443 (the proxy refuses it): the proxy <proxy> must let a lasting connection to gateway.discord.invalid through, and takes a user and a password from HTTPS_PROXY
    exit 1
    ");
    let begun = Instant::now();
    let child = office.run(NOTHING);
    in_time(office.proxy.wait_for(6, GATEWAY)).await;
    assert!(
        begun.elapsed() >= Duration::from_millis(500 + 1000 + 2000 + 4000),
        "{:?}",
        begun.elapsed()
    );
    office.proxy.set(GATEWAY, Manner::Serve);
    office.sandbox.discord.wait_ready().await;
    let log = stop_soon(child).await;
    assert!(log.contains("doesn't connect to gateway.discord.invalid:443"), "{log}");
    assert_no_violations(&office.sandbox);
}

#[tokio::test]
async fn a_proxy_that_wants_a_password_is_said_so() {
    let office = Office::new().await;
    office.proxy.demand("bot", "hush");
    assert_snapshot!(office.amiss(NOTHING).await, @r"
    FAIL  Discord can't be asked: it can't be reached (the proxy wants a user and a password). Check the network, the proxy <proxy> and DISCORD_API_URL
    FAIL  Connect can't be reached (the proxy wants a user and a password): check CONNECT_SERVER and the network
    exit 1
    ");
    let address = office.proxy.url().replace("http://", "http://bot:wrong@");
    let child = office.run(&[("HTTPS_PROXY", &address)]);
    in_time(office.proxy.wait_for(3, DISCORD)).await;
    let log = stop_soon(child).await;
    assert!(log.contains("the proxy wants a user and a password"), "{log}");
    assert!(!log.contains("wrong"), "{log}");
}

#[tokio::test]
async fn a_proxy_that_never_answers_keeps_no_stop_waiting_and_check_says_so() {
    let office = Office::new().await;
    office.proxy.set(DISCORD, Manner::Hang);
    let child = office.run(NOTHING);
    in_time(office.proxy.wait_for(1, DISCORD)).await;
    stop_soon(child).await;

    office.proxy.set(DISCORD, Manner::Serve);
    office.proxy.set(GATEWAY, Manner::Hang);
    let child = office.run(NOTHING);
    in_time(office.proxy.wait_for(1, GATEWAY)).await;
    stop_soon(child).await;
    assert_snapshot!(office.amiss(NOTHING).await, @r"
    FAIL  Discord's gateway says nothing: the proxy <proxy> must let a lasting connection to gateway.discord.invalid through, and takes a user and a password from HTTPS_PROXY
    exit 1
    ");
}

#[tokio::test]
async fn a_proxy_that_cannot_be_used_is_a_problem_of_its_variable() {
    let said = async |name: &'static str, value: &str| {
        let variables = [(name, value.to_owned())];
        let (code, _, stderr) = output(program(&["search", "abe"], &variables)).await;
        assert_eq!(code, Some(1));
        assert!(!stderr.contains("hush"), "{stderr}");
        stderr.lines().filter(|line| line.contains("_PROXY: ")).collect::<Vec<_>>().join("\n")
    };
    assert_snapshot!(said("HTTPS_PROXY", "socks5://bot:hush@127.0.0.1:1080").await, @"HTTPS_PROXY: must be the address of an HTTP proxy, as in http://proxy.example.com:3128 or http://user:password@…, with what isn't a letter or a digit in these written as %40; SOCKS can't be used");
    assert_snapshot!(said("https_proxy", "http://bot:hush@@:1").await, @"HTTPS_PROXY: must be the address of an HTTP proxy, as in http://proxy.example.com:3128 or http://user:password@…, with what isn't a letter or a digit in these written as %40; SOCKS can't be used");
    assert_snapshot!(said("ALL_PROXY", "ftp://hush").await, @"ALL_PROXY: must be the address of an HTTP proxy, as in http://proxy.example.com:3128 or http://user:password@…, with what isn't a letter or a digit in these written as %40; SOCKS can't be used");
    assert_eq!(said("HTTP_PROXY", "socks5://hush:1080").await, "");
}

#[tokio::test]
async fn a_proxy_in_the_settings_file_has_either_name_and_the_environment_goes_first() {
    let folder = tempfile::tempdir().unwrap();
    let said = async |file: &str, variables: &[(&str, String)]| {
        std::fs::write(folder.path().join(".env"), file).unwrap();
        let mut command = program(&["search", "abe"], variables);
        command.current_dir(folder.path());
        output(command).await.2.contains("HTTPS_PROXY: ")
    };
    let proxy = |name: &'static str| [(name, "http://127.0.0.1:3128".to_owned())];
    for file in ["HTTPS_PROXY=socks5://p", "https_proxy=socks5://p"] {
        assert!(said(file, &[]).await);
        assert!(!said(file, &proxy("HTTPS_PROXY")).await);
        assert!(!said(file, &proxy("https_proxy")).await);
    }
}
