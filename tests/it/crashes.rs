//! PostgreSQL crashes beneath the bot.

use insta::assert_snapshot;
use sandbox::discord::Who;
use sandbox::postgres::Server;

use crate::world::{masked, private, run_test_with, setup};

#[test]
fn a_server_that_is_gone_for_a_while_loses_nothing_and_the_bot_goes_on_by_itself() {
    let Some(mut server) = Server::for_test() else { return };
    let url = server.schema("public");
    run_test_with(setup(&[("DATABASE_URL", url)]), async |world| {
        let card = world.asked_by(Who::Member).await;
        server.crash();
        let answer = world.ask(Who::OtherMember, "ABE-TEST").await;
        assert_snapshot!(masked(&private(&answer)), @"
        The bot's database failed. Tell whoever runs the bot; its log says more. Nothing was changed.
        -# Reference for the logs: `<guid>`
        ");
        let answer = world.admin().press(&card, "Approve").await;
        assert_snapshot!(masked(&private(&answer)), @"
        The bot's database failed. Tell whoever runs the bot; its log says more. Nothing was changed.
        -# Reference for the logs: `<guid>`
        ");
        assert_eq!(world.puts(), 0);
        server.start_again();
        world.admin().press(&card, "Approve").await;
        world.card(1, "**Created**").await;
        assert_eq!(world.puts(), 1);
        world.ask(Who::OtherMember, "ABE-TEST").await;
        world.card(2, "Approve or deny").await;
    });
}
