//! `.env.example` and the configuration say the same.

use std::collections::BTreeMap;

use ldapgroup_bot::config::{Config, Environment, VARIABLES};
use secrecy::ExposeSecret;

const EXAMPLE: &str = include_str!("../../.env.example");

/// What someone fills in who sets no more than they must.
const FILLED_IN: [(&str, &str); 5] = [
    ("DISCORD_TOKEN", "token"),
    ("DISCORD_GUILD_IDS", "1098231477641412618"),
    ("ADMIN_ROLE_IDS", "1098231605102248027"),
    ("CONNECT_SERVER", "https://connect.example.com"),
    ("CONNECT_API_KEY", "key"),
];

/// The line with the setting that it holds put in force: `#NAME=default` is one, `# Prose` isn't.
fn uncommented(line: &str) -> &str {
    match line.strip_prefix('#') {
        Some(setting) if setting.starts_with(|c: char| c.is_ascii_uppercase()) => setting,
        Some(_) | None => line,
    }
}

/// The settings as the bot reads them from a file.
fn settings(file: &str) -> Vec<(String, String)> {
    dotenvy::from_read_iter(file.as_bytes()).collect::<Result<_, _>>().unwrap()
}

fn all_settings() -> Vec<(String, String)> {
    settings(&EXAMPLE.lines().map(uncommented).collect::<Vec<_>>().join("\n"))
}

fn filled_in(settings: Vec<(String, String)>) -> Config {
    let mut settings: BTreeMap<_, _> = settings.into_iter().collect();
    settings.extend(FILLED_IN.map(|(name, value)| (name.to_owned(), value.to_owned())));
    Config::read(&Environment::of_pairs(settings)).unwrap()
}

#[test]
fn it_holds_every_variable_once_and_nothing_else_in_the_order_of_the_program() {
    let names: Vec<_> = all_settings().into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, VARIABLES);
}

#[test]
fn as_it_stands_it_lacks_just_what_must_be_filled_in() {
    let settings = settings(EXAMPLE);
    let names: Vec<_> = settings.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, FILLED_IN.map(|(name, _)| name));
    let problems = Config::read(&Environment::of_pairs(settings)).unwrap_err();
    let mut missing: Vec<_> =
        problems.0.iter().filter_map(|problem| problem.split_once(": is missing")).collect();
    missing.sort_unstable();
    let mut wanted = FILLED_IN.map(|(name, _)| name);
    wanted.sort_unstable();
    assert_eq!(missing.iter().map(|(name, _)| *name).collect::<Vec<_>>(), wanted);
    assert_eq!(problems.0.len(), missing.len(), "{problems}");
}

#[test]
fn the_defaults_that_it_names_are_those_of_the_program() {
    let bare = filled_in(settings(EXAMPLE));
    let spelt_out = filled_in(all_settings());
    // Secrets don't print; of those with a default there is one.
    assert_eq!(format!("{spelt_out:#?}"), format!("{bare:#?}"));
    assert_eq!(spelt_out.database_url.expose_secret(), bare.database_url.expose_secret());
    assert_eq!(format!("{bare:?}"), format!("{:?}", filled_in(Vec::new())));
}

#[test]
fn each_default_is_written_out_where_there_is_one() {
    let blank: Vec<_> = all_settings()
        .into_iter()
        .filter_map(|(name, value)| value.is_empty().then_some(name))
        .collect();
    assert_eq!(
        blank,
        [
            "DISCORD_TOKEN",
            "DISCORD_TOKEN_FILE",
            "DISCORD_GUILD_IDS",
            "ADMIN_ROLE_IDS",
            "ADMIN_USER_IDS",
            "REQUESTER_ROLE_IDS",
            "ALLOWED_CHANNEL_IDS",
            "REQUESTS_CHANNEL_ID",
            "CONNECT_SERVER",
            "CONNECT_API_KEY",
            "CONNECT_API_KEY_FILE",
            "CONNECT_CA_FILE",
            "HISTORY_TTL",
            "DISCORD_PUBLIC_KEY",
            "HTTPS_PROXY",
            "ALL_PROXY",
            "NO_PROXY",
        ]
    );
}
