//! How the page is looked at, and pictures of it.

use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sandbox::discord::Who;
use serde_json::json;

use crate::browser::{Browser, ENTER};
use crate::scenes::ask;
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

/// Saves what is seen, as PNG.
pub(crate) async fn save(browser: &Browser, file: &Path) {
    let picture = STANDARD.decode(browser.screenshot().await).unwrap();
    std::fs::write(file, picture).unwrap();
}

/// Takes every picture of the documents: a search, a request, an approval, in each look.
pub(crate) async fn take_pictures(browser: &Browser, folder: &Path) {
    std::fs::create_dir_all(folder).unwrap();
    for look in Look::ALL {
        let stage = Stage::start().await;
        look.take_on(browser).await;
        let tab = Tab::open(browser, &stage, "member").await;
        tab.write("connect", &format!("/ldapgroup search acc{ENTER}")).await;
        tab.words("accounting2").await;
        look.save(browser, folder, "search").await;
        ask(&tab, "accounting2", "for the budget app").await;
        look.save(browser, folder, "request").await;
        let tab = Tab::open(browser, &stage, "admin").await;
        tab.go_to("connect-requests").await;
        let card = tab.words("for the budget app").await;
        tab.press(&card, "Approve").await;
        tab.message("the outcome", |now| now.id == card.id && now.buttons.is_empty()).await;
        let other = stage.sandbox.discord.person(Who::OtherMember);
        let options = [("name", "accounting-emea".into()), ("reason", "for the audit".into())];
        other.slash("create", &options).await;
        tab.words("for the audit").await;
        look.save(browser, folder, "approval").await;
        stage.end().await;
    }
    println!("The pictures are in {}.", folder.display());
}
