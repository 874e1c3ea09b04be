//! Answers and frames of Discord's that are longer than any real one.

use sandbox::discord::{Discord, Fault, Route, Times, Who};

use crate::world::{Setup, run_test_with};

/// More than the bot reads of an answer and the sockets between hold.
const FEW: u64 = 24 << 20;

async fn assert_soon_given_up(discord: &Discord, count: usize) {
    let floods = discord.wait_for_floods(count).await;
    assert!(floods[count - 1] < FEW, "{floods:?}");
}

#[test]
fn an_answer_that_is_too_long_or_has_no_end_is_given_up_and_tried_again() {
    run_test_with(Setup::default().over_gateway(), async |world| {
        for (count, length) in [(1, Some(100 << 20)), (2, None)] {
            let flood = Fault::Flood { status: 500, length };
            world.discord.fail(Route::Callback, flood, Times::Once);
            let answer = world.search(Who::Admin, "accounting").await;
            assert!(answer.text().contains("accounting2"), "{}", answer.text());
            assert_soon_given_up(&world.discord, count).await;
        }
        for (number, length) in [(1, Some(100 << 20)), (2, None)] {
            let flood = Fault::Flood { status: 200, length };
            world.discord.fail(Route::CreateMessage, flood, Times::Once);
            let name = if number == 1 { "accounting2" } else { "ABE-TEST" };
            world.ask(Who::Member, name).await;
            world.card(number, "Approve or deny").await;
            assert_soon_given_up(&world.discord, 2 + number as usize).await;
        }
    });
}

#[test]
fn a_frame_that_is_too_long_ends_the_connection_and_nothing_else() {
    run_test_with(Setup::default().over_gateway(), async |world| {
        world.discord.send_huge(8 << 20);
        world
            .discord
            .wait_for_gateway(|_, identifies, resumes| (identifies, resumes) == (1, 1))
            .await;
        let answer = world.search(Who::Admin, "accounting").await;
        assert!(answer.text().contains("accounting2"), "{}", answer.text());
    });
}
