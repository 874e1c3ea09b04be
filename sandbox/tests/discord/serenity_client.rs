//! serenity's own client lives with the stand-in: it connects, answers, and comes back.

use std::time::Duration;

use sandbox::discord::{APPLICATION, Discord, GUILD, Options, Who};
use serenity::{
    all::{
        Client, ClientBuilder, Context, CreateAllowedMentions, CreateInteractionResponse,
        CreateInteractionResponseMessage, EventHandler, GatewayIntents, GuildId, HttpBuilder,
        Interaction,
    },
    async_trait,
    http::Http,
};

use super::bot::commands;

struct Echo;

#[async_trait]
impl EventHandler for Echo {
    async fn interaction_create(&self, context: Context, interaction: Interaction) {
        let Interaction::Command(command) = interaction else {
            panic!("only commands are sent");
        };
        let message = CreateInteractionResponseMessage::new()
            .content(format!("Hello {}", command.user.name))
            .allowed_mentions(CreateAllowedMentions::new().empty_users());
        let response = CreateInteractionResponse::Message(message);
        let answered = command.create_response(&context.http, response).await;
        answered.expect("the stand-in takes the answer");
    }
}

fn http(discord: &Discord) -> Http {
    HttpBuilder::new(discord.token())
        .proxy(discord.url())
        .ratelimiter_disabled(true)
        .application_id(APPLICATION.into())
        .build()
}

async fn client(discord: &Discord) -> Client {
    let registered = http(discord).create_guild_commands(GuildId::new(GUILD), &commands()).await;
    assert_eq!(registered.expect("the stand-in takes them").len(), 1);
    ClientBuilder::new_with_http(http(discord), GatewayIntents::empty())
        .event_handler(Echo)
        .await
        .expect("the client is sound")
}

async fn greet(discord: &Discord) {
    let member = discord.person(Who::Member);
    let answer = member.slash("search", &[("prefix", "a".into())]).await;
    assert_eq!(answer.text(), "Hello linus");
}

#[tokio::test]
async fn it_answers_and_comes_back_after_every_disturbance() {
    let options = Options { heartbeat_interval: Duration::from_millis(500), ..Options::default() };
    let discord = Discord::start(options).await.expect("ports are free");
    let mut client = client(&discord).await;
    let running = tokio::spawn(async move { client.start().await });
    discord.wait_ready().await;
    greet(&discord).await;
    discord.drop_gateway();
    discord.wait_for_gateway(|_, _, resumes| resumes == 1).await;
    greet(&discord).await;
    discord.send_reconnect();
    discord.wait_for_gateway(|_, _, resumes| resumes == 2).await;
    greet(&discord).await;
    discord.close_gateway(4000);
    discord.wait_for_gateway(|_, _, resumes| resumes == 3).await;
    greet(&discord).await;
    discord.invalidate_session(false);
    discord.wait_for_gateway(|_, identifies, _| identifies == 2).await;
    greet(&discord).await;
    assert_eq!(discord.intents(), Some(0));
    // It knows of no other address to resume at than the one where sessions begin.
    let elsewhere = "gateway: RESUME at the address of GET /gateway, not at READY's";
    assert_eq!(discord.violations(), [elsewhere; 3]);
    discord.refuse_token(true);
    discord.close_gateway(4004);
    let ended = running.await.expect("the task ends");
    assert!(ended.is_err());
}
