//! The bot of the clients' check with serenity's own client, which the bot itself doesn't use.

use std::error::Error;
use std::sync::{Arc, OnceLock};

use sandbox::discord::{APPLICATION, Discord, GUILD};
use serenity::all::{
    ActionRowComponent, Client, ClientBuilder, CommandDataOptionValue, CommandInteraction,
    CommandOptionType, ComponentInteraction, ComponentInteractionDataKind, Context,
    CreateActionRow, CreateAutocompleteResponse, CreateButton, CreateCommand, CreateCommandOption,
    CreateInputText, CreateInteractionResponse, CreateInteractionResponseFollowup,
    CreateInteractionResponseMessage, CreateMessage, CreateModal, CreateSelectMenu,
    CreateSelectMenuKind, CreateSelectMenuOption, EditInteractionResponse, EditMessage,
    EventHandler, GatewayIntents, GuildId, HttpBuilder, InputTextStyle, Interaction,
    ModalInteraction, Ready, ShardManager,
};
use serenity::async_trait;

use crate::program::Said;

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

const WORDS: [&str; 3] = ["alpha", "beta", "gamma"];

const SUBCOMMANDS: [&str; 13] = [
    "commands",
    "now",
    "later",
    "edit",
    "follow",
    "delete",
    "complete",
    "button",
    "menu",
    "form",
    "channel",
    "layout",
    "heartbeat",
];

struct Check {
    shards: Arc<OnceLock<Arc<ShardManager>>>,
    said: Said,
}

/// The release, which it tells every server.
pub(crate) fn version() -> Option<String> {
    let (_, version) = serenity::constants::USER_AGENT.split_once(", ")?;
    Some(version.trim_end_matches(')').to_owned())
}

/// Plays the bot until the task is aborted.
pub(crate) async fn run(discord: Discord, said: Said) {
    let mut client = client(&discord, said).await.unwrap();
    client.start().await.unwrap();
}

async fn client(discord: &Discord, said: Said) -> serenity::Result<Client> {
    // Its own rate limiter doesn't know any address but Discord's.
    let http = HttpBuilder::new(discord.token())
        .proxy(discord.url())
        .ratelimiter_disabled(true)
        .application_id(APPLICATION.into())
        .build();
    let check = Check { shards: Arc::default(), said };
    let shards = Arc::clone(&check.shards);
    let client =
        ClientBuilder::new_with_http(http, GatewayIntents::GUILDS).event_handler(check).await?;
    shards.get_or_init(|| Arc::clone(&client.shard_manager));
    Ok(client)
}

#[async_trait]
impl EventHandler for Check {
    async fn ready(&self, context: Context, _: Ready) {
        let mut check = CreateCommand::new("check").description("What a client can do");
        for name in SUBCOMMANDS {
            let shows = format!("Shows {name}");
            let kind = CommandOptionType::SubCommand;
            let mut subcommand = CreateCommandOption::new(kind, name, shows);
            if name == "complete" {
                let word = CreateCommandOption::new(CommandOptionType::String, "word", "A word");
                subcommand = subcommand.add_sub_option(word.required(true).set_autocomplete(true));
            }
            check = check.add_option(subcommand);
        }
        if let Err(error) = GuildId::new(GUILD).create_command(&context.http, check).await {
            self.said.add(format!("{error:?}"));
        }
    }

    async fn interaction_create(&self, context: Context, interaction: Interaction) {
        let taken = match interaction {
            Interaction::Command(command) => self.carry_out(&context, &command).await,
            Interaction::Autocomplete(typing) => suggest(&context, &typing).await,
            Interaction::Component(used) => update(&context, &used).await,
            Interaction::Modal(sent) => take_in(&context, &sent).await,
            other => Err(format!("nobody knows {other:?}").into()),
        };
        if let Err(error) = taken {
            self.said.add(format!("{error:?}"));
        }
    }
}

impl Check {
    async fn carry_out(&self, context: &Context, command: &CommandInteraction) -> Result<()> {
        let subcommand = command.data.options.first().ok_or("there is no subcommand")?;
        match &*subcommand.name {
            "commands" => list(context, command).await,
            "now" => say(context, command, text(format!("now, {}", command.user.name))).await,
            "later" => {
                command.defer(context).await?;
                edit(context, command, "later".to_owned()).await
            }
            "edit" => {
                say(context, command, text("before")).await?;
                edit(context, command, "after".to_owned()).await
            }
            "follow" => follow(context, command).await,
            "delete" => delete(context, command).await,
            "complete" => {
                let CommandDataOptionValue::SubCommand(options) = &subcommand.value else {
                    return Err("it isn't a subcommand".into());
                };
                let word = options[0].value.as_str().ok_or("the word isn't text")?;
                say(context, command, text(format!("completed {word}"))).await
            }
            "button" => {
                say(context, command, button()).await?;
                look(context, command).await
            }
            "menu" => {
                say(context, command, menu()).await?;
                look(context, command).await
            }
            "form" => form(context, command).await,
            "channel" => write(context, command).await,
            "heartbeat" => {
                let shards = self.shards.get().ok_or("it hasn't begun")?;
                let runners = shards.runners.lock().await;
                let is_known = runners.values().any(|runner| runner.latency.is_some());
                let said = if is_known { "acknowledged" } else { "not yet" };
                say(context, command, text(said)).await
            }
            other => Err(format!("nobody knows {other}").into()),
        }
    }
}

fn text(content: impl Into<String>) -> CreateInteractionResponseMessage {
    CreateInteractionResponseMessage::new().content(content)
}

async fn say(
    context: &Context,
    command: &CommandInteraction,
    message: CreateInteractionResponseMessage,
) -> Result<()> {
    let response = CreateInteractionResponse::Message(message);
    Ok(command.create_response(context, response).await?)
}

async fn edit(context: &Context, command: &CommandInteraction, said: String) -> Result<()> {
    command.edit_response(context, EditInteractionResponse::new().content(said)).await?;
    Ok(())
}

async fn list(context: &Context, command: &CommandInteraction) -> Result<()> {
    let known = GuildId::new(GUILD).get_commands(&context.http).await?;
    let listed: Vec<_> = known.iter().map(|known| format!("{} {}", known.name, known.id)).collect();
    say(context, command, text(listed.join(", "))).await
}

async fn follow(context: &Context, command: &CommandInteraction) -> Result<()> {
    say(context, command, text("first")).await?;
    let follow_up = CreateInteractionResponseFollowup::new();
    let second = follow_up.clone().content("second").ephemeral(true);
    let second = command.create_followup(context, second).await?;
    command.edit_followup(context, second.id, follow_up.content("third")).await?;
    Ok(())
}

async fn delete(context: &Context, command: &CommandInteraction) -> Result<()> {
    say(context, command, text("soon gone")).await?;
    let second = CreateInteractionResponseFollowup::new().content("gone too");
    let second = command.create_followup(context, second).await?;
    command.delete_followup(context, second.id).await?;
    Ok(command.delete_response(context).await?)
}

fn button() -> CreateInteractionResponseMessage {
    text("a button").button(CreateButton::new("press").label("Press"))
}

fn menu() -> CreateInteractionResponseMessage {
    let options = WORDS.map(|word| CreateSelectMenuOption::new(word.to_uppercase(), word));
    let kind = CreateSelectMenuKind::String { options: options.to_vec() };
    text("a menu").select_menu(CreateSelectMenu::new("pick", kind).max_values(2))
}

async fn form(context: &Context, command: &CommandInteraction) -> Result<()> {
    let input = CreateInputText::new(InputTextStyle::Paragraph, "Reason", "reason").max_length(200);
    let row = CreateActionRow::InputText(input);
    let form = CreateModal::new("form", "A form").components(vec![row]);
    command.create_response(context, CreateInteractionResponse::Modal(form)).await?;
    look(context, command).await
}

/// Lets it be seen that the answer was taken, and the library knows what was shown.
async fn look(context: &Context, command: &CommandInteraction) -> Result<()> {
    command.channel_id.to_channel(context).await?;
    Ok(())
}

async fn write(context: &Context, command: &CommandInteraction) -> Result<()> {
    command.defer(context).await?;
    let sent = CreateMessage::new().content("sent");
    let mut message = command.channel_id.send_message(context, sent).await?;
    message.edit(context, EditMessage::new().content("sent and edited")).await?;
    let fetched = command.channel_id.message(context, message.id).await?;
    edit(context, command, format!("fetched: {}", fetched.content)).await
}

async fn suggest(context: &Context, typing: &CommandInteraction) -> Result<()> {
    let typed = typing.data.autocomplete().ok_or("nothing is typed")?.value;
    let fitting = WORDS.into_iter().filter(|word| word.contains(typed));
    let offered = fitting.fold(CreateAutocompleteResponse::new(), |offered, word| {
        offered.add_string_choice(word, word)
    });
    let response = CreateInteractionResponse::Autocomplete(offered);
    Ok(typing.create_response(context, response).await?)
}

async fn update(context: &Context, used: &ComponentInteraction) -> Result<()> {
    let said = match &used.data.kind {
        ComponentInteractionDataKind::Button => format!("pressed by {}", used.user.name),
        ComponentInteractionDataKind::StringSelect { values } => {
            format!("picked {}", values.join(", "))
        }
        other => return Err(format!("nobody knows {other:?}").into()),
    };
    let response = CreateInteractionResponse::UpdateMessage(text(said).components(Vec::new()));
    Ok(used.create_response(context, response).await?)
}

async fn take_in(context: &Context, sent: &ModalInteraction) -> Result<()> {
    let ActionRowComponent::InputText(input) = &sent.data.components[0].components[0] else {
        return Err("the form has no text input".into());
    };
    let reason = input.value.as_deref().unwrap_or_default();
    let response = CreateInteractionResponse::Message(text(format!("filled in: {reason}")));
    Ok(sent.create_response(context, response).await?)
}
