//! What the stand-in sends is read by serenity, and what serenity sends the stand-in accepts.

use reqwest::Method;
use sandbox::discord::{
    APPLICATION, CONNECT, DM, Discord, GUILD, OTHER_CHANNEL, Person, REQUESTS, THREAD, Who,
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json, to_value};
use serenity::{
    all::{
        ButtonStyle, CommandOptionType, CreateActionRow, CreateAllowedMentions,
        CreateAutocompleteResponse, CreateButton, CreateCommand, CreateCommandOption, CreateEmbed,
        CreateInputText, CreateInteractionResponse, CreateInteractionResponseFollowup,
        CreateInteractionResponseMessage, CreateMessage, CreateModal, CreateSelectMenu,
        CreateSelectMenuKind, CreateSelectMenuOption, EditInteractionResponse, EditMessage,
        InputTextStyle, Nonce,
    },
    model::{
        application::{Command, CurrentApplicationInfo, Interaction},
        channel::{Channel, Message},
        gateway::{BotGateway, Gateway, Ready},
        guild::{PartialGuild, Role},
        user::CurrentUser,
    },
};

use super::bot::{self, Bot};

fn read<T: DeserializeOwned>(json: &Value) -> T {
    serde_json::from_value(json.clone()).unwrap_or_else(|error| panic!("{error} in {json:#}"))
}

fn nobody() -> CreateAllowedMentions {
    CreateAllowedMentions::new().empty_users().empty_roles()
}

fn buttons() -> Vec<CreateActionRow> {
    let option = CreateSelectMenuOption::new("A", "a").description("The first");
    let options = vec![option];
    vec![
        CreateActionRow::Buttons(vec![
            CreateButton::new("approve:1").label("Approve").style(ButtonStyle::Success),
            CreateButton::new_link("https://example.org").label("Open"),
        ]),
        CreateActionRow::SelectMenu(
            CreateSelectMenu::new("pick", CreateSelectMenuKind::String { options })
                .placeholder("Pick one"),
        ),
    ]
}

fn form() -> CreateInteractionResponse {
    let input = CreateInputText::new(InputTextStyle::Paragraph, "Why?", "reason").required(false);
    let row = CreateActionRow::InputText(input);
    CreateInteractionResponse::Modal(CreateModal::new("deny:1", "Deny").components(vec![row]))
}

/// Sends an interaction of each kind in the person's channel, and has serenity read it.
async fn every_kind(discord: &Discord, bot: &mut Bot, person: Person) {
    let slash = person.start_slash("search", &[("prefix", "a".into())]);
    let got = bot.interaction().await;
    let Interaction::Command(read_back) = read(&got.json) else {
        panic!("it is a command");
    };
    assert_eq!(read_back.data.name, "ldapgroup");
    assert_eq!(read_back.user.name, person.who().name());
    let answer = CreateInteractionResponseMessage::new()
        .content("x")
        .embed(CreateEmbed::new().title("t").description("d").field("n", "v", true))
        .allowed_mentions(nobody())
        .components(buttons());
    let answer = CreateInteractionResponse::Message(answer);
    bot.callback(&got, to_value(answer).expect("it is JSON")).await;
    let message = slash.answer().await.message().clone();
    let asking = person.clone();
    let typing =
        tokio::spawn(
            async move { asking.autocomplete("cancel", &[], ("request", "1")).await.is_ok() },
        );
    let got = bot.interaction().await;
    assert!(matches!(read(&got.json), Interaction::Autocomplete(_)));
    let choices = CreateAutocompleteResponse::new().add_int_choice("One", 1);
    let choices = CreateInteractionResponse::Autocomplete(choices);
    bot.callback(&got, to_value(choices).expect("it is JSON")).await;
    assert!(typing.await.expect("the task ends"));
    let press = person.start_press(&message, "Approve");
    let got = bot.interaction().await;
    let Interaction::Component(read_back) = read(&got.json) else {
        panic!("it is a button");
    };
    assert_eq!(read_back.message.id.get(), message.id);
    bot.callback(&got, to_value(form()).expect("it is JSON")).await;
    let form = press.answer().await.form().clone();
    let sending = person.clone();
    let sent = tokio::spawn(async move { sending.submit(&form, &[("reason", "y")]).await });
    let got = bot.interaction().await;
    assert!(matches!(read(&got.json), Interaction::Modal(_)));
    let ack = to_value(CreateInteractionResponse::Acknowledge).expect("it is JSON");
    bot.callback(&got, ack).await;
    sent.await.expect("the task ends");
    let picking = person.clone();
    let picked = tokio::spawn(async move { picking.pick(&message, &["a"]).await });
    let got = bot.interaction().await;
    assert!(matches!(read(&got.json), Interaction::Component(_)));
    let defer = CreateInteractionResponseMessage::new().ephemeral(true);
    let defer = CreateInteractionResponse::Defer(defer);
    bot.callback(&got, to_value(defer).expect("it is JSON")).await;
    let edit = EditInteractionResponse::new().content("y").allowed_mentions(nobody());
    let edit = to_value(edit).expect("it is JSON");
    let (_, edited) = bot.webhook(Method::PATCH, &got, "/messages/@original", Some(edit)).await;
    read::<Message>(&edited);
    assert!(picked.await.expect("the task ends").is_private());
    let more = CreateInteractionResponseFollowup::new()
        .content("z")
        .allowed_mentions(nobody())
        .ephemeral(true);
    let more = to_value(more).expect("it is JSON");
    let (_, more) = bot.webhook(Method::POST, &got, "?wait=true", Some(more)).await;
    read::<Message>(&more);
    assert_eq!(discord.violations(), [""; 0]);
}

#[tokio::test]
async fn every_interaction_is_read_in_every_place() {
    let (discord, mut bot) = Bot::new().await;
    for channel in [CONNECT, THREAD, DM, OTHER_CHANNEL] {
        let person = discord.person(Who::Member).in_channel(channel);
        every_kind(&discord, &mut bot, person).await;
    }
}

#[tokio::test]
async fn every_answer_of_rest_is_read() {
    let (discord, bot) = Bot::new().await;
    let get = async |path: &str| bot.call(Method::GET, path, None).await.1;
    read::<Gateway>(&get("gateway").await);
    read::<BotGateway>(&get("gateway/bot").await);
    read::<CurrentApplicationInfo>(&get("applications/@me").await);
    read::<CurrentUser>(&get("users/@me").await);
    read::<PartialGuild>(&get(&format!("guilds/{GUILD}")).await);
    read::<Vec<Role>>(&get(&format!("guilds/{GUILD}/roles")).await);
    read::<Vec<Command>>(&discord.commands(GUILD).expect("they are registered"));
    for channel in [CONNECT, THREAD, DM] {
        read::<Channel>(&get(&format!("channels/{channel}")).await);
    }
    assert_eq!(discord.violations(), [""; 0]);
}

#[tokio::test]
async fn ready_is_read() {
    let discord = Discord::start(sandbox::discord::Options::default()).await;
    let discord = discord.expect("ports are free");
    let mut socket = bot::Socket::connect(&bot::gateway_url(&discord).await).await;
    socket.next().await.expect("HELLO comes first");
    socket.identify(discord.token()).await;
    let ready = socket.next().await.expect("READY follows");
    let ready: Ready = read(&ready["d"]);
    assert_eq!(ready.application.id.get(), APPLICATION);
}

#[tokio::test]
async fn commands_and_channel_messages_of_serenity_are_accepted() {
    let (discord, bot) = Bot::new().await;
    let option = |kind, name: &str| CreateCommandOption::new(kind, name, "What it is");
    let name = option(CommandOptionType::String, "name").required(true).set_autocomplete(true);
    let state = option(CommandOptionType::String, "state").add_string_choice("Open", "open");
    let create =
        option(CommandOptionType::SubCommand, "create").add_sub_option(name).add_sub_option(state);
    let command = CreateCommand::new("ldapgroup")
        .description("LDAP groups")
        .default_member_permissions(serenity::all::Permissions::USE_APPLICATION_COMMANDS)
        .add_option(create);
    let path = format!("applications/{APPLICATION}/guilds/{GUILD}/commands");
    let body = to_value([command]).expect("it is JSON");
    assert_eq!(bot.call(Method::PUT, &path, Some(body)).await.0, 200);
    let message = CreateMessage::new()
        .content("x")
        .nonce(Nonce::String("n".to_owned()))
        .enforce_nonce(true)
        .allowed_mentions(nobody().users([Who::Member.id()]))
        .components(buttons());
    let path = format!("channels/{REQUESTS}/messages");
    let body = to_value(message).expect("it is JSON");
    let (_, posted) = bot.call(Method::POST, &path, Some(body)).await;
    let posted: Message = read(&posted);
    let edit = EditMessage::new().content("y").allowed_mentions(nobody()).components(vec![]);
    let path = format!("{path}/{}", posted.id);
    let edit = to_value(edit).expect("it is JSON");
    let (_, edited) = bot.call(Method::PATCH, &path, Some(edit)).await;
    assert!(read::<Message>(&edited).edited_timestamp.is_some());
    assert_eq!(discord.violations(), [""; 0]);
    assert_eq!(json!(discord.messages(REQUESTS).len()), 1);
}
