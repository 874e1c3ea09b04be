//! What axe-core finds that keeps people out: <https://github.com/dequelabs/axe-core>.

use std::path::Path;

use sandbox::discord::Who;
use serde_json::{Value, json};

use crate::browser::{Browser, ENTER, ESCAPE, TAB};
use crate::cards;
use crate::looks::Look;
use crate::stage::Stage;
use crate::tab::{COMPOSER, Seen, Tab};

/// Where `npm ci` puts it.
const AXE: &str = "tests/page/node_modules/axe-core/axe.min.js";

pub(crate) async fn nothing_keeps_people_with_other_senses_out(browser: &Browser) {
    let Ok(axe) = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(AXE)) else {
        println!("LEFT OUT: accessibility, for axe-core isn't there (npm ci --prefix tests/page)");
        return;
    };
    let stage = Stage::start().await;
    let member = stage.sandbox.discord.person(Who::Member);
    member.slash("create", &[("name", "accounting2".into())]).await;
    let mut checking = Checking { browser, axe, found: Vec::new() };
    for look in Look::ALL {
        look.take_on(browser).await;
        let tab = Tab::open(browser, &stage, "admin").await;
        walk(&stage, &tab, look, &mut checking).await;
    }
    assert!(checking.found.is_empty(), "{:#?}", checking.found);
    // It isn't blind.
    browser.script("document.body.append(document.createElement('button'))", json!([])).await;
    checking.look("a button without a name").await;
    assert_eq!(checking.found.len(), 1, "{:#?}", checking.found);
    stage.end().await;
}

/// Looks at the page with everything open that can be, one after the other.
async fn walk(stage: &Stage, tab: &Tab<'_>, look: Look, checking: &mut Checking<'_>) {
    tab.write("connect", &format!("/ldapgroup search acc{ENTER}")).await;
    tab.words("accounting2").await;
    checking.look(&format!("an answer, {look:?}")).await;
    tab.click("#log", "combobox", "Pick groups to bring into Connect").await;
    tab.find("#log", "option", "accounting-apac").await;
    checking.look(&format!("a menu, {look:?}")).await;
    tab.click("#log", "option", "accounting-apac").await;
    tab.keys(TAB).await;
    let asks = |message: &Seen| message.buttons == ["Create", "Cancel"];
    let question = tab.message("a question", asks).await;
    checking.look(&format!("a question, {look:?}")).await;
    tab.press(&question, "Cancel").await;
    let left = |now: &Seen| now.id == question.id && now.buttons.is_empty();
    tab.message("that nothing was created", left).await;
    tab.write("connect", "/").await;
    tab.wait_for("[data-testid=suggest-list]", |text| text.contains("create")).await;
    checking.look(&format!("suggestions, {look:?}")).await;
    tab.keys(&format!("{ESCAPE}ldapgroup create ")).await;
    tab.find(COMPOSER, "combobox", "name").await;
    checking.look(&format!("a command, {look:?}")).await;
    tab.keys(ESCAPE).await;
    tab.keys(ESCAPE).await;
    if look.is_small() {
        for drawer in ["Channels and people", "Behind the scenes"] {
            tab.click("#channel", "button", drawer).await;
            checking.look(&format!("{drawer:?}, {look:?}")).await;
            tab.keys(ESCAPE).await;
        }
    }
    cards::card(stage, tab).await;
    checking.look(&format!("what is laid out, {look:?}")).await;
    tab.go_to("connect-requests").await;
    let card = tab.message("the request", |message| message.buttons.len() == 2).await;
    tab.press(&card, "Deny").await;
    tab.find("body", "dialog", "Deny request 1").await;
    checking.look(&format!("a form, {look:?}")).await;
    tab.keys(ESCAPE).await;
}

/// What was found so far.
struct Checking<'b> {
    browser: &'b Browser,
    axe: String,
    found: Vec<String>,
}

impl Checking<'_> {
    /// Adds the serious and critical findings on the page as it now is.
    async fn look(&mut self, what: &str) {
        self.browser.script(&self.axe, json!([])).await;
        let run = "const done = arguments[arguments.length - 1];
            axe.run(document, {resultTypes: ['violations']})
                .then(({violations}) => done(violations));";
        let findings = self.browser.later(run).await;
        let findings = findings.as_array().unwrap().iter();
        let grave = findings
            .filter(|finding| finding["impact"] == "serious" || finding["impact"] == "critical");
        self.found.extend(grave.map(|finding| told(what, finding)));
    }
}

fn told(what: &str, finding: &Value) -> String {
    let nodes = finding["nodes"].as_array().unwrap().iter();
    let places: Vec<_> = nodes.map(|node| node["target"].to_string()).collect();
    format!("{what}: {} at {}", finding["help"], places.join(", "))
}
