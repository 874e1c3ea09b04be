//! The page's own files, which are part of the program.

use axum::{
    extract::Path,
    http::header::CONTENT_TYPE,
    response::{IntoResponse, Response},
};

use super::guard::Refused;

/// Names and contents of files in `page/`.
macro_rules! files {
    ($($name:literal)*) => {
        &[$(($name, include_str!(concat!("page/", $name)))),*]
    };
}

/// What `/assets/` holds.
const ASSETS: &[(&str, &str)] = files! {
    "ago.js" "api.js" "app.js" "base.css" "box.js" "command.js" "components.css" "components.js" "composer.js"
    "controls.css" "controls.js" "dom.js" "drawers.js" "embed.js" "field.js" "form.js" "icon.svg"
    "icons.js" "layout.css" "log.js" "markdown.js" "menu.js" "message.js" "messages.css" "model.js"
    "offers.js" "panel.js" "sidebar.js" "suggest.js" "text.js" "theme.js" "time.js" "welcome.js"
};

/// The type of the file's content.
fn kind(name: &str) -> &'static str {
    match name.rsplit_once('.') {
        Some((_, "css")) => "text/css; charset=utf-8",
        Some((_, "html")) => "text/html; charset=utf-8",
        Some((_, "svg")) => "image/svg+xml",
        Some(_) | None => "text/javascript; charset=utf-8",
    }
}

/// `GET /`
pub(super) async fn index() -> Response {
    ([(CONTENT_TYPE, kind("index.html"))], include_str!("page/index.html")).into_response()
}

/// `GET /assets/{name}`
pub(super) async fn asset(Path(name): Path<String>) -> Result<Response, Refused> {
    let found = ASSETS.iter().find(|(known, _)| *known == name);
    let (_, content) = found.ok_or_else(Refused::not_found)?;
    Ok(([(CONTENT_TYPE, kind(&name))], *content).into_response())
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, fs, path::Path};

    use super::*;

    #[test]
    fn every_file_of_the_page_is_served() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/web/page");
        let files = fs::read_dir(folder).expect("the folder is there");
        let names = files.map(|file| file.expect("it can be read").file_name());
        let mut names: BTreeSet<_> =
            names.map(|name| name.into_string().expect("it is a word")).collect();
        names.retain(|name| !name.ends_with(".test.mjs") && name != "package.json");
        let served = ASSETS.iter().map(|(name, _)| (*name).to_owned());
        assert_eq!(served.chain(["index.html".to_owned()]).collect::<BTreeSet<_>>(), names);
    }
}
