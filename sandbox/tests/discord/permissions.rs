//! What the bot may do in a channel, and what it is answered where it may not.

use reqwest::Method;
use sandbox::discord::{
    APPLICATION, BOT_ROLE, CATEGORY, CONNECT, Discord, For, GUILD, MEMBER_ROLE, OTHER_GUILD,
    Overwrite, REQUESTS, STRANGE_GUILD, THREAD, Who, permission,
};
use serde_json::json;

use super::bot::{Bot, code, text};

/// What comes of looking at a channel, of writing there, and of reading a message there.
async fn tried(bot: &Bot, channel: u64, message: &str) -> [(u16, u64); 3] {
    let at = format!("channels/{channel}");
    let messages = format!("{at}/messages");
    [
        code(&bot.call(Method::GET, &at, None).await),
        code(&bot.call(Method::POST, &messages, Some(text("x"))).await),
        code(&bot.call(Method::GET, &format!("{messages}/{message}"), None).await),
    ]
}

async fn a_message(bot: &Bot, channel: u64) -> String {
    let path = format!("channels/{channel}/messages");
    let (_, message) = bot.call(Method::POST, &path, Some(text("x"))).await;
    message["id"].as_str().unwrap_or_default().to_owned()
}

fn only(discord: &Discord, role: u64) {
    let everyone = Overwrite { of: For::Role(GUILD), allow: 0, deny: permission::VIEW_CHANNEL };
    let these = Overwrite { of: For::Role(role), allow: permission::VIEW_CHANNEL, deny: 0 };
    discord.set_overwrites(REQUESTS, &[everyone, these]);
}

const WELL: [(u16, u64); 3] = [(200, 0); 3];
const HIDDEN: [(u16, u64); 3] = [(403, 50001); 3];

#[tokio::test]
async fn what_is_forbidden_is_refused_with_discords_codes() {
    let (discord, bot) = Bot::new().await;
    let message = a_message(&bot, CONNECT).await;
    assert_eq!(tried(&bot, CONNECT, &message).await, WELL);
    discord.forbid(CONNECT, permission::VIEW_CHANNEL);
    assert_eq!(tried(&bot, CONNECT, &message).await, HIDDEN);
    discord.forbid(CONNECT, permission::SEND_MESSAGES);
    assert_eq!(tried(&bot, CONNECT, &message).await, [(200, 0), (403, 50013), (200, 0)]);
    discord.forbid(CONNECT, permission::READ_MESSAGE_HISTORY);
    assert_eq!(tried(&bot, CONNECT, &message).await, [(200, 0), (200, 0), (403, 50013)]);
    assert!(discord.violations().is_empty(), "{:?}", discord.violations());
}

#[tokio::test]
async fn a_thread_goes_by_its_channel_and_by_a_permission_of_its_own() {
    let (discord, bot) = Bot::new().await;
    let message = a_message(&bot, THREAD).await;
    discord.forbid(CONNECT, permission::SEND_MESSAGES);
    assert_eq!(tried(&bot, THREAD, &message).await, WELL);
    discord.forbid(CONNECT, permission::SEND_MESSAGES_IN_THREADS);
    assert_eq!(tried(&bot, THREAD, &message).await, [(200, 0), (403, 50013), (200, 0)]);
    let (_, thread) = bot.call(Method::GET, &format!("channels/{THREAD}"), None).await;
    assert_eq!(thread["parent_id"], CONNECT.to_string());
    assert!(thread.get("permission_overwrites").is_none(), "{thread}");
}

#[tokio::test]
async fn a_category_takes_no_messages() {
    let (_discord, bot) = Bot::new().await;
    let [seen, written, _] = tried(&bot, CATEGORY, "17").await;
    assert_eq!((seen, written), ((200, 0), (400, 50008)));
}

#[tokio::test]
async fn roles_overrule_everyone_a_member_overrules_roles_and_administrators_all() {
    let (discord, bot) = Bot::new().await;
    let message = a_message(&bot, REQUESTS).await;
    only(&discord, MEMBER_ROLE);
    assert_eq!(tried(&bot, REQUESTS, &message).await, HIDDEN);
    only(&discord, BOT_ROLE);
    assert_eq!(tried(&bot, REQUESTS, &message).await, WELL);
    let (_, channel) = bot.call(Method::GET, &format!("channels/{REQUESTS}"), None).await;
    let view = permission::VIEW_CHANNEL.to_string();
    let wanted = json!([
        {"id": GUILD.to_string(), "type": 0, "allow": "0", "deny": view},
        {"id": BOT_ROLE.to_string(), "type": 0, "allow": view, "deny": "0"},
    ]);
    assert_eq!(channel["permission_overwrites"], wanted);
    discord.forbid(REQUESTS, permission::VIEW_CHANNEL);
    assert_eq!(tried(&bot, REQUESTS, &message).await, HIDDEN);
    discord.set_permissions(BOT_ROLE, permission::ADMINISTRATOR);
    assert_eq!(tried(&bot, REQUESTS, &message).await, WELL);
    discord.set_bot_roles(&[]);
    assert_eq!(tried(&bot, REQUESTS, &message).await, HIDDEN);
}

#[tokio::test]
async fn members_are_found_with_their_roles() {
    let (discord, bot) = Bot::new().await;
    let member = async |guild: u64, user: &str| {
        bot.call(Method::GET, &format!("guilds/{guild}/members/{user}"), None).await
    };
    let (_, own) = member(GUILD, &APPLICATION.to_string()).await;
    assert_eq!(own["roles"], json!([BOT_ROLE.to_string()]));
    assert_eq!(member(OTHER_GUILD, &APPLICATION.to_string()).await.1["roles"], json!([]));
    let (_, linus) = member(GUILD, &Who::Member.id().to_string()).await;
    assert_eq!(linus["roles"], json!([MEMBER_ROLE.to_string()]));
    let elsewhere = member(OTHER_GUILD, &Who::Member.id().to_string()).await;
    assert_eq!(code(&elsewhere), (404, 10007));
    assert_eq!(code(&member(GUILD, "17").await), (404, 10013));
    assert_eq!(code(&member(GUILD, "@me").await), (400, 50035));
    assert_eq!(code(&member(STRANGE_GUILD, "17").await), (403, 50001));
    discord.set_permissions(GUILD, 7);
    let (_, roles) = bot.call(Method::GET, &format!("guilds/{GUILD}/roles"), None).await;
    assert_eq!(roles[0]["permissions"], "7");
}
