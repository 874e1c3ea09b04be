//! What the subcommands of `/check` do.

use twilight_model::{
    application::{
        command::{CommandOptionChoice, CommandOptionChoiceValue, CommandType},
        interaction::{
            Interaction,
            application_command::{CommandDataOption, CommandOptionValue},
        },
    },
    channel::message::{
        Component, MessageFlags,
        component::{ButtonStyle, SelectMenuType, TextInput, TextInputStyle},
    },
    http::interaction::{InteractionResponse, InteractionResponseType},
    id::Id,
};
use twilight_util::builder::{
    command::{CommandBuilder, StringBuilder, SubCommandBuilder},
    interaction_response::{AutocompleteBuilder, ChannelMessageBuilder, ModalBuilder},
    message::{
        ActionRowBuilder, ButtonBuilder, ContainerBuilder, LabelBuilder, SelectMenuBuilder,
        SelectMenuOptionBuilder, TextDisplayBuilder,
    },
};

use crate::{Bot, Result, WORDS, user};

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

pub async fn register(bot: &Bot) -> Result<()> {
    let mut check = CommandBuilder::new("check", "What a client can do", CommandType::ChatInput);
    for name in SUBCOMMANDS {
        let mut subcommand = SubCommandBuilder::new(name, format!("Shows {name}"));
        if name == "complete" {
            let word = StringBuilder::new("word", "A word").required(true).autocomplete(true);
            subcommand = subcommand.option(word);
        }
        check = check.option(subcommand);
    }
    let check = check.validate()?.build();
    bot.http
        .interaction(bot.application)
        .create_guild_command(bot.guild)
        .chat_input(&check.name, &check.description)
        .command_options(&check.options)
        .await?;
    Ok(())
}

pub async fn suggest(
    bot: &Bot,
    interaction: &Interaction,
    options: &[CommandDataOption],
) -> Result<()> {
    let Some(CommandOptionValue::Focused(typed, _)) = options.first().map(|option| &option.value)
    else {
        return Err("nothing is typed".into());
    };
    let fitting = WORDS.into_iter().filter(|word| word.contains(&**typed));
    let choices = fitting.map(|word| CommandOptionChoice {
        name: word.to_owned(),
        name_localizations: None,
        value: CommandOptionChoiceValue::String(word.to_owned()),
    });
    bot.answer(interaction, AutocompleteBuilder::new(choices)).await
}

pub async fn carry_out(
    bot: &Bot,
    interaction: &Interaction,
    name: &str,
    options: &[CommandDataOption],
) -> Result<()> {
    match name {
        "commands" => list(bot, interaction).await,
        "now" => bot.say(interaction, &format!("now, {}", user(interaction)?)).await,
        "later" => {
            defer(bot, interaction).await?;
            edit(bot, interaction, "later").await
        }
        "edit" => {
            bot.say(interaction, "before").await?;
            edit(bot, interaction, "after").await
        }
        "follow" => follow(bot, interaction).await,
        "delete" => delete(bot, interaction).await,
        "complete" => {
            let Some(CommandOptionValue::String(word)) = options.first().map(|word| &word.value)
            else {
                return Err("the word is missing".into());
            };
            bot.say(interaction, &format!("completed {word}")).await
        }
        "button" => show(bot, interaction, "a button", button()).await,
        "menu" => show(bot, interaction, "a menu", menu()).await,
        "form" => form(bot, interaction).await,
        "channel" => channel(bot, interaction).await,
        "layout" => layout(bot, interaction).await,
        _ => Err(format!("nobody knows {name}").into()),
    }
}

async fn list(bot: &Bot, interaction: &Interaction) -> Result<()> {
    let client = bot.http.interaction(bot.application);
    let known = client.guild_commands(bot.guild).await?.models().await?;
    let listed: Vec<_> = known
        .iter()
        .map(|command| format!("{} {}", command.name, command.id.map_or(0, Id::get)))
        .collect();
    bot.say(interaction, &listed.join(", ")).await
}

async fn defer(bot: &Bot, interaction: &Interaction) -> Result<()> {
    let kind = InteractionResponseType::DeferredChannelMessageWithSource;
    bot.answer(interaction, InteractionResponse { kind, data: None }).await
}

async fn edit(bot: &Bot, interaction: &Interaction, content: &str) -> Result<()> {
    let client = bot.http.interaction(bot.application);
    client.update_response(&interaction.token).content(Some(content)).await?;
    Ok(())
}

async fn follow(bot: &Bot, interaction: &Interaction) -> Result<()> {
    bot.say(interaction, "first").await?;
    let client = bot.http.interaction(bot.application);
    let follow_up = client.create_followup(&interaction.token).content("second");
    let second = follow_up.flags(MessageFlags::EPHEMERAL).await?.model().await?;
    client.update_followup(&interaction.token, second.id).content(Some("third")).await?;
    Ok(())
}

async fn delete(bot: &Bot, interaction: &Interaction) -> Result<()> {
    bot.say(interaction, "soon gone").await?;
    let client = bot.http.interaction(bot.application);
    let follow_up = client.create_followup(&interaction.token).content("gone too");
    let second = follow_up.await?.model().await?;
    client.delete_followup(&interaction.token, second.id).await?;
    client.delete_response(&interaction.token).await?;
    Ok(())
}

fn button() -> Component {
    ButtonBuilder::new(ButtonStyle::Primary).custom_id("press").label("Press").build().into()
}

fn menu() -> Component {
    let menu = SelectMenuBuilder::new("pick", SelectMenuType::Text).max_values(2);
    let options = WORDS.map(|word| {
        let (first, rest) = word.split_at(1);
        SelectMenuOptionBuilder::new(first.to_uppercase() + rest, word)
    });
    options.into_iter().fold(menu, SelectMenuBuilder::option).build().into()
}

async fn show(
    bot: &Bot,
    interaction: &Interaction,
    content: &str,
    component: Component,
) -> Result<()> {
    let row = ActionRowBuilder::new().component(component).build();
    let message = ChannelMessageBuilder::new().content(content).components([row]);
    bot.answer(interaction, message).await?;
    look(bot, interaction).await
}

async fn form(bot: &Bot, interaction: &Interaction) -> Result<()> {
    #[expect(deprecated, reason = "every field must be named, this one too")]
    let input = TextInput {
        custom_id: "reason".to_owned(),
        id: None,
        label: None,
        max_length: Some(200),
        min_length: None,
        placeholder: None,
        required: None,
        style: TextInputStyle::Paragraph,
        value: None,
    };
    let label = LabelBuilder::new("Reason", input.into()).build();
    bot.answer(interaction, ModalBuilder::new("form", "A form", [label])).await?;
    look(bot, interaction).await
}

/// Lets it be seen that the answer was taken, and the library knows what was shown.
async fn look(bot: &Bot, interaction: &Interaction) -> Result<()> {
    let channel = interaction.channel.as_ref().ok_or("it is in no channel")?;
    bot.http.channel(channel.id).await?.model().await?;
    Ok(())
}

async fn channel(bot: &Bot, interaction: &Interaction) -> Result<()> {
    defer(bot, interaction).await?;
    let channel = interaction.channel.as_ref().ok_or("it is in no channel")?.id;
    let message = bot.http.create_message(channel).content("sent").await?.model().await?;
    bot.http.update_message(channel, message.id).content(Some("sent and edited")).await?;
    let fetched = bot.http.message(channel, message.id).await?.model().await?;
    edit(bot, interaction, &format!("fetched: {}", fetched.content)).await
}

async fn layout(bot: &Bot, interaction: &Interaction) -> Result<()> {
    let text = TextDisplayBuilder::new("in a container").build();
    let container = ContainerBuilder::new().accent_color(Some(0x44_70_99)).component(text).build();
    let message = ChannelMessageBuilder::new().components([container]);
    bot.answer(interaction, message.flags(MessageFlags::IS_COMPONENTS_V2)).await
}
