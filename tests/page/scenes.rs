//! What people do on the page.

use insta::assert_snapshot;
use sandbox::Trouble;
use serde_json::json;

use crate::browser::{Browser, DOWN, ENTER, TAB, until};
use crate::chosen::is_over_http;
use crate::stage::Stage;
use crate::tab::{COMPOSER, Seen, Tab};

/// A guid looks like this in a snapshot.
const GUID: &str = "<guid>";

/// A search's words without how old it is, which changes.
fn without_age(found: &Seen) -> &str {
    let (words, _) = found.text.rsplit_once("as of ").unwrap();
    words.trim_end()
}

/// Ends a scene in which the page had nothing to complain of.
pub(crate) async fn end(browser: &Browser, stage: Stage) {
    let complaints = browser.complaints().await;
    assert!(complaints.is_empty(), "{complaints:#?}");
    stage.end().await;
}

pub(crate) async fn what_is_typed_is_completed_and_each_group_found_has_a_line(browser: &Browser) {
    let stage = Stage::start().await;
    let tab = Tab::open(browser, &stage, "admin").await;
    tab.write("connect", "/").await;
    let offered = tab.wait_for("[data-testid=suggest-list]", |text| text.contains("history")).await;
    assert!(offered.contains("/ldapgroup search"), "{offered}");
    tab.keys("sea").await;
    tab.wait_for("[data-testid=suggest-list]", |text| !text.contains("history")).await;
    tab.keys(&format!("{TAB}ABE{ENTER}")).await;
    let answer = tab.words("ABE").await;
    let guid = stage.sandbox.connect.guid_of("ABE").unwrap();
    assert_eq!(answer.used, "Ada used /ldapgroup search");
    assert_snapshot!(without_age(&answer).replace(&guid, GUID), @r"
    3 LDAP groups begin with ABE: ✅ 1 is in Connect, ➕ 2 aren't yet.
    ✅ ABE · <guid>
    ➕ ABE-TEST
    ➕ ABE-TEST-2
    ");
    end(browser, stage).await;
}

pub(crate) async fn an_admin_creates_what_the_bot_suggests(browser: &Browser) {
    let stage = Stage::start().await;
    let tab = Tab::open(browser, &stage, "admin").await;
    tab.write("connect", "/ldapgroup create accounting-").await;
    let offered = |text: &str| text.contains("accounting-apac") && text.contains("accounting-emea");
    tab.wait_for("[data-testid=suggest-list]", offered).await;
    let first = tab.wait_for("[data-testid=suggestion][aria-selected=true]", |_| true).await;
    tab.keys(DOWN).await;
    let second =
        tab.wait_for("[data-testid=suggestion][aria-selected=true]", |now| now != first).await;
    tab.keys(&format!("{ENTER}{ENTER}")).await;
    let group = format!("[data-testid=connect-group][data-name=\"{second}\"]");
    let panel = tab.wait_for(&group, |_| true).await;
    let guid = stage.sandbox.connect.guid_of(&second).unwrap();
    assert!(panel.contains(&guid), "{panel}");
    let answer = tab.words(&guid).await;
    assert!(answer.text.contains(&second) && !answer.is_private, "{answer:?}");
    end(browser, stage).await;
}

/// Asks for a group by typing, and gives the private answer.
pub(crate) async fn ask(tab: &Tab<'_>, name: &str, reason: &str) -> Seen {
    tab.write("connect", &format!("/ldapgroup create {name}")).await;
    tab.click(
        COMPOSER,
        "button",
        "Add reason: What you need it for: the admin who decides reads it",
    )
    .await;
    tab.keys(&format!("{reason}{ENTER}")).await;
    tab.message("a private answer", |message| message.is_private).await
}

pub(crate) async fn a_member_asks_in_one_tab_and_an_admin_approves_in_another(browser: &Browser) {
    let stage = Stage::start().await;
    let ada = Tab::open(browser, &stage, "admin").await;
    let linus = Tab::another(browser, &stage, "member").await;
    let answer = ask(&linus, "accounting2", "for the budget app").await;
    assert_eq!(answer.used, "Linus used /ldapgroup create");
    let unread = "[data-testid=channel][data-name=connect-requests][data-unread]";
    ada.wait_for(unread, |text| text.contains("mention")).await;
    assert_eq!(ada.messages().await.len(), 0, "what is private reaches nobody else");
    ada.go_to("connect-requests").await;
    let card = ada.words("for the budget app").await;
    assert!(card.is_ping && card.buttons == ["Approve", "Deny"], "{card:?}");
    ada.press(&card, "Approve").await;
    // Before that the card may say that the group is being created, without buttons, too.
    let created = |now: &Seen| now.id == card.id && now.text.contains("Created");
    let decided = ada.message("the outcome", created).await;
    assert!(decided.buttons.is_empty(), "{decided:?}");
    let guid = stage.sandbox.connect.guid_of("accounting2").unwrap();
    assert!(decided.text.contains(&guid), "{decided:?}");
    let told = linus.message("a mention", |message| message.is_ping).await;
    assert!(told.text.contains("@Linus") && told.text.contains(&guid), "{told:?}");
    ada.go_to("connect").await;
    let same = ada.message("it too", |message| message.id == told.id).await;
    assert!(!same.is_ping, "it means Linus alone");
    linus.close(&ada).await;
    end(browser, stage).await;
}

pub(crate) async fn more_tabs_work_than_a_browser_has_connections_for(browser: &Browser) {
    let stage = Stage::start().await;
    let first = Tab::open(browser, &stage, "admin").await;
    let mut last = None;
    for _ in 0..6 {
        last = Some(Tab::another(browser, &stage, "member").await);
    }
    last.unwrap().write("connect", &format!("good morning{ENTER}")).await;
    first.words("good morning").await;
    end(browser, stage).await;
}

pub(crate) async fn an_admin_denies_and_says_why(browser: &Browser) {
    let stage = Stage::start().await;
    let tab = Tab::open(browser, &stage, "member").await;
    ask(&tab, "accounting-emea", "for the budget app").await;
    tab.become_another("second_admin").await;
    assert_eq!(tab.messages().await.len(), 0, "what is private reaches nobody else");
    tab.go_to("connect-requests").await;
    let card = tab.words("for the budget app").await;
    tab.press(&card, "Deny").await;
    tab.find("body", "dialog", "Deny request 1").await;
    let form = tab.wait_for("[data-testid=form-text]", |_| true).await;
    assert_snapshot!(form, @"
    @Linus asks for accounting-emea.
    Reason: for the budget app
    ");
    // The focus is where one types.
    tab.keys("accounting2 has them all").await;
    tab.click("dialog", "button", "Submit").await;
    let denied = |now: &Seen| now.id == card.id && now.text.contains("Denied");
    let decided = tab.message("the outcome", denied).await;
    assert!(decided.buttons.is_empty(), "{decided:?}");
    assert!(decided.text.contains("accounting2 has them all"), "{decided:?}");
    until("see no form", async || {
        let forms = "return document.querySelectorAll('dialog').length;";
        (tab.browser.script(forms, json!([])).await == 0).then_some(())
    })
    .await;
    assert_eq!(stage.sandbox.connect.guid_of("accounting-emea"), None);
    end(browser, stage).await;
}

pub(crate) async fn pages_turn_in_the_message_by_mouse_and_by_key(browser: &Browser) {
    let stage = Stage::start().await;
    let tab = Tab::open(browser, &stage, "guest").await;
    tab.write("connect", &format!("/ldapgroup search project{ENTER}")).await;
    let first = tab.words("page 1 of 3").await;
    tab.press(&first, "Next page").await;
    let second = tab.words("page 2 of 3").await;
    // The button was drawn anew, and has kept the focus.
    tab.keys(ENTER).await;
    let third = tab.words("page 3 of 3").await;
    tab.press(&third, "Previous page").await;
    let back = tab.words("page 2 of 3").await;
    assert_eq!(without_age(&back), without_age(&second));
    assert_ne!(without_age(&back), without_age(&first));
    assert!([&second, &third, &back].iter().all(|page| page.id == first.id));
    assert_eq!(tab.messages().await.len(), 1);
    end(browser, stage).await;
}

pub(crate) async fn a_search_again_shows_what_has_come_into_connect(browser: &Browser) {
    let stage = Stage::start().await;
    let tab = Tab::open(browser, &stage, "member").await;
    tab.write("connect", &format!("/ldapgroup search ABE{ENTER}")).await;
    let found = tab.words("➕ ABE-TEST-2").await;
    tab.click("#panel", "button", "Import ABE-TEST-2 into Connect").await;
    tab.wait_for("[data-testid=connect-group][data-name=ABE-TEST-2]", |_| true).await;
    tab.press(&found, "Search again").await;
    let guid = stage.sandbox.connect.guid_of("ABE-TEST-2").unwrap();
    let now = tab.words(&format!("✅ ABE-TEST-2 · {guid}")).await;
    assert_eq!(now.id, found.id);
    end(browser, stage).await;
}

pub(crate) async fn who_asked_takes_it_back_and_no_admin_can_approve_it(browser: &Browser) {
    let stage = Stage::start().await;
    let tab = Tab::open(browser, &stage, "member").await;
    let asked = ask(&tab, "accounting2", "for the budget app").await;
    tab.press(&asked, "Take back").await;
    let taken = tab.words("You have taken back request 1 for accounting2.").await;
    assert_eq!((&taken.id, taken.buttons.is_empty()), (&asked.id, true), "{taken:?}");
    tab.become_another("admin").await;
    tab.go_to("connect-requests").await;
    let card = tab.words("Cancelled by @Linus").await;
    assert!(card.buttons.is_empty(), "{card:?}");
    end(browser, stage).await;
}

/// Searches, and picks these in the menu under the answer.
async fn search_and_pick(tab: &Tab<'_>, prefix: &str, names: &[&str]) {
    tab.write("connect", &format!("/ldapgroup search {prefix}{ENTER}")).await;
    let found = tab.words(names[0]).await;
    pick(tab, &found, names).await;
}

/// Picks these in the menu under a search, and goes on, which sends them.
pub(crate) async fn pick(tab: &Tab<'_>, found: &Seen, names: &[&str]) {
    let message = format!("[data-id=\"{}\"]", found.id);
    tab.click(&message, "combobox", "Pick groups to bring into Connect").await;
    for name in names {
        tab.click(&message, "option", name).await;
    }
    tab.keys(TAB).await;
}

pub(crate) async fn an_admin_picks_several_says_yes_and_reads_what_came_of_each(browser: &Browser) {
    let stage = Stage::start().await;
    let tab = Tab::open(browser, &stage, "admin").await;
    search_and_pick(&tab, "accounting", &["accounting2", "accounting-apac", "accounting-emea"])
        .await;
    let question = tab.words("Create these 3 in Connect?").await;
    assert!(question.is_private && question.buttons == ["Create", "Cancel"], "{question:?}");
    assert_eq!(stage.sandbox.connect.guid_of("accounting2"), None, "it isn't created unasked");
    tab.press(&question, "Create").await;
    let answered = |now: &Seen| now.id == question.id && now.text.contains("shows what becomes of");
    let answer = tab.message("what is done about it", answered).await;
    assert!(answer.buttons.is_empty(), "{answer:?}");
    let done = tab.words("Created").await;
    for name in ["accounting2", "accounting-apac", "accounting-emea"] {
        let guid = stage.sandbox.connect.guid_of(name).unwrap();
        assert!(done.text.contains(&guid), "{name}: {done:?}");
        tab.wait_for(&format!("[data-testid=connect-group][data-name={name}]"), |_| true).await;
    }
    end(browser, stage).await;
}

pub(crate) async fn what_a_member_picks_is_one_request(browser: &Browser) {
    let stage = Stage::start().await;
    let tab = Tab::open(browser, &stage, "other_member").await;
    search_and_pick(&tab, "accounting", &["accounting2", "accounting-apac"]).await;
    tab.find("body", "dialog", "Ask for 2 groups").await;
    tab.click("dialog", "textbox", "Why? It is shown with the request. optional").await;
    tab.keys("for the audit").await;
    tab.click("dialog", "button", "Submit").await;
    tab.message("a private answer", |message| message.is_private).await;
    // Before it is approved one of them is there already.
    tab.click("#panel", "button", "Import accounting-apac into Connect").await;
    tab.wait_for("[data-testid=connect-group][data-name=accounting-apac]", |_| true).await;
    tab.become_another("admin").await;
    tab.go_to("connect-requests").await;
    let card = tab.words("for the audit").await;
    tab.press(&card, "Approve").await;
    let created = |now: &Seen| now.id == card.id && now.text.contains("Created");
    let done = tab.message("the outcome", created).await.text;
    let [new, old] =
        ["accounting2", "accounting-apac"].map(|name| stage.sandbox.connect.guid_of(name).unwrap());
    let (request, outcome) = done.split_once("\nApproved by @Ada ").unwrap();
    assert_snapshot!(request.replace(&new, "<new>").replace(&old, "<old>"), @r"
    ✅ Created · request 1
    @Margaret asked for 2 LDAP groups in Connect.
    Reason: for the audit
    ✅ accounting-apac · <old> · was there already
    ✅ accounting2 · <new>
    ");
    assert!(outcome.contains("Both are in Connect now; 1 of them was there already."), "{outcome}");
    end(browser, stage).await;
}

pub(crate) async fn with_connect_down_people_read_so_until_it_is_back(browser: &Browser) {
    let stage = Stage::start().await;
    let tab = Tab::open(browser, &stage, "admin").await;
    tab.click("#panel", "switch", "Connect is down").await;
    tab.wait_for("[data-testid=fault-connect_down][aria-checked=true]", |_| true).await;
    tab.write("connect", &format!("/ldapgroup search ABE{ENTER}")).await;
    let answered = |message: &Seen| message.used.contains("search") && !message.is_thinking;
    let answer = tab.message("an answer", answered).await;
    let words = answer.text.split("\n\n").next().unwrap();
    assert_snapshot!(words, @"Connect can't be reached. Try again in a few minutes; if it stays, tell whoever runs Connect.");
    tab.click("#panel", "switch", "Connect is down").await;
    tab.wait_for("[data-testid=fault-connect_down][aria-checked=false]", |_| true).await;
    tab.write("connect", &format!("/ldapgroup search ABE{ENTER}")).await;
    tab.words("ABE-TEST-2").await;
    end(browser, stage).await;
}

pub(crate) async fn a_command_without_an_answer_says_so_after_a_reload_too(browser: &Browser) {
    let stage = Stage::start().await;
    let tab = Tab::open(browser, &stage, "guest").await;
    tab.write("connect", &format!("/ldapgroup search ABE{ENTER}")).await;
    let before = tab.words("ABE-TEST-2").await;
    stage.sandbox.set_trouble(Trouble::GatewayAway, true).await.unwrap();
    tab.wait_for("[data-testid=banner]", |text| text.contains("can’t reach the bot")).await;
    tab.write("connect", &format!("/ldapgroup search ABE{ENTER}")).await;
    let failed = tab.words("The application did not respond").await;
    assert_eq!(
        (failed.used.as_str(), failed.is_private),
        ("A. Guest used /ldapgroup search", true)
    );
    tab.reload().await;
    let after = tab.words("The application did not respond").await;
    let can_drop =
        "return document.querySelector('[data-testid=do-drop_gateway]').checkVisibility();";
    let offered = browser.script(can_drop, json!([])).await;
    assert_eq!(offered, !is_over_http(), "where there is a gateway it can be dropped");
    assert_eq!(after.id, failed.id);
    let first = tab.messages().await.remove(0);
    assert_eq!((&first.id, without_age(&first)), (&before.id, without_age(&before)));
    stage.sandbox.mend().await.unwrap();
    end(browser, stage).await;
}

pub(crate) async fn what_discord_would_not_send_is_not_sent(browser: &Browser) {
    let stage = Stage::start().await;
    let tab = Tab::open(browser, &stage, "admin").await;
    tab.write("connect", &format!("/ldapgroup search {ENTER}")).await;
    let error = tab.wait_for("[data-testid=composer-error]", |text| !text.is_empty()).await;
    assert_eq!(error, "prefix is needed.");
    // A start looks by itself whether LDAP can be searched.
    let own = ("prefix".to_owned(), "ldapgroup-bot".to_owned());
    let asked = stage.sandbox.connect.requests().into_iter();
    let mut asked = asked.filter(|seen| seen.path.contains("remote"));
    assert!(asked.all(|seen| seen.params.contains(&own)));
    end(browser, stage).await;
}
