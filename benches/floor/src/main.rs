//! A bare serenity program that searches and replies, nothing else: what the bot's figures are held
//! against. It is what anybody would write who knows serenity, neither slowed nor tuned.
//!
//! It has no rights, no retries, no deferred answers, no memory, no log and no orderly end. Its
//! variables are `DISCORD_TOKEN`, `DISCORD_API_URL`, `DISCORD_GUILD_IDS`, `CONNECT_SERVER` and
//! `CONNECT_API_KEY`, as the bot reads them.

#![expect(clippy::disallowed_methods, reason = "a program of its own, without the bot's config.rs")]
#![expect(clippy::print_stderr, reason = "it has no log")]

use std::env;
use std::error::Error;

use reqwest::Url;
use reqwest::header::AUTHORIZATION;
use serde::Deserialize;
use serenity::all::{
    ClientBuilder, CommandInteraction, CommandOptionType, Context, CreateAllowedMentions,
    CreateCommand, CreateCommandOption, CreateInteractionResponse,
    CreateInteractionResponseMessage, EventHandler, GatewayIntents, GuildId, HttpBuilder,
    Interaction, Ready, ResolvedValue,
};
use serenity::async_trait;

/// Discord's limit for the text of a message.
const MAX_CONTENT: usize = 2000;

type Failure = Box<dyn Error + Send + Sync>;

struct Handler {
    http: reqwest::Client,
    search: String,
    authorization: String,
    guilds: Vec<GuildId>,
}

#[derive(Deserialize)]
struct Page {
    results: Vec<Hit>,
}

#[derive(Deserialize)]
struct Hit {
    name: String,
    guid: Option<String>,
}

#[async_trait]
impl EventHandler for Handler {
    async fn ready(&self, ctx: Context, _: Ready) {
        for guild in &self.guilds {
            if let Err(error) = guild.set_commands(&ctx.http, vec![command()]).await {
                eprintln!("the command isn't registered: {error}");
            }
        }
    }

    async fn interaction_create(&self, ctx: Context, interaction: Interaction) {
        let Interaction::Command(command) = interaction else {
            return;
        };
        let content = match self.find(&command).await {
            Ok(hits) => table(&hits),
            Err(error) => format!("The search failed: {error}"),
        };
        let message = CreateInteractionResponseMessage::new()
            .content(content)
            .allowed_mentions(CreateAllowedMentions::new());
        let answer = CreateInteractionResponse::Message(message);
        if let Err(error) = command.create_response(&ctx.http, answer).await {
            eprintln!("the answer wasn't delivered: {error}");
        }
    }
}

impl Handler {
    async fn find(&self, command: &CommandInteraction) -> Result<Vec<Hit>, Failure> {
        let options = command.data.options();
        let Some(ResolvedValue::SubCommand(options)) = options.first().map(|option| &option.value)
        else {
            return Err("no subcommand".into());
        };
        let Some(ResolvedValue::String(prefix)) = options.first().map(|option| &option.value)
        else {
            return Err("no prefix".into());
        };
        let url = Url::parse_with_params(&self.search, [("prefix", *prefix), ("limit", "500")])?;
        let request = self
            .http
            .get(url)
            .header(AUTHORIZATION, &self.authorization)
            .header("X-Correlation-ID", command.id.to_string());
        let response = request.send().await?.error_for_status()?;
        Ok(response.json::<Page>().await?.results)
    }
}

/// The command in the shape that the bot's has.
fn command() -> CreateCommand {
    let text = |name, description| {
        CreateCommandOption::new(CommandOptionType::String, name, description).required(true)
    };
    let subcommand = |name, description, option| {
        CreateCommandOption::new(CommandOptionType::SubCommand, name, description)
            .add_sub_option(option)
    };
    let prefix = text("prefix", "What the name begins with");
    let name = text("name", "The whole name").set_autocomplete(true);
    CreateCommand::new("ldapgroup")
        .description("LDAP groups and Posit Connect")
        .add_option(subcommand("search", "Find LDAP groups", prefix))
        .add_option(subcommand("create", "Create a group", name))
}

/// As many hits as fit one message.
fn table(hits: &[Hit]) -> String {
    let width = hits.iter().map(|hit| hit.name.chars().count()).max();
    let width = width.unwrap_or(0).max(4);
    let mut table = format!("```\n{:width$}  GUID\n", "NAME");
    let mut length = table.chars().count() + 3;
    for hit in hits {
        let guid = hit.guid.as_deref().unwrap_or("NULL");
        let row = format!("{:width$}  {guid}\n", hit.name);
        length += row.chars().count();
        if length > MAX_CONTENT {
            break;
        }
        table.push_str(&row);
    }
    table.push_str("```");
    table
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let guilds =
        env::var("DISCORD_GUILD_IDS")?.split(',').map(str::parse).collect::<Result<_, _>>()?;
    let server = env::var("CONNECT_SERVER")?;
    let handler = Handler {
        http: reqwest::Client::new(),
        search: format!("{server}/__api__/v1/groups/remote"),
        authorization: format!("Key {}", env::var("CONNECT_API_KEY")?),
        guilds,
    };
    let mut http = HttpBuilder::new(env::var("DISCORD_TOKEN")?);
    if let Ok(base) = env::var("DISCORD_API_URL") {
        // serenity replaces Discord's address only when its rate limiter is off.
        http = http.proxy(base).ratelimiter_disabled(true);
    }
    let client = ClientBuilder::new_with_http(http.build(), GatewayIntents::empty());
    client.event_handler(handler).await?.start().await?;
    Ok(())
}
