//! How the page is looked at, and pictures of it.

use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sandbox::Trouble;
use sandbox::connect::{Fault, Route, Times};
use sandbox::discord::{REQUESTS, Who};
use serde_json::json;

use crate::browser::{Browser, ENTER, ESCAPE, until};
use crate::scenes::{ask, pick};
use crate::stage::Stage;
use crate::tab::Tab;

/// The colours of the page and the room for it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Look {
    is_dark: bool,
    /// Width and height, in CSS pixels.
    size: (u32, u32),
}

/// A window on a desk.
const LARGE: (u32, u32) = (1280, 800);
/// A telephone.
const SMALL: (u32, u32) = (390, 844);

impl Look {
    /// Both colours, where there is much room and where there is little. The last is as it was
    /// when the browser started.
    pub(crate) const ALL: [Self; 4] = [
        Self { is_dark: true, size: SMALL },
        Self { is_dark: false, size: SMALL },
        Self { is_dark: true, size: LARGE },
        Self { is_dark: false, size: LARGE },
    ];

    pub(crate) fn is_small(self) -> bool {
        self.size == SMALL
    }

    fn colours(self) -> &'static str {
        if self.is_dark { "dark" } else { "light" }
    }

    /// Looks at pages so from now on.
    pub(crate) async fn take_on(self, browser: &Browser) {
        let (width, height) = self.size;
        let screen =
            json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
        browser.devtools("Emulation.setDeviceMetricsOverride", screen).await;
        let features = json!([
            {"name": "prefers-color-scheme", "value": self.colours()},
            {"name": "prefers-reduced-motion", "value": "reduce"},
        ]);
        browser.devtools("Emulation.setEmulatedMedia", json!({"features": features})).await;
    }

    /// Saves what is seen under this name.
    async fn save(self, browser: &Browser, folder: &Path, name: &str) {
        let file = format!("{name}-{}-{}.png", self.colours(), self.size.0);
        save(browser, &folder.join(file)).await;
    }
}

/// Saves what is seen, once it is drawn, as PNG.
pub(crate) async fn save(browser: &Browser, file: &Path) {
    let drawn = "const done = arguments[arguments.length - 1];
        requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 100, null)));";
    browser.later(drawn).await;
    let picture = STANDARD.decode(browser.screenshot().await).unwrap();
    std::fs::write(file, picture).unwrap();
}

/// Takes pictures of every kind of message in each look; the documents show three of them.
pub(crate) async fn take_pictures(browser: &Browser, folder: &Path) {
    std::fs::create_dir_all(folder).unwrap();
    for look in Look::ALL {
        look.take_on(browser).await;
        let stage = Stage::start().await;
        let camera = Camera { browser, folder, look };
        camera.members(&stage).await;
        camera.admins(&stage).await;
        camera.outcomes(&stage).await;
        stage.end().await;
        camera.mishaps().await;
        camera.clocks().await;
    }
    println!("The pictures are in {}.", folder.display());
}

/// What takes the pictures of one look.
struct Camera<'c> {
    browser: &'c Browser,
    folder: &'c Path,
    look: Look,
}

impl Camera<'_> {
    /// Saves what is seen under this name.
    async fn take(&self, name: &str) {
        self.look.save(self.browser, self.folder, name).await;
    }

    /// Types a command, and takes a picture of its answer.
    async fn answer(&self, tab: &Tab<'_>, command: &str, name: &str) {
        let before = tab.messages().await.len();
        tab.write("connect", &format!("/ldapgroup {command}")).await;
        until(&format!("see an answer to {command}"), async || {
            let begun = "return document.querySelector('[data-testid=command]') !== null;";
            if self.browser.script(begun, json!([])).await == true {
                tab.keys(ENTER).await;
            }
            let messages = tab.messages().await;
            let is_there = messages.len() > before && messages.iter().all(|now| !now.is_thinking);
            is_there.then_some(())
        })
        .await;
        self.take(name).await;
    }

    /// What somebody sees who isn't an admin.
    async fn members(&self, stage: &Stage) {
        let tab = Tab::open(self.browser, stage, "member").await;
        tab.write("connect", &format!("/ldapgroup search acc{ENTER}")).await;
        tab.words("accounting2").await;
        self.take("search").await;
        ask(&tab, "accounting2", "for the budget app").await;
        self.take("request").await;
        tab.click("#log", "combobox", "Pick groups to bring into Connect").await;
        tab.find("#log", "option", "accounting-apac").await;
        self.take("menu").await;
        tab.keys(ESCAPE).await;
        self.answer(&tab, "search project", "pages").await;
        self.answer(&tab, "search acounting", "nothing-found").await;
        self.answer(&tab, "create accounting", "refusal").await;
        self.answer(&tab, "requests ", "requests").await;
        if self.look.is_small() {
            tab.click("#channel", "button", "Behind the scenes").await;
        }
        let scroll = "document.getElementById('settings-head').scrollIntoView();";
        self.browser.script(scroll, json!([])).await;
        self.take("settings").await;
    }

    /// What an admin decides.
    async fn admins(&self, stage: &Stage) {
        let tab = Tab::open(self.browser, stage, "admin").await;
        tab.go_to("connect-requests").await;
        let card = tab.words("for the budget app").await;
        tab.press(&card, "Approve").await;
        tab.message("the outcome", |now| now.id == card.id && now.buttons.is_empty()).await;
        let other = stage.sandbox.discord.person(Who::OtherMember);
        let options = [("name", "accounting-emea".into()), ("reason", "for the audit".into())];
        other.slash("create", &options).await;
        let next = tab.words("for the audit").await;
        self.take("approval").await;
        tab.press(&next, "Deny").await;
        tab.wait_for("[data-testid=form]", |_| true).await;
        self.take("form").await;
        tab.keys("accounting2 has them all").await;
        tab.click("dialog", "button", "Submit").await;
        tab.words("accounting2 has them all").await;
        self.take("denial").await;
        let several = [("name", "ABE-TEST, ABE-TEST-2, accounting-apac".into())];
        other.slash("create", &several).await;
        tab.words("ABE-TEST-2").await;
        self.take("several").await;
        tab.go_to("connect").await;
        self.answer(&tab, "create accounting-readonly", "creation").await;
        self.answer(&tab, "create ABE-TEST, nobody, Accounting Auditors", "typing-error").await;
        self.picked(&tab).await;
        self.answer(&tab, "requests ", "all-requests").await;
        self.answer(&tab, "history ", "history").await;
        self.answer(&tab, "status ", "status").await;
    }

    /// What an admin picks under a search.
    async fn picked(&self, tab: &Tab<'_>) {
        self.answer(tab, "search project-a", "admins-search").await;
        let found = tab.words("begin with project-a:").await;
        pick(tab, &found, &["project-albatross", "project-avocet"]).await;
        let question = tab.words("Create these 2 in Connect?").await;
        self.take("question").await;
        tab.press(&question, "Create").await;
        tab.words("Both are in Connect now").await;
        self.take("batch").await;
    }

    /// What comes of requests with Connect away, or by being taken back.
    async fn outcomes(&self, stage: &Stage) {
        let (member, sandbox) = (stage.sandbox.discord.person(Who::Member), &stage.sandbox);
        let tab = Tab::open(self.browser, stage, "second_admin").await;
        member.slash("create", &[("name", "ABE".into())]).await;
        member.slash("create", &[("name", "project-bittern".into())]).await;
        tab.go_to("connect-requests").await;
        let card = tab.words("project-bittern").await;
        sandbox.set_trouble(Trouble::ConnectDown, true).await.unwrap();
        tab.press(&card, "Approve").await;
        tab.message("why it waits", |now| now.id == card.id && now.text.contains("Last try")).await;
        self.take("under-way").await;
        tab.go_to("connect").await;
        self.answer(&tab, "search ABE", "connect-down").await;
        sandbox.mend().await.unwrap();
        tab.become_another("member").await;
        tab.go_to("connect").await;
        ask(&tab, "project-crane", "for the audit").await;
        let asked = tab.words("for project-crane went to the admins").await;
        tab.press(&asked, "Take back").await;
        tab.words("You have taken back").await;
        self.take("taken-back").await;
        tab.become_another("second_admin").await;
        tab.go_to("connect-requests").await;
        tab.words("Cancelled by").await;
        self.take("cancelled").await;
    }

    /// What goes wrong, and what people mistake.
    async fn mishaps(&self) {
        let stage = Stage::start().await;
        let connect = &stage.sandbox.connect;
        let tab = Tab::open(self.browser, &stage, "admin").await;
        tab.write("connect", &format!("/ldapgroup search acc{ENTER}")).await;
        tab.words("accounting2").await;
        tab.write("connect", "/ldapgroup create name:acounting2").await;
        let meant = |text: &str| text.contains("Did you mean accounting2?");
        tab.wait_for("[data-testid=suggest-list]", meant).await;
        self.take("mistyped").await;
        for _ in 0..3 {
            tab.keys(ESCAPE).await;
        }
        self.answer(&tab, "create nobody, acounting2, ABE", "nothing-created").await;
        connect.fail(Route::Search, Fault::Html(502), Times::Always);
        self.answer(&tab, "create project-crane", "proxys-page").await;
        connect.heal();
        connect.fail(Route::Search, Fault::Error(63), Times::Always);
        self.answer(&tab, "status ", "status-in-trouble").await;
        connect.heal();
        let members = [Who::Member, Who::OtherMember];
        for who in members {
            let options = [("name", "accounting2".into()), ("reason", "for the audit".into())];
            stage.sandbox.discord.person(who).slash("create", &options).await;
        }
        tab.go_to("connect-requests").await;
        let card = tab.words("Also asked by").await;
        connect.fail(Route::CreateGroup, Fault::Error(64), Times::Times(1));
        tab.press(&card, "Approve").await;
        tab.words("Failed").await;
        self.take("failed").await;
        let message = stage.sandbox.discord.messages(REQUESTS).remove(0);
        let second = stage.sandbox.discord.person(Who::SecondAdmin);
        second.press(&message, "Retry").await;
        tab.words("retried by").await;
        self.take("retried").await;
        let tab = Tab::open(self.browser, &stage, "second_admin").await;
        tab.go_to("connect-requests").await;
        second.press_custom_id("retry:1", &message).await;
        tab.words("Nothing was changed").await;
        self.take("too-late").await;
        tab.become_another("member").await;
        tab.go_to("connect").await;
        tab.words("is done").await;
        self.take("told-together").await;
        connect.go_down().await;
        self.answer(&tab, "create ABE-TEST", "not-sent").await;
        stage.end().await;
    }

    /// What comes of a request by itself.
    async fn clocks(&self) {
        let stage = Stage::with(&[("REQUEST_TTL", "5s"), ("REQUEST_REMINDER", "1s")]).await;
        let member = stage.sandbox.discord.person(Who::Member);
        member.slash("create", &[("name", "ABE-TEST".into())]).await;
        let tab = Tab::open(self.browser, &stage, "admin").await;
        tab.go_to("connect-requests").await;
        tab.message("no buttons", |now| now.text.contains("xpired") && now.buttons.is_empty())
            .await;
        self.take("expiry").await;
        tab.become_another("member").await;
        tab.go_to("connect").await;
        tab.message("a mention", |now| now.is_ping).await;
        self.take("told").await;
        stage.end().await;
    }
}
