//! What goes wrong, in turn.

use std::time::Duration;

use sandbox::Sandbox;
use sandbox::connect::{self, Fault as OfConnect, Route as ConnectRoute};
use sandbox::discord::{self, Fault as OfDiscord, Misdeed, Moment, Route as DiscordRoute};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Executor};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::bot::Bot;
use crate::disk::limit;

/// Something that goes wrong for a while.
pub(crate) struct Fault {
    pub(crate) name: &'static str,
    /// What it is, for who reads the document.
    pub(crate) what: &'static str,
    pub(crate) lasts: Duration,
    /// Whether people can't reach the bot meanwhile, or it them, whatever it does.
    pub(crate) silences: bool,
    /// What lines of the log are about it: any of these is in them.
    pub(crate) said: &'static [&'static str],
    /// Metrics that tell of it, each as its line begins: they rise.
    pub(crate) counted: &'static [&'static str],
    kind: Kind,
}

enum Kind {
    Connect(ConnectRoute, OfConnect),
    ConnectDown,
    Discord(&'static [DiscordRoute], OfDiscord),
    /// What the gateway does at a moment, and whether it cuts the connection that there is.
    Gateway(Moment, Misdeed, bool),
    Once(Order),
    DiskFull,
    Locked,
    Stopped,
    Hostile,
}

#[derive(Clone, Copy)]
enum Order {
    Drop,
    Close(u16),
    Reconnect,
    Invalid(bool),
}

/// What lasts as long as the fault.
pub(crate) type Held = Box<dyn Send>;

const SAYING: &[DiscordRoute] = &[
    DiscordRoute::CreateMessage,
    DiscordRoute::EditMessage,
    DiscordRoute::EditOriginal,
    DiscordRoute::FollowUp,
];
const POSTING: &[DiscordRoute] = &[DiscordRoute::CreateMessage, DiscordRoute::EditMessage];

const fn fault(name: &'static str, what: &'static str, seconds: u64, kind: Kind) -> Fault {
    let lasts = Duration::from_secs(seconds);
    Fault { name, what, lasts, silences: false, said: &[], counted: &[], kind }
}

/// Calls that fail, which the log tells of as it does of those to either service.
const fn of_calls(
    name: &'static str,
    what: &'static str,
    kind: Kind,
    counted: &'static [&'static str],
) -> Fault {
    let said: &[&str] = match kind {
        Kind::Discord(..) => &[
            "a message is not delivered yet",
            "an answer was not delivered",
            "called too often",
            "could not be looked at",
        ],
        _ => &[
            "\"failed\"",
            "a group could not be created",
            "a creation went unanswered",
            "could not look for the group",
        ],
    };
    Fault { said, counted, ..fault(name, what, 30, kind) }
}

const fn of_gateway(name: &'static str, what: &'static str, seconds: u64, kind: Kind) -> Fault {
    let said: &[&str] = &["connection to Discord", "an answer was not delivered"];
    let counted: &[&str] = &["ldapgroup_gateway_connects_total"];
    Fault { silences: true, said, counted, ..fault(name, what, seconds, kind) }
}

/// All of them.
pub(crate) fn all() -> Vec<Fault> {
    [at_connect(), at_discord(), at_gateway(), at_home()].into_iter().flatten().collect()
}

fn at_connect() -> Vec<Fault> {
    use Kind::Connect;
    const ANY: ConnectRoute = ConnectRoute::Any;
    vec![
        of_calls(
            "connect-500",
            "Connect answers 500 with its code 1",
            Connect(ANY, OfConnect::Error(1)),
            &["ldapgroup_connect_calls_total{code=\"1\""],
        ),
        of_calls(
            "connect-502",
            "a proxy answers 502 with HTML in Connect's place",
            Connect(ANY, OfConnect::Html(502)),
            &["ldapgroup_connect_calls_total{code=\"not_connect\""],
        ),
        of_calls(
            "connect-429",
            "Connect answers 429 with `Retry-After: 2`",
            Connect(ANY, OfConnect::RateLimited { retry_after: Some(2) }),
            &["ldapgroup_connect_calls_total{code=\"277\""],
        ),
        of_calls(
            "connect-garbage",
            "Connect answers 200 with JSON that is none of its answers",
            Connect(ANY, OfConnect::Garbage),
            &["ldapgroup_connect_calls_total{code=\"unreadable\""],
        ),
        of_calls(
            "connect-slow",
            "Connect takes 5 s for each answer",
            Connect(ANY, OfConnect::Slow(Duration::from_secs(5))),
            &["ldapgroup_connect_call_seconds_sum"],
        ),
        Fault {
            lasts: Duration::from_secs(45),
            ..of_calls(
                "connect-hangs",
                "Connect takes calls and never answers",
                Connect(ANY, OfConnect::Hold),
                &["ldapgroup_connect_calls_total{code=\"timed_out\""],
            )
        },
        of_calls(
            "connect-down",
            "Connect refuses connections",
            Kind::ConnectDown,
            &["ldapgroup_connect_calls_total{code=\"unreachable\""],
        ),
        of_calls(
            "connect-lost-answers",
            "Connect creates, but the connection is cut before its answer",
            Connect(ConnectRoute::CreateGroup, OfConnect::LostAnswer),
            &["ldapgroup_connect_calls_total{code=\"interrupted\""],
        ),
        of_calls(
            "ldap-away",
            "Connect can't reach LDAP (63)",
            Connect(ConnectRoute::Search, OfConnect::Error(63)),
            &["ldapgroup_connect_calls_total{code=\"63\""],
        ),
        of_calls(
            "key-refused",
            "Connect refuses the API key (30)",
            Connect(ANY, OfConnect::Error(30)),
            &["ldapgroup_connect_calls_total{code=\"30\""],
        ),
    ]
}

fn at_discord() -> Vec<Fault> {
    use Kind::Discord;
    let saying = |fault| Discord(SAYING, fault);
    vec![
        of_calls(
            "discord-502",
            "Discord answers 502 to all but first answers",
            saying(OfDiscord::Status(502)),
            &["ldapgroup_discord_calls_total{status=\"502\""],
        ),
        of_calls(
            "discord-429",
            "Discord answers 429 to new and edited messages",
            Discord(POSTING, OfDiscord::RateLimited { retry_after: 1.5, global: false }),
            &["ldapgroup_discord_rate_limits_total"],
        ),
        of_calls(
            "discord-refuses",
            "the bot may not post in its channels (50013)",
            Discord(POSTING, OfDiscord::Forbidden(50013)),
            &["ldapgroup_discord_calls_total{status=\"403\""],
        ),
        of_calls(
            "discord-cut",
            "Discord cuts connections, but for first answers",
            saying(OfDiscord::Cut),
            &["ldapgroup_discord_calls_total{status=\"none\""],
        ),
        of_calls(
            "discord-lost-answers",
            "Discord does what it is asked for, but its answer is lost",
            saying(OfDiscord::LostAnswer),
            &["ldapgroup_discord_calls_total{status=\"none\""],
        ),
        of_calls(
            "discord-slow",
            "Discord takes 0.5 s for each call",
            Discord(&[], OfDiscord::Slow(Duration::from_millis(500))),
            &[],
        ),
        Fault {
            silences: true,
            lasts: Duration::from_secs(15),
            ..of_calls(
                "discord-no-answers",
                "Discord answers 502 to first answers, too",
                Discord(&[], OfDiscord::Status(502)),
                &["ldapgroup_discord_calls_total{status=\"502\""],
            )
        },
    ]
}

fn at_gateway() -> Vec<Fault> {
    use Kind::{Gateway, Once};
    vec![
        of_gateway("gateway-cut", "the gateway's connection is cut", 10, Once(Order::Drop)),
        of_gateway(
            "gateway-closed",
            "the gateway closes with 4009, the session timed out",
            10,
            Once(Order::Close(4009)),
        ),
        of_gateway(
            "gateway-reconnect",
            "the gateway asks for a new connection (op 7)",
            10,
            Once(Order::Reconnect),
        ),
        of_gateway(
            "gateway-invalid",
            "the gateway's session is invalid and can't be resumed (op 9)",
            10,
            Once(Order::Invalid(false)),
        ),
        of_gateway(
            "gateway-suspect",
            "the gateway's session is invalid and can be resumed (op 9)",
            10,
            Once(Order::Invalid(true)),
        ),
        of_gateway(
            "gateway-away",
            "the gateway is cut and takes no connection",
            30,
            Gateway(Moment::Dial, Misdeed::Cut, true),
        ),
        of_gateway(
            "gateway-mute",
            "the gateway's connection stays, but nothing comes over it any more",
            100,
            Gateway(Moment::Heartbeat, Misdeed::Mute, false),
        ),
    ]
}

fn at_home() -> Vec<Fault> {
    vec![
        Fault {
            said: &["database", "disk", "could not", "\"failed\"", "can't find out"],
            counted: &["ldapgroup_database_errors_total"],
            ..fault("disk-full", "the disk takes no more", 20, Kind::DiskFull)
        },
        Fault {
            said: &["database", "could not", "\"failed\"", "can't find out"],
            counted: &["ldapgroup_database_errors_total"],
            ..fault(
                "database-locked",
                "another program holds the database's lock",
                10,
                Kind::Locked,
            )
        },
        Fault {
            silences: true,
            said: &[
                "connection to Discord",
                "an answer was not delivered",
                "\"failed\"",
                "not delivered yet",
            ],
            ..fault("stopped", "the process stands still (SIGSTOP)", 8, Kind::Stopped)
        },
        fault(
            "hostile",
            "300 connections to its HTTP never finish their headers",
            20,
            Kind::Hostile,
        ),
    ]
}

impl Fault {
    pub(crate) async fn begin(&self, sandbox: &Sandbox, bot: &Bot) -> Held {
        match &self.kind {
            Kind::Connect(route, fault) => {
                sandbox.connect.fail(*route, *fault, connect::Times::Always);
            }
            Kind::ConnectDown => sandbox.connect.go_down().await,
            Kind::Discord([], fault) => {
                sandbox.discord.fail(None, fault.clone(), discord::Times::Always);
            }
            Kind::Discord(routes, fault) => {
                for route in *routes {
                    sandbox.discord.fail(*route, fault.clone(), discord::Times::Always);
                }
            }
            Kind::Gateway(moment, misdeed, is_cut) => {
                sandbox.discord.misbehave(*moment, *misdeed);
                if *is_cut {
                    sandbox.discord.drop_gateway();
                }
            }
            Kind::Once(Order::Drop) => sandbox.discord.drop_gateway(),
            Kind::Once(Order::Close(code)) => sandbox.discord.close_gateway(*code),
            Kind::Once(Order::Reconnect) => sandbox.discord.send_reconnect(),
            Kind::Once(Order::Invalid(resumable)) => sandbox.discord.invalidate_session(*resumable),
            Kind::DiskFull => limit(bot.process, "0").await,
            Kind::Locked => return Box::new(lock(sandbox).await),
            Kind::Stopped => bot.signal("STOP").await,
            Kind::Hostile => return Box::new(half_asked(bot).await),
        }
        Box::new(())
    }

    pub(crate) async fn end(&self, sandbox: &Sandbox, bot: &Bot, held: Held) {
        match self.kind {
            Kind::Connect(..) | Kind::ConnectDown => {
                sandbox.connect.heal();
                sandbox.connect.release();
                sandbox.connect.come_up().await.unwrap();
            }
            Kind::Discord(..) => sandbox.discord.clear_faults(),
            Kind::Gateway(..) => sandbox.discord.behave(),
            Kind::Once(_) | Kind::Locked | Kind::Hostile => {}
            Kind::DiskFull => limit(bot.process, "unlimited").await,
            Kind::Stopped => bot.signal("CONT").await,
        }
        drop(held);
    }
}

/// Takes the database's lock, until it is dropped.
async fn lock(sandbox: &Sandbox) -> SqliteConnection {
    let options = SqliteConnectOptions::new().filename(sandbox.database());
    let mut database = options.busy_timeout(Duration::from_secs(10)).connect().await.unwrap();
    database.execute("BEGIN IMMEDIATE").await.unwrap();
    database
}

async fn half_asked(bot: &Bot) -> Vec<TcpStream> {
    let mut connections = Vec::new();
    for _ in 0..300 {
        let mut connection = TcpStream::connect(bot.address).await.unwrap();
        connection.write_all(b"GET /livez HTTP/1.1\r\nHost: ").await.unwrap();
        connections.push(connection);
    }
    connections
}
