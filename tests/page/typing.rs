//! What people type, and where it goes.

use serde_json::{Value, json};

use crate::browser::{Browser, ENTER, ESCAPE, TAB, until};
use crate::scenes::end;
use crate::stage::Stage;
use crate::tab::{COMPOSER, Seen, Tab};

/// Waits until the box for messages holds this.
async fn box_holds(tab: &Tab<'_>, wanted: &str) {
    let script = "return document.querySelector('[data-testid=input]')?.value ?? null;";
    until(&format!("see {wanted:?} in the box"), async || {
        (tab.browser.script(script, json!([])).await == wanted).then_some(())
    })
    .await;
}

/// Waits until the fields of the command hold this.
async fn fields_hold(tab: &Tab<'_>, wanted: Value) {
    let script =
        "return Object.fromEntries([...document.querySelectorAll('[data-testid=option-input]')]
        .map((input) => [input.dataset.name, input.value]));";
    until(&format!("see {wanted} in the fields"), async || {
        (tab.browser.script(script, json!([])).await == wanted).then_some(())
    })
    .await;
}

pub(crate) async fn what_is_typed_anywhere_goes_to_the_box_and_stays_over_a_reload(
    browser: &Browser,
) {
    let stage = Stage::start().await;
    let tab = Tab::open(browser, &stage, "member").await;
    tab.click("#channel", "button", "Behind the scenes").await;
    tab.keys("good morning").await;
    box_holds(&tab, "good morning").await;
    tab.reload().await;
    box_holds(&tab, "good morning").await;
    tab.go_to("connect-requests").await;
    box_holds(&tab, "").await;
    tab.become_another("admin").await;
    tab.go_to("connect").await;
    box_holds(&tab, "").await;
    tab.become_another("member").await;
    box_holds(&tab, "good morning").await;
    tab.write("connect", ENTER).await;
    tab.words("good morning").await;
    tab.keys("/ldapgroup create name:ABE-TEST reason:for x").await;
    fields_hold(&tab, json!({"name": "ABE-TEST", "reason": "for x"})).await;
    tab.reload().await;
    fields_hold(&tab, json!({"name": "ABE-TEST", "reason": "for x"})).await;
    end(browser, stage).await;
}

pub(crate) async fn an_options_name_is_taken_wherever_it_is_typed(browser: &Browser) {
    let stage = Stage::start().await;
    let tab = Tab::open(browser, &stage, "member").await;
    tab.write("connect", "/ldapgroup create reason:for the audit").await;
    fields_hold(&tab, json!({"name": "", "reason": "for the audit"})).await;
    tab.keys(" name:ABE-TEST").await;
    fields_hold(&tab, json!({"name": "ABE-TEST", "reason": "for the audit"})).await;
    tab.keys(ESCAPE).await;
    tab.keys(ESCAPE).await;
    tab.write("connect", "/ldapgroup requests state:open").await;
    fields_hold(&tab, json!({"state": "open"})).await;
    tab.keys(&format!("{ENTER}{ENTER}")).await;
    tab.message("an answer", |message| message.used == "Linus used /ldapgroup requests").await;
    end(browser, stage).await;
}

pub(crate) async fn tab_goes_to_the_option_that_may_be_left_out(browser: &Browser) {
    let stage = Stage::start().await;
    let tab = Tab::open(browser, &stage, "member").await;
    tab.write("connect", "/ldapgroup create ABE-TEST-2").await;
    tab.wait_for("[data-testid=suggestion]", |text| text.trim() == "ABE-TEST-2").await;
    tab.keys(&format!("{TAB}{TAB}for x")).await;
    fields_hold(&tab, json!({"name": "ABE-TEST-2", "reason": "for x"})).await;
    tab.keys(&format!("{ESCAPE}/ldapgroup requests ")).await;
    tab.find(COMPOSER, "button", "/ldapgroup requests: leave the command").await;
    tab.keys(TAB).await;
    fields_hold(&tab, json!({"state": ""})).await;
    end(browser, stage).await;
}

pub(crate) async fn escape_leaves_a_menu_and_sends_nothing(browser: &Browser) {
    let stage = Stage::start().await;
    let tab = Tab::open(browser, &stage, "admin").await;
    tab.write("connect", &format!("/ldapgroup search accounting{ENTER}")).await;
    tab.words("accounting2").await;
    let menu = "Pick groups to bring into Connect";
    tab.click("#log", "combobox", menu).await;
    tab.click("#log", "option", "accounting2").await;
    tab.keys(ESCAPE).await;
    tab.wait_for("[data-testid=select]", |text| !text.contains("accounting2")).await;
    tab.keys(&format!("/ldapgroup search ABE{ENTER}")).await;
    let next = |message: &Seen| message.text.contains("ABE-TEST-2");
    tab.message("the answer to what came next", next).await;
    assert_eq!(tab.messages().await.len(), 2);
    assert_eq!(stage.sandbox.connect.guid_of("accounting2"), None);
    end(browser, stage).await;
}
