//! The bot of the clients' check with twilight, as <https://twilight.rs> shows it.

#![expect(
    clippy::disallowed_methods,
    reason = "the check says by the environment where Discord is"
)]

mod commands;

use std::{env, error::Error, io, process, sync::Arc, thread};

use twilight_gateway::{
    ConfigBuilder, Event, EventTypeFlags, Intents, Shard, ShardId, StreamExt as _,
};
use twilight_http::Client;
use twilight_model::{
    application::interaction::{
        Interaction, InteractionData, InteractionType,
        application_command::{CommandData, CommandDataOption, CommandOptionValue},
        modal::ModalInteractionComponent,
    },
    channel::message::Component,
    http::interaction::InteractionResponse,
    id::{
        Id,
        marker::{ApplicationMarker, GuildMarker},
    },
};
use twilight_util::builder::interaction_response::{ChannelMessageBuilder, UpdateMessageBuilder};

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

const WORDS: [&str; 3] = ["alpha", "beta", "gamma"];

/// What the handlers share.
struct Bot {
    http: Client,
    application: Id<ApplicationMarker>,
    guild: Id<GuildMarker>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    thread::spawn(end_with_input);
    println!("client twilight {}", version().ok_or("the lock file has no twilight")?);
    let api = env::var("DISCORD_API_URL")?;
    let token = env::var("DISCORD_TOKEN")?;
    let host = api.trim_start_matches("http://").to_owned();
    let http = Client::builder().proxy(host, true).token(token.clone()).build();
    let gateway = http.gateway().authed().await?.model().await?;
    let application = http.current_user_application().await?.model().await?.id;
    let bot = Bot { http, application, guild: Id::new(env::var("DISCORD_GUILD")?.parse()?) };
    commands::register(&bot).await?;
    listen(&Arc::new(bot), token, gateway.url).await
}

async fn listen(bot: &Arc<Bot>, token: String, gateway: String) -> Result<()> {
    let config = ConfigBuilder::new(token, Intents::GUILDS).proxy_url(gateway).build();
    let mut shard = Shard::with_config(ShardId::ONE, config);
    while let Some(event) = shard.next_event(EventTypeFlags::all()).await {
        match event {
            Ok(Event::InteractionCreate(interaction)) => {
                let bot = Arc::clone(bot);
                let beats = shard.latency().periods();
                tokio::spawn(async move {
                    if let Err(error) = bot.take(&interaction, beats).await {
                        eprintln!("{error:?}");
                    }
                });
            }
            Ok(_) => {}
            Err(error) => eprintln!("gateway: {error:?}"),
        }
    }
    Ok(())
}

impl Bot {
    async fn take(&self, interaction: &Interaction, beats: u32) -> Result<()> {
        match interaction.data.as_ref().ok_or("it has no data")? {
            InteractionData::ApplicationCommand(data) => {
                let (name, options) = subcommand(data)?;
                if interaction.kind == InteractionType::ApplicationCommandAutocomplete {
                    commands::suggest(self, interaction, options).await
                } else if name == "heartbeat" {
                    let said = if beats > 0 { "acknowledged" } else { "not yet" };
                    self.say(interaction, said).await
                } else {
                    commands::carry_out(self, interaction, name, options).await
                }
            }
            InteractionData::MessageComponent(data) => {
                let said = match &*data.custom_id {
                    "press" => format!("pressed by {}", user(interaction)?),
                    _ => format!("picked {}", data.values.join(", ")),
                };
                let update = UpdateMessageBuilder::new().content(said);
                self.answer(interaction, update.components([] as [Component; 0])).await
            }
            InteractionData::ModalSubmit(data) => {
                let Some(ModalInteractionComponent::Label(label)) = data.components.first() else {
                    return Err("the form has no label".into());
                };
                let ModalInteractionComponent::TextInput(input) = &*label.component else {
                    return Err("the label has no text input".into());
                };
                self.say(interaction, &format!("filled in: {}", input.value)).await
            }
            _ => Err("the interaction is of an unknown kind".into()),
        }
    }

    async fn answer(
        &self,
        interaction: &Interaction,
        response: impl Into<InteractionResponse>,
    ) -> Result<()> {
        let client = self.http.interaction(self.application);
        client.create_response(interaction.id, &interaction.token, &response.into()).await?;
        Ok(())
    }

    async fn say(&self, interaction: &Interaction, content: &str) -> Result<()> {
        self.answer(interaction, ChannelMessageBuilder::new().content(content)).await
    }
}

fn subcommand(data: &CommandData) -> Result<(&str, &[CommandDataOption])> {
    match data.options.first() {
        Some(CommandDataOption { name, value: CommandOptionValue::SubCommand(options) }) => {
            Ok((name, options))
        }
        other => Err(format!("a subcommand was expected, not {other:?}").into()),
    }
}

fn user(interaction: &Interaction) -> Result<&str> {
    Ok(&interaction.author().ok_or("nobody did it")?.name)
}

/// The library's release, of which it says nothing itself.
fn version() -> Option<&'static str> {
    let lock = include_str!("../Cargo.lock");
    let (_, found) = lock.split_once("name = \"twilight-http\"\nversion = \"")?;
    found.split('"').next()
}

/// Ends the program when whoever started it is gone.
fn end_with_input() {
    // Whether it ends or can't be read, nobody is there any more.
    drop(io::copy(&mut io::stdin(), &mut io::sink()));
    process::exit(0);
}
