//! A tab of the page, and what a person does in it.

use serde::Deserialize;
use serde_json::json;

use crate::browser::{Browser, until};
use crate::stage::Stage;

/// Where one writes.
pub(crate) const COMPOSER: &str = "#composer";

/// A message as it is seen.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Seen {
    pub(crate) id: String,
    /// "Ada used /ldapgroup search", where it answers a command.
    pub(crate) used: String,
    /// The words, without what stands around them.
    pub(crate) text: String,
    pub(crate) is_private: bool,
    /// Whether it is highlighted, because it means the tab's person.
    pub(crate) is_ping: bool,
    /// Whether it says "is thinking…".
    pub(crate) is_thinking: bool,
    /// What its buttons say.
    pub(crate) buttons: Vec<String>,
}

const MESSAGES: &str = "
    const words = (of, part) => [...of.querySelectorAll(`[data-testid=${part}]`)].map((found) => {
        const pictures = [...found.querySelectorAll('[aria-hidden]')];
        return pictures.reduce((all, each) => all.replace(each.innerText ?? '', ''), found.innerText).trim();
    }).join('\\n');
    return [...document.querySelectorAll('[data-testid=message]')].map((message) => ({
        id: message.dataset.id,
        used: words(message, 'used').replaceAll(/\\s+/g, ' '),
        text: words(message, 'content') + words(message, 'failed'),
        is_thinking: words(message, 'thinking') !== '',
        is_private: message.dataset.private === 'true',
        is_ping: message.dataset.pinged === 'true',
        buttons: [...message.querySelectorAll('[data-testid=button]')].map((b) => b.innerText),
    }));";

/// A tab in which one is somebody.
pub(crate) struct Tab<'b> {
    pub(crate) browser: &'b Browser,
    handle: String,
}

impl<'b> Tab<'b> {
    /// Opens the page in the tab that is there, as this person.
    pub(crate) async fn open(browser: &'b Browser, stage: &Stage, who: &str) -> Self {
        let handle = browser.tab().await;
        Self::with(browser, handle, stage, who).await
    }

    /// Opens the page in another tab.
    pub(crate) async fn another(browser: &'b Browser, stage: &Stage, who: &str) -> Self {
        let handle = browser.new_tab().await;
        browser.go_to_tab(&handle).await;
        Self::with(browser, handle, stage, who).await
    }

    async fn with(browser: &'b Browser, handle: String, stage: &Stage, who: &str) -> Self {
        browser.open(&format!("{}?as={who}", stage.web.url())).await;
        let tab = Self { browser, handle };
        tab.find(COMPOSER, "combobox", "Message #connect").await;
        tab
    }

    async fn look(&self) {
        self.browser.go_to_tab(&self.handle).await;
    }

    pub(crate) async fn close(self, next: &Tab<'_>) {
        self.look().await;
        self.browser.close_tab().await;
        next.look().await;
    }

    pub(crate) async fn find(&self, within: &str, role: &str, name: &str) {
        self.look().await;
        self.browser.find(within, role, name).await;
    }

    pub(crate) async fn click(&self, within: &str, role: &str, name: &str) {
        self.look().await;
        self.browser.click(within, role, name).await;
    }

    pub(crate) async fn keys(&self, keys: &str) {
        self.look().await;
        self.browser.keys(keys).await;
    }

    pub(crate) async fn reload(&self) {
        self.look().await;
        self.browser.reload().await;
    }

    /// Goes to a channel, by its link.
    pub(crate) async fn go_to(&self, channel: &str) {
        self.follow(&format!("[data-testid=channel][data-name=\"{channel}\"]")).await;
        self.find(COMPOSER, "combobox", &format!("Message #{channel}")).await;
    }

    /// Becomes another person, by their link.
    pub(crate) async fn become_another(&self, who: &str) {
        self.follow(&format!("[data-testid=person][data-who={who}]")).await;
        let current = format!("[data-testid=person][data-who={who}][aria-current]");
        self.wait_for(&current, |_| true).await;
    }

    /// Clicks on what has more than a name to tell it by.
    async fn follow(&self, selector: &str) {
        self.look().await;
        until(&format!("click on {selector}"), async || {
            let clicked = self.browser.try_click(selector).await;
            if clicked.is_none() {
                // Where there is little room the links are in a drawer.
                self.browser.try_click("#open-sidebar").await;
            }
            clicked
        })
        .await;
    }

    /// Waits until there is such a thing with such words.
    pub(crate) async fn wait_for(&self, selector: &str, is_it: impl Fn(&str) -> bool) -> String {
        self.look().await;
        until(&format!("see {selector}"), async || {
            let script = "return document.querySelector(arguments[0])?.innerText ?? null;";
            let words = self.browser.script(script, json!([selector])).await;
            words.as_str().filter(|words| is_it(words)).map(str::to_owned)
        })
        .await
    }

    /// Begins to write, by clicking where one writes.
    pub(crate) async fn write(&self, channel: &str, keys: &str) {
        self.click(COMPOSER, "combobox", &format!("Message #{channel}")).await;
        self.keys(keys).await;
    }

    /// What is seen of the channel, oldest first.
    pub(crate) async fn messages(&self) -> Vec<Seen> {
        self.look().await;
        let seen = self.browser.script(MESSAGES, json!([])).await;
        serde_json::from_value(seen).unwrap()
    }

    /// Waits for a message, the newest if there are several.
    pub(crate) async fn message(&self, what: &str, is_it: impl Fn(&Seen) -> bool) -> Seen {
        until(&format!("see {what}"), async || {
            self.messages().await.into_iter().rev().find(|message| is_it(message))
        })
        .await
    }

    /// Waits for a message with these words.
    pub(crate) async fn words(&self, words: &str) -> Seen {
        self.message(&format!("{words:?}"), |message| message.text.contains(words)).await
    }

    /// Presses a button of a message.
    pub(crate) async fn press(&self, message: &Seen, button: &str) {
        self.click(&format!("[data-id=\"{}\"]", message.id), "button", button).await;
    }
}
