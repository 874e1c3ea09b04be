//! The settings that people switch on the page.

use crate::browser::{Browser, ENTER, until};
use crate::scenes::end;
use crate::stage::Stage;
use crate::tab::Tab;

/// Switches a setting, and waits until the bot is there again with it.
async fn switch(tab: &Tab<'_>, setting: &str) {
    tab.click("#panel", "switch", setting).await;
    tab.wait_for("[data-testid=banner]", |text| text.contains("starting anew")).await;
    until("see no banner", async || {
        let script = "return document.querySelector('[data-testid=banner]').hidden;";
        (tab.browser.script(script, serde_json::json!([])).await == true).then_some(())
    })
    .await;
}

pub(crate) async fn a_setting_starts_the_bot_anew_with_the_same_requests(browser: &Browser) {
    let stage = Stage::start().await;
    let tab = Tab::open(browser, &stage, "admin").await;
    switch(&tab, "Admins need approval").await;
    tab.write("connect", &format!("/ldapgroup create ABE-TEST{ENTER}")).await;
    tab.message("a private answer", |message| message.is_private).await;
    assert_eq!(stage.sandbox.connect.guid_of("ABE-TEST"), None, "she needs another admin");
    switch(&tab, "Admins need approval").await;
    tab.write("connect", &format!("/ldapgroup create ABE-TEST-2{ENTER}")).await;
    let direct = "[data-testid=connect-group][data-name=ABE-TEST-2]";
    tab.wait_for(direct, |_| true).await;
    tab.become_another("second_admin").await;
    tab.go_to("connect-requests").await;
    let card = tab.message("her request", |message| message.buttons.len() == 2).await;
    tab.press(&card, "Approve").await;
    tab.wait_for("[data-testid=connect-group][data-name=ABE-TEST]", |_| true).await;
    end(browser, stage).await;
}
