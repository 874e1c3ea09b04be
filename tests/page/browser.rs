//! A headless Chromium, driven as the standard says: <https://www.w3.org/TR/webdriver2/>.

use std::io;
use std::process::Stdio;
use std::time::Duration;

use reqwest::{Client, Method};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep};

/// How long the page may take to become as it is waited for.
const PATIENCE: Duration = Duration::from_secs(15);

/// Between two looks at the page.
const PAUSE: Duration = Duration::from_millis(25);

/// The key under which the standard names an element.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// Keys that aren't letters. <https://www.w3.org/TR/webdriver2/#keyboard-actions>
pub(crate) const TAB: &str = "\u{e004}";
pub(crate) const ENTER: &str = "\u{e007}";
pub(crate) const ESCAPE: &str = "\u{e00c}";
pub(crate) const DOWN: &str = "\u{e015}";

/// A running browser. It outlives the driver, so it must be told to [`quit`](Self::quit).
pub(crate) struct Browser {
    http: Client,
    session: String,
    driver: Child,
    _profile: TempDir,
}

/// Why the driver says no: the standard's word for it, and a sentence.
#[derive(Debug)]
struct No(String);

/// An element of the page, by the driver's name for it.
pub(crate) struct Element(String);

impl Browser {
    /// Starts chromedriver and a Chromium with an empty profile. `None` if either isn't installed.
    pub(crate) async fn start() -> Option<Self> {
        let mut driver = match driver() {
            Ok(driver) => driver,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
            Err(error) => panic!("chromedriver can't be started: {error}"),
        };
        let url = address(&mut driver).await;
        let profile = tempfile::tempdir().unwrap();
        let http = Client::new();
        let capabilities = capabilities(&profile);
        match call(&http, Method::POST, &format!("{url}/session"), &capabilities).await {
            Ok(session) => {
                let id = session["sessionId"].as_str().unwrap();
                let session = format!("{url}/session/{id}");
                Some(Self { http, session, driver, _profile: profile })
            }
            Err(No(why)) if why.contains("cannot find Chrome binary") => None,
            Err(no) => panic!("there is no session: {no:?}"),
        }
    }

    /// Ends the browser, and then the driver.
    pub(crate) async fn quit(mut self) {
        self.call(Method::DELETE, "", Value::Null).await;
        self.driver.kill().await.unwrap();
    }

    async fn try_call(&self, method: Method, path: &str, body: Value) -> Result<Value, No> {
        let url = format!("{}/{path}", self.session);
        call(&self.http, method, url.trim_end_matches('/'), &body).await
    }

    async fn call(&self, method: Method, path: &str, body: Value) -> Value {
        let answer = self.try_call(method, path, body).await;
        answer.unwrap_or_else(|no| panic!("{path}: {no:?}"))
    }

    async fn ask(&self, path: &str) -> Value {
        self.call(Method::GET, path, Value::Null).await
    }

    async fn tell(&self, path: &str, body: Value) -> Value {
        self.call(Method::POST, path, body).await
    }

    /// Gives one of Chromium's own commands.
    pub(crate) async fn devtools(&self, command: &str, params: Value) {
        self.tell("goog/cdp/execute", json!({"cmd": command, "params": params})).await;
    }

    pub(crate) async fn open(&self, url: &str) {
        self.tell("url", json!({"url": url})).await;
    }

    pub(crate) async fn reload(&self) {
        self.tell("refresh", json!({})).await;
    }

    /// Runs a function's body in the page, and gives what it returns.
    pub(crate) async fn script(&self, body: &str, arguments: Value) -> Value {
        self.tell("execute/sync", json!({"script": body, "args": arguments})).await
    }

    /// Runs a function's body in the page that calls its last argument when it is done.
    pub(crate) async fn later(&self, body: &str) -> Value {
        self.tell("execute/async", json!({"script": body, "args": []})).await
    }

    /// The tab that is driven now.
    pub(crate) async fn tab(&self) -> String {
        self.ask("window").await.as_str().unwrap().to_owned()
    }

    /// Opens another tab, without going to it.
    pub(crate) async fn new_tab(&self) -> String {
        let tab = self.tell("window/new", json!({"type": "tab"})).await;
        tab["handle"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn go_to_tab(&self, handle: &str) {
        self.tell("window", json!({"handle": handle})).await;
    }

    pub(crate) async fn close_tab(&self) {
        self.call(Method::DELETE, "window", Value::Null).await;
    }

    /// Leaves one empty tab, and forgets what pages that have gone complained of.
    pub(crate) async fn begin_anew(&self) {
        let tabs = self.ask("window/handles").await;
        let tabs: Vec<_> = tabs.as_array().unwrap().iter().filter_map(Value::as_str).collect();
        for tab in &tabs[1..] {
            self.go_to_tab(tab).await;
            self.close_tab().await;
        }
        self.go_to_tab(tabs[0]).await;
        self.open("about:blank").await;
        self.complaints().await;
    }

    /// Types, wherever the focus is.
    pub(crate) async fn keys(&self, keys: &str) {
        let presses = keys.chars().flat_map(|key| {
            ["keyDown", "keyUp"].map(|kind| json!({"type": kind, "value": key.to_string()}))
        });
        let keyboard =
            json!({"type": "key", "id": "keyboard", "actions": presses.collect::<Vec<_>>()});
        self.tell("actions", json!({"actions": [keyboard]})).await;
    }

    /// A picture of what is seen, as PNG in base64.
    pub(crate) async fn screenshot(&self) -> String {
        self.ask("screenshot").await.as_str().unwrap().to_owned()
    }

    /// What the page or the browser complained about since the last question.
    pub(crate) async fn complaints(&self) -> Vec<String> {
        let entries = self.tell("se/log", json!({"type": "browser"})).await;
        let entries = entries.as_array().cloned().unwrap_or_default();
        let severe = entries.iter().filter(|entry| entry["level"] == "SEVERE");
        severe.map(|entry| entry["message"].to_string()).collect()
    }

    /// Clicks on what has this role and this accessible name, in the part of the page that the
    /// selector tells, as soon as it can be clicked on.
    pub(crate) async fn click(&self, within: &str, role: &str, name: &str) {
        until(&format!("click on the {role} {name:?} in {within}"), async || {
            let Element(id) = self.seek(within, role, name).await?;
            // It may have been drawn anew, or something may still lie over it.
            self.try_call(Method::POST, &format!("element/{id}/click"), json!({})).await.ok()
        })
        .await;
    }

    /// Clicks on what the selector tells, if it can be clicked on now.
    pub(crate) async fn try_click(&self, selector: &str) -> Option<()> {
        let sought = json!({"using": "css selector", "value": selector});
        let element = self.try_call(Method::POST, "element", sought).await.ok()?;
        let path = format!("element/{}/click", element[ELEMENT].as_str()?);
        self.try_call(Method::POST, &path, json!({})).await.ok().map(drop)
    }

    /// Waits for what has this role and this accessible name.
    pub(crate) async fn find(&self, within: &str, role: &str, name: &str) -> Element {
        let what = format!("find the {role} {name:?} in {within}");
        until(&what, async || self.seek(within, role, name).await).await
    }

    /// What has this role and name now, where it can be seen. The browser itself says which.
    async fn seek(&self, within: &str, role: &str, name: &str) -> Option<Element> {
        let script = "return [...document.querySelectorAll(arguments[0])]
            .filter((found) => found.checkVisibility({visibilityProperty: true}));";
        let selector = format!("{within} :is({})", candidates(role));
        let found = self.script(script, json!([selector])).await;
        for element in found.as_array()? {
            let id = element[ELEMENT].as_str()?;
            let computed = async |what: &str| {
                let path = format!("element/{id}/computed{what}");
                // It may have gone meanwhile.
                self.try_call(Method::GET, &path, Value::Null).await.unwrap_or_default()
            };
            if computed("label").await == name && computed("role").await == role {
                return Some(Element(id.to_owned()));
            }
        }
        None
    }
}

/// Looks again and again until something is found.
pub(crate) async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(Instant::now() < deadline, "it wasn't possible to {what}");
        sleep(PAUSE).await;
    }
}

/// What may have a role, in the terms of HTML.
fn candidates(role: &str) -> &str {
    match role {
        "button" => "button",
        "combobox" => "[role=combobox]",
        "dialog" => "dialog",
        "link" => "a[href]",
        "option" => "[role=option]",
        "switch" => "[role=switch]",
        "textbox" => "input, textarea",
        other => panic!("nobody said what may be a {other}"),
    }
}

fn driver() -> io::Result<Child> {
    Command::new("chromedriver")
        .arg("--port=0")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
}

/// Where the driver listens, as it says itself.
async fn address(driver: &mut Child) -> String {
    let mut lines = BufReader::new(driver.stdout.take().unwrap()).lines();
    while let Some(line) = lines.next_line().await.unwrap() {
        if let Some((_, port)) = line.split_once("started successfully on port ") {
            // It would end if nobody took what it says.
            tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
            return format!("http://127.0.0.1:{}", port.trim_end_matches('.'));
        }
    }
    panic!("chromedriver ended without a word about its port");
}

fn capabilities(profile: &TempDir) -> Value {
    let arguments = [
        "--headless=new",
        // The sandbox needs rights that root and containers don't have; only our own page is opened.
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--lang=en-GB",
        "--window-size=1280,800",
    ];
    let profile = format!("--user-data-dir={}", profile.path().display());
    let arguments: Vec<_> = arguments.into_iter().chain([profile.as_str()]).collect();
    json!({"capabilities": {"alwaysMatch": {
        "browserName": "chrome",
        "goog:chromeOptions": {"args": arguments},
        "goog:loggingPrefs": {"browser": "ALL"},
    }}})
}

async fn call(http: &Client, method: Method, url: &str, body: &Value) -> Result<Value, No> {
    let mut request = http.request(method, url);
    if !body.is_null() {
        request = request.json(body);
    }
    let answer = request.send().await.expect("the driver answers");
    let is_well = answer.status().is_success();
    let mut answer: Value = answer.json().await.expect("the driver speaks JSON");
    let value = answer["value"].take();
    if is_well { Ok(value) } else { Err(No(format!("{}: {}", value["error"], value["message"]))) }
}
