//! Copies of the bot on one PostgreSQL behind a balancer, with interactions over HTTP: what one more of
//! them brings, and what a command costs.

use std::net::{SocketAddr, TcpListener};
use std::time::{Duration, Instant};

use futures_util::{StreamExt, TryStreamExt, stream};
use sandbox::balancer::Balancer;
use sandbox::{Sandbox, connect, discord};
use serde_json::json;
use tokio::time::sleep;

use crate::database::Postgres;
use crate::program::{Program, Running, Spent};
use crate::round::percentile;
use crate::team::{AT_ONCE, PEOPLE, directory, milliseconds, search_of_team};
use crate::{Extent, Failure};

/// How many copies there are, each time.
pub(crate) const COPIES: [usize; 3] = [1, 2, 4];

/// Searches before any are counted, and how long copies have to come up.
const WARM_UP: u32 = 200;
const PATIENCE: Duration = Duration::from_secs(30);

/// What so many copies came to with 32 commands under way at any time. Times are in milliseconds.
pub(crate) struct Served {
    pub(crate) copies: usize,
    pub(crate) searches: Load,
    pub(crate) requests: Load,
}

/// What commands of one kind came to.
pub(crate) struct Load {
    pub(crate) per_second: f64,
    /// Processor time of all copies for a command, of PostgreSQL, and of the stand-ins.
    pub(crate) bots: f64,
    pub(crate) server: f64,
    pub(crate) stand_ins: f64,
    /// The median, and what 99 of 100 keep to.
    pub(crate) latency: f64,
    pub(crate) latency_99: f64,
}

struct Copies<'a> {
    sandbox: Sandbox,
    running: Vec<Running>,
    postgres: &'a Postgres,
    _balancer: Balancer,
}

/// Measures so many copies.
pub(crate) async fn of(
    program: &Program,
    postgres: &Postgres,
    copies: usize,
    extent: Extent,
) -> Result<Served, Failure> {
    let all = Copies::start(program, postgres, copies, extent.requests).await?;
    let search = async |number| search_of_team(&all.sandbox, number).await;
    all.together(WARM_UP, &search).await?;
    let searches = all.together(extent.together, &search).await?;
    let ask = async |number| ask(&all.sandbox, number).await;
    let requests = all.together(extent.requests, &ask).await?;
    let violations = all.sandbox.violations();
    if !violations.is_empty() {
        return Err(format!("the stand-ins complain: {violations:#?}").into());
    }
    Ok(Served { copies, searches, requests })
}

fn group(number: u32) -> String {
    format!("asked-for-{number:04}")
}

/// Asks for a group, and how long it took until the person read that the admins have it.
async fn ask(sandbox: &Sandbox, number: u32) -> Result<Duration, Failure> {
    // Admins' requests would be creations.
    let person = sandbox.discord.person(PEOPLE[usize::try_from(number)? % 2]);
    let begun = Instant::now();
    let answer = person.slash("create", &[("name", json!(group(number)))]).await;
    let took = begun.elapsed();
    if answer.text().contains("went to the admins") {
        Ok(took)
    } else {
        Err(format!("{} isn't asked for: {answer:?}", group(number)).into())
    }
}

impl<'a> Copies<'a> {
    async fn start(
        program: &Program,
        postgres: &'a Postgres,
        copies: usize,
        requests: u32,
    ) -> Result<Self, Failure> {
        let mut groups = directory();
        groups.extend((0..requests).map(group));
        let connect = connect::Options { groups, ..connect::Options::default() };
        // Discord's 50 calls a second stay.
        let limits = discord::Limits {
            create_message: None,
            edit_message: None,
            other: None,
            ..discord::Limits::default()
        };
        let options = discord::Options { limits, ..discord::Options::default() };
        let (url, _) = postgres.empty().await?;
        let sandbox = Sandbox::start(connect, options).await?.with_database(url);
        let balancer = Balancer::start(1).await?;
        let mut running = Vec::new();
        for number in 0..copies {
            let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
            let mut variables = sandbox.variables();
            variables.retain(|(name, _)| *name != "HTTP_ADDR");
            variables.extend([
                ("HTTP_ADDR", address.to_string()),
                ("DISCORD_PUBLIC_KEY", sandbox.discord.public_key()),
                ("MAX_OPEN_REQUESTS", "1000".to_owned()),
            ]);
            running.push(program.start_in(&format!("copy-{number}"), variables)?);
            is_up(&sandbox, address).await?;
            balancer.add(address);
        }
        sandbox.discord.verify_interactions_endpoint(&balancer.url()).await?;
        Ok(Self { sandbox, running, postgres, _balancer: balancer })
    }

    fn spent(&self) -> Result<Spent, Failure> {
        Running::spent_by_all(&self.running)
    }

    /// Has so many commands given, with 32 under way at any time.
    async fn together(
        &self,
        count: u32,
        command: &impl AsyncFn(u32) -> Result<Duration, Failure>,
    ) -> Result<Load, Failure> {
        let (bots, server, here) = (self.spent()?, self.postgres.spent()?, Spent::here()?);
        let begun = Instant::now();
        let commands = (0..count).map(|number| command(number));
        let took: Vec<_> = stream::iter(commands).buffer_unordered(AT_ONCE).try_collect().await?;
        let lasted = begun.elapsed();
        let each = |spent: Duration| milliseconds(spent) / f64::from(count);
        let mut latencies: Vec<_> = took.into_iter().map(milliseconds).collect();
        latencies.sort_by(f64::total_cmp);
        Ok(Load {
            per_second: f64::from(count) / lasted.as_secs_f64(),
            bots: each(self.spent()?.since(&bots)),
            server: each(self.postgres.spent()?.since(&server)),
            stand_ins: each(Spent::here()?.since(&here)),
            latency: percentile(&latencies, 50),
            latency_99: percentile(&latencies, 99),
        })
    }
}

/// Waits until a copy takes interactions.
async fn is_up(sandbox: &Sandbox, address: SocketAddr) -> Result<(), Failure> {
    let (begun, url) = (Instant::now(), format!("http://{address}/interactions"));
    while let Err(why) = sandbox.discord.verify_interactions_endpoint(&url).await {
        if begun.elapsed() > PATIENCE {
            return Err(format!("a copy doesn't come up: {why}").into());
        }
        sleep(Duration::from_millis(20)).await;
    }
    Ok(())
}
