//! The page in a headless Chromium, used as a person uses it, with the real bot behind it.
//!
//! ```text
//! cargo test --test page
//! INTERACTIONS=http cargo test --test page
//! INTERACTIONS=http DATABASE=postgres COPIES=3 cargo test --test page
//! cargo test --test page -- --pictures docs/pictures
//! ```
//!
//! Without `chromium` and `chromedriver` it says that it left this out. The check that the page is
//! accessible needs axe-core: `npm ci --prefix tests/page`.

#![expect(clippy::unwrap_used, reason = "what fails here is a failed test")]
#![expect(clippy::print_stdout, reason = "it is a program of its own")]

#[path = "../shared/arguments.rs"]
mod arguments;
mod axe;
mod browser;
mod cards;
#[path = "../shared/chosen.rs"]
mod chosen;
mod looks;
mod scenes;
mod settings;
mod stage;
mod tab;
mod typing;

use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::process::ExitCode;

use futures_util::FutureExt;

use self::arguments::Arguments;
use self::browser::Browser;

/// A scene, which panics where the page isn't as it should be.
type Scene = for<'b> fn(&'b Browser) -> Pin<Box<dyn Future<Output = ()> + 'b>>;

/// Gives each function that is named its name.
macro_rules! scenes {
    ($($module:ident::$name:ident),* $(,)?) => {
        [$((stringify!($name), |browser| Box::pin($module::$name(browser)))),*]
    };
}

const SCENES: [(&str, Scene); 22] = scenes![
    scenes::what_is_typed_is_completed_and_each_group_found_has_a_line,
    scenes::an_admin_creates_what_the_bot_suggests,
    scenes::a_member_asks_in_one_tab_and_an_admin_approves_in_another,
    scenes::more_tabs_work_than_a_browser_has_connections_for,
    scenes::an_admin_denies_and_says_why,
    scenes::a_search_again_shows_what_has_come_into_connect,
    scenes::who_asked_takes_it_back_and_no_admin_can_approve_it,
    scenes::pages_turn_in_the_message_by_mouse_and_by_key,
    scenes::an_admin_picks_several_says_yes_and_reads_what_came_of_each,
    scenes::what_a_member_picks_is_one_request,
    scenes::with_connect_down_people_read_so_until_it_is_back,
    scenes::a_command_without_an_answer_says_so_after_a_reload_too,
    scenes::what_discord_would_not_send_is_not_sent,
    typing::what_is_typed_anywhere_goes_to_the_box_and_stays_over_a_reload,
    typing::an_options_name_is_taken_wherever_it_is_typed,
    typing::tab_goes_to_the_option_that_may_be_left_out,
    typing::escape_leaves_a_menu_and_sends_nothing,
    settings::a_setting_starts_the_bot_anew_with_the_same_requests,
    cards::what_the_bot_lays_out_is_drawn_and_its_mentions_ping,
    cards::what_the_bot_lays_out_is_pressed_picked_and_changed,
    cards::a_command_that_is_mentioned_is_begun_and_code_wraps_on_a_telephone,
    axe::nothing_keeps_people_with_other_senses_out,
];

#[tokio::main(worker_threads = 2)]
async fn main() -> ExitCode {
    let arguments = match Arguments::read(&["--pictures"]) {
        Ok(arguments) => arguments,
        Err(problem) => {
            println!("page: {problem}");
            return ExitCode::from(2);
        }
    };
    let meant: Vec<_> = SCENES.into_iter().filter(|(name, _)| arguments.mean(name)).collect();
    if arguments.has("--list") {
        for (name, _) in meant {
            println!("{name}: test");
        }
        return ExitCode::SUCCESS;
    }
    println!("\nrunning {} tests", meant.len());
    if meant.is_empty() {
        return conclude(0, 0);
    }
    let Some(browser) = Browser::start().await else {
        println!(
            "LEFT OUT: the page in a browser, for `chromium` or `chromedriver` isn't installed"
        );
        return conclude(0, 0);
    };
    let code = match arguments.value("--pictures") {
        Some(folder) => draw(&browser, Path::new(folder)).await,
        None => play(&browser, &meant).await,
    };
    browser.quit().await;
    code
}

/// Plays the scenes, each from the beginning.
async fn play(browser: &Browser, scenes: &[(&str, Scene)]) -> ExitCode {
    let mut failed = 0;
    for (name, scene) in scenes {
        browser.begin_anew().await;
        if AssertUnwindSafe(scene(browser)).catch_unwind().await.is_ok() {
            println!("test {name} ... ok");
        } else {
            failed += 1;
            println!("test {name} ... FAILED; the page: {}", keep(browser, name).await.display());
        }
    }
    conclude(scenes.len() - failed, failed)
}

async fn draw(browser: &Browser, folder: &Path) -> ExitCode {
    let drawn = AssertUnwindSafe(looks::take_pictures(browser, folder)).catch_unwind().await;
    if drawn.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn conclude(passed: usize, failed: usize) -> ExitCode {
    let result = if failed == 0 { "ok" } else { "FAILED" };
    println!("\ntest result: {result}. {passed} passed; {failed} failed\n");
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Keeps a picture of the page as a failed scene left it.
async fn keep(browser: &Browser, name: &str) -> PathBuf {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.png"));
    looks::save(browser, &file).await;
    file
}
