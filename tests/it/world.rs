//! The team's server, its Connect server, and the bot between them.

use std::time::Duration;

use ldapgroup_bot::app::AppError;
use ldapgroup_bot::config::{AlertSettings, Config, Environment};
use sandbox::Sandbox;
use sandbox::balancer::Balancer;
use sandbox::connect::{self, Connect, Route, Seen};
use sandbox::discord::{
    self, ADMIN_ROLE, Answer, CONNECT, ChannelId, Discord, GUILD, MEMBER_ROLE, Message, Person,
    RANDOM, REQUESTS, Who,
};
use tokio::runtime::Builder;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

pub(crate) use crate::chosen::{chosen, is_over_http, server};
use crate::chosen::{in_postgres, is_in_postgres, run};
use crate::database::{execute, number};
use crate::pair::Standby;
pub(crate) use crate::setup::{Setup, free_address, ldap_groups, setup};

/// Runs a test in the ordinary world: see [`in_world`].
pub(crate) fn run_test(test: impl AsyncFnOnce(&mut World)) {
    run_test_with(Setup::default(), test);
}

/// Runs a test in a world that differs from the ordinary one: see [`in_world`].
pub(crate) fn run_test_with(setup: Setup, test: impl AsyncFnOnce(&mut World)) {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(in_world(setup, test));
}

/// Runs a test of what is so of a database in a file.
pub(crate) fn run_test_in_file(test: impl AsyncFnOnce(&mut World)) {
    run_test_with(Setup::default().in_file(), test);
}

/// Lets something happen in a world, and then stops the bot there. Fails if it ended badly, if
/// anything that it did isn't as the real services want it, or if it called Discord too often.
pub(crate) async fn in_world<T>(setup: Setup, happens: impl AsyncFnOnce(&mut World) -> T) -> T {
    let mut world = World::with(setup).await;
    let seen = happens(&mut world).await;
    world.end().await;
    seen
}

/// The name of the group with this number.
pub(crate) fn team(number: usize) -> String {
    format!("team-{number:02}")
}

/// What somebody reads who alone is to see it, and whom it doesn't ping.
pub(crate) fn private(answer: &Answer) -> String {
    assert!(answer.is_private());
    assert!(answer.message().pings.is_empty());
    without_ids(&answer.text())
}

/// The text with the commands that can be clicked as `</ldapgroup create>`: their ids differ from run
/// to run.
fn without_ids(text: &str) -> String {
    let shown = text.split("</ldapgroup ").enumerate().map(|(at, piece)| {
        if at == 0 {
            return piece.to_owned();
        }
        let (command, rest) = piece.split_once('>').unwrap();
        let subcommand = command.split_once(':').map_or(command, |(subcommand, _)| subcommand);
        format!("</ldapgroup {subcommand}>{rest}")
    });
    shown.collect()
}

/// Whether a message shows this request, with these words in it.
pub(crate) fn is_card(number: u32, words: &str) -> impl Fn(&Message) -> bool {
    let heading = format!(" · request {number}\n");
    move |message| message.text().contains(&heading) && message.text().contains(words)
}

/// What the buttons of a message say.
pub(crate) fn labels(message: &Message) -> Vec<String> {
    message.buttons().into_iter().map(|button| button.label).collect()
}

/// So many calls one too many are forgiven: a start can't know what the life before has used up.
const FEW: u64 = 3;

/// What is other than usual of [`Setup::answers_within`] and [`Setup::alert_pace`].
type Paces = (Option<Duration>, Option<Duration>);

/// A copy of the bot, and what tells it to stop.
pub(crate) type Running = (CancellationToken, JoinHandle<Result<(), AppError>>);

pub(crate) struct World {
    pub(crate) sandbox: Sandbox,
    pub(crate) connect: Connect,
    pub(crate) discord: Discord,
    /// What the bot is started with; of two values for one variable the later holds.
    pub(crate) variables: Vec<(&'static str, String)>,
    /// Stands before the copies of the bot where interactions come over HTTP.
    balancer: Option<Balancer>,
    copies: usize,
    paces: Paces,
    /// The copies of the bot, as long as nobody has seen them end.
    bot: Vec<Running>,
    /// Another that waits, if the setting has one.
    standby: Option<Standby>,
    is_in_file: bool,
}

impl World {
    async fn with(setup: Setup) -> Self {
        let copies = setup.count();
        let mut options = setup.discord;
        if let Ok(copies) = u32::try_from(copies) {
            options.limits = options.limits.for_copies(copies);
        }
        let sandbox = Sandbox::start(setup.connect, options).await.unwrap();
        let is_in_file = setup.is_in_file || !is_in_postgres();
        let sandbox = if is_in_file { sandbox } else { in_postgres(sandbox).await };
        let over_http = setup.over_http.unwrap_or_else(is_over_http);
        let sandbox = if over_http { sandbox.over_http() } else { sandbox };
        for (route, fault, times) in setup.faults {
            sandbox.discord.fail(route, fault, times);
        }
        let is_set = |wanted| setup.variables.iter().any(|(name, _)| *name == wanted);
        let (elsewhere, other_key) = (is_set("CONNECT_SERVER"), is_set("CONNECT_API_KEY"));
        let mut variables = sandbox.variables();
        let balancer = if over_http { Some(Balancer::start(0).await.unwrap()) } else { None };
        variables.extend(setup.variables);
        let mut world = Self {
            connect: sandbox.connect.clone(),
            discord: sandbox.discord.clone(),
            sandbox,
            variables,
            balancer,
            copies,
            paces: (setup.answers_within, setup.alert_pace),
            bot: Vec::new(),
            standby: None,
            is_in_file,
        };
        world.launch();
        world.discord.wait_ready().await;
        world.launch_standby().await;
        if !elsewhere {
            // The bot's own look at Connect is over.
            world.looked(0).await;
            world.connect.wait_for(copies, Route::User).await;
            world.connect.wait_for(copies, Route::Settings).await;
            if !other_key {
                world.connect.wait_for(copies, Route::Keys).await;
            }
            world.connect.clear_requests();
        }
        world
    }

    pub(crate) fn admin(&self) -> Person {
        self.discord.person(Who::Admin)
    }

    pub(crate) fn member(&self) -> Person {
        self.discord.person(Who::Member)
    }

    /// The calls that Connect got, as `GET v1/groups/remote` and the like.
    pub(crate) fn connect_calls(&self) -> Vec<String> {
        let line = |seen: &Seen| format!("{} {}", seen.method, seen.path);
        self.connect.requests().iter().map(line).collect()
    }

    /// Asks for a group in `#connect`, or creates it.
    pub(crate) async fn ask(&self, who: Who, name: &str) -> Answer {
        self.discord.person(who).slash("create", &[("name", name.into())]).await
    }

    /// Searches in `#connect`.
    pub(crate) async fn search(&self, who: Who, prefix: &str) -> Answer {
        self.discord.person(who).slash("search", &[("prefix", prefix.into())]).await
    }

    /// Cancels or leaves a request.
    pub(crate) async fn cancel(&self, who: Who, number: u64) -> Answer {
        self.discord.person(who).slash("cancel", &[("request", number.into())]).await
    }

    /// How many messages of a channel ping somebody.
    pub(crate) fn pinged(&self, who: Who, channel: ChannelId) -> usize {
        let messages = self.discord.messages(channel).into_iter();
        messages.filter(|message| message.pings.users.contains(&who.id())).count()
    }

    /// Somebody has asked for `accounting2`, with a reason: the message that shows it. What Connect was
    /// asked for it is forgotten.
    pub(crate) async fn asked_by(&self, who: Who) -> Message {
        let options = [("name", "accounting2".into()), ("reason", "for the budget app".into())];
        self.discord.person(who).slash("create", &options).await;
        let card = self.card(1, "Approve or deny").await;
        self.connect.clear_requests();
        card
    }

    /// The message that shows a request, as soon as these words are in it.
    pub(crate) async fn card(&self, number: u32, words: &str) -> Message {
        self.discord.wait_for_message(REQUESTS, is_card(number, words)).await
    }

    /// Waits until the bot has written down which messages show the requests: only then their buttons
    /// are theirs. Where somebody waits for an answer, it has by then.
    pub(crate) async fn all_noted(&self) {
        let left =
            "SELECT COUNT(*) FROM requests WHERE shown_version < version AND kind <> 'single'";
        let noted = async {
            while number(&self.sandbox, left).await > 0 {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        in_time(noted).await;
    }

    /// Every message that shows a request.
    pub(crate) fn cards(&self, number: u32) -> Vec<Message> {
        let mut messages = self.discord.messages(REQUESTS);
        messages.retain(is_card(number, ""));
        messages
    }

    /// What somebody is told in a channel, as soon as these words are in it.
    pub(crate) async fn told(&self, who: Who, channel: ChannelId, words: &str) -> Message {
        let wanted = |message: &Message| {
            message.pings.users.contains(&who.id()) && message.text().contains(words)
        };
        self.discord.wait_for_message(channel, wanted).await
    }

    /// How many creations Connect was sent.
    pub(crate) fn puts(&self) -> usize {
        self.connect.requests().iter().filter(|seen| seen.method == "PUT").count()
    }

    /// Stops the bot, without a look at what it did; the stand-ins and the database stay.
    pub(crate) async fn stop_bot(&mut self) {
        self.stop();
        for (_, bot) in std::mem::take(&mut self.bot) {
            in_time(bot).await.unwrap().unwrap();
        }
    }

    async fn launch_standby(&mut self) {
        if !self.is_in_file && Standby::is_wanted(&self.variables) {
            let launched = self.launch_one();
            self.standby = Some(Standby::new(self.variables.clone(), launched).await);
        }
    }

    async fn stop_standby(&mut self) {
        if let Some(standby) = self.standby.take() {
            standby.stop().await;
        }
    }

    /// As [`World::stop_bot`], and fails if the bot waits with it.
    pub(crate) async fn stop_bot_soon(&mut self) {
        without_a_wait(self.stop_bot()).await;
    }

    /// Starts the bot again, after [`World::stop_bot`], as if it had stood still for a while.
    pub(crate) async fn start_bot(&mut self) {
        self.discord.forget_identify();
        self.start_bot_at_once().await;
    }

    /// Stops the bot and starts it with an empty database.
    pub(crate) async fn reinstall(&mut self) {
        self.stop_bot().await;
        self.stop_standby().await;
        empty(&self.sandbox).await;
        self.start_bot().await;
    }

    /// As [`World::start_bot`], but so soon that Discord doesn't want another session yet.
    pub(crate) async fn start_bot_at_once(&mut self) {
        let (before, looks) = (self.discord.identifies(), self.looks());
        let taken_over = match self.standby.take() {
            Some(standby) => standby.take_over(&self.variables).await,
            None => None,
        };
        match taken_over {
            Some(bot) => self.bot = vec![bot],
            None => self.launch(),
        }
        if self.balancer.is_none() {
            self.discord.wait_for_gateway(|_, identifies, _| identifies > before).await;
        }
        self.discord.wait_ready().await;
        self.launch_standby().await;
        if self.connect.is_up() {
            self.looked(looks).await;
        }
    }

    /// How often the bot has looked whether LDAP can be searched.
    fn looks(&self) -> usize {
        let is_look =
            |(name, value): &(String, String)| name == "prefix" && value == "ldapgroup-bot";
        self.connect.requests().iter().filter(|seen| seen.params.iter().any(is_look)).count()
    }

    /// Waits until each copy of the bot has looked once more: from then on a search is somebody's.
    async fn looked(&self, before: usize) {
        loop {
            let seen = self.connect.requests();
            if self.looks() >= before + self.copies {
                return;
            }
            let searches = seen.iter().filter(|seen| seen.route == Some(Route::Search)).count();
            self.connect.wait_for(searches + 1, Route::Search).await;
        }
    }

    /// Tells the bot to stop, as a signal does.
    pub(crate) fn stop(&self) {
        self.bot.iter().for_each(|(stopping, _)| stopping.cancel());
    }

    fn launch(&mut self) {
        let copies = (0..self.copies).map(|_| self.launch_one());
        self.bot = copies.collect();
    }

    fn launch_one(&self) -> Running {
        let config = config(&self.variables, self.paces);
        let stopping = CancellationToken::new();
        let (discord, balancer) = (self.discord.clone(), self.balancer.clone());
        let bot = run(config, stopping.clone(), discord, balancer, self.copies);
        (stopping, tokio::spawn(bot))
    }

    async fn end(mut self) {
        self.stop_bot().await;
        self.stop_standby().await;
        assert_no_violations(&self.sandbox);
        let refused = self.discord.rate_limited();
        let few = FEW * self.copies as u64;
        assert!(refused <= few, "{refused} calls were refused since there were too many");
    }
}

fn config(variables: &[(&'static str, String)], (answers_within, alert_pace): Paces) -> Config {
    let mut config = Config::read(&Environment::of_pairs(variables.to_vec())).unwrap();
    config.discord.answers_within = answers_within.unwrap_or(config.discord.answers_within);
    if let Some(pace) = alert_pace {
        let after = config.alerts.after;
        config.alerts =
            AlertSettings { after, while_trouble: pace, while_idle: pace, expiry: pace };
    }
    config
}

/// What the bot did is as the real services want it.
#[track_caller]
pub(crate) fn assert_no_violations(sandbox: &Sandbox) {
    let violations = sandbox.violations();
    assert!(violations.is_empty(), "{violations:#?}");
}

/// The ordinary stand-ins alone.
pub(crate) async fn sandbox() -> Sandbox {
    stand_ins(connect::Options::default(), discord::Options::default()).await
}

/// The stand-ins alone.
pub(crate) async fn stand_ins(connect: connect::Options, discord: discord::Options) -> Sandbox {
    let sandbox = Sandbox::start(connect, discord).await.unwrap();
    if is_in_postgres() { in_postgres(sandbox).await } else { sandbox }
}

/// The ordinary stand-ins alone, for what is so of a database in a file.
pub(crate) async fn sandbox_in_file() -> Sandbox {
    stand_ins_in_file(connect::Options::default(), discord::Options::default()).await
}

/// The stand-ins alone, for the same.
pub(crate) async fn stand_ins_in_file(
    connect: connect::Options,
    discord: discord::Options,
) -> Sandbox {
    Sandbox::start(connect, discord).await.unwrap()
}

/// Leaves nothing of a database.
async fn empty(sandbox: &Sandbox) {
    let url = sandbox.database_url();
    if let Some((_, schema)) = url.split_once("[search_path]=") {
        let anew = format!("DROP SCHEMA IF EXISTS {schema} CASCADE; CREATE SCHEMA {schema}");
        execute(sandbox, sqlx::AssertSqlSafe(anew)).await;
        return;
    }
    for file in std::fs::read_dir(sandbox.database().parent().unwrap()).unwrap() {
        std::fs::remove_file(file.unwrap().path()).unwrap();
    }
}

/// Longer than anything here takes, so that what hangs fails.
pub(crate) async fn in_time<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_mins(1), future).await.unwrap()
}

/// Less than anything takes that the bot waits for when others are silent, of which the shortest is
/// 10 s, and far more than it takes where it waits for nothing.
pub(crate) async fn without_a_wait<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(9), future).await.expect("it waits for something")
}

/// The text with what differs from run to run made readable: ids of messages, moments, guids.
pub(crate) fn masked(text: &str) -> String {
    let people = Who::ALL.map(Who::id);
    let fixed = [GUILD, CONNECT, REQUESTS, RANDOM, ADMIN_ROLE, MEMBER_ROLE];
    let is_fixed =
        |id: &str| id.parse().is_ok_and(|id| people.contains(&id) || fixed.contains(&id));
    let mask = |run: &str| match run.len() {
        36 if run.matches('-').count() == 4 => "<guid>".to_owned(),
        10 if run.parse::<u64>().is_ok() => "<time>".to_owned(),
        18.. if run.parse::<u64>().is_ok() && !is_fixed(run) => "<id>".to_owned(),
        _ => run.to_owned(),
    };
    let is_part = |c: char| c.is_ascii_hexdigit() || c == '-';
    let text = without_ids(text);
    let runs = text.split_inclusive(|c| !is_part(c)).map(|piece| {
        let end = piece.trim_end_matches(|c| !is_part(c)).len();
        mask(&piece[..end]) + &piece[end..]
    });
    runs.collect()
}
