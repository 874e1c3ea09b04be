//! The alert rules, the dashboard and the runbook, held against what the program says of itself.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fs;
use std::path::Path;

use sandbox::discord::{Fault, Route, Times, Who};
use serde_json::Value;

use crate::http::{get, probed};
use crate::world::{Setup, run_test_with};

const RULES: &str = include_str!("../../docs/prometheus-rules.yml");
const DASHBOARD: &str = include_str!("../../docs/grafana-dashboard.json");
const RUNBOOK: &str = include_str!("../../docs/runbook.md");

/// What Prometheus adds to every metric, and to a histogram's.
const ADDED: [&str; 3] = ["instance", "job", "le"];

/// The labels of each metric that there is.
fn metrics(text: &str) -> BTreeMap<String, HashSet<String>> {
    let mut metrics: BTreeMap<String, HashSet<String>> = BTreeMap::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let (name, rest) = line.split_once(['{', ' ']).unwrap();
        let of = metrics.entry(name.to_owned()).or_default();
        of.extend(labels(rest));
    }
    metrics
}

/// The names before each `="`, `=~"`, `!="` and `!~"`.
fn labels(selector: &str) -> impl Iterator<Item = String> {
    selector.split('"').step_by(2).filter_map(|piece| {
        let piece = piece.trim_end_matches(['=', '~', '!']);
        let name = piece.rsplit([',', '{', ' ']).next()?;
        (!name.is_empty() && name.chars().all(is_of_name)).then(|| name.to_owned())
    })
}

fn is_of_name(c: char) -> bool {
    c.is_ascii_lowercase() || c == '_'
}

/// Every metric of the bot's in an expression, with the labels that are asked of it.
fn asked(expression: &str) -> Vec<(&str, Vec<String>)> {
    let found = expression.match_indices("ldapgroup_").map(|(at, _)| {
        let rest = &expression[at..];
        let end = rest.find(|c| !is_of_name(c)).unwrap_or(rest.len());
        let selector = rest[end..].strip_prefix('{').and_then(|rest| rest.split_once('}'));
        (&rest[..end], selector.map_or(Vec::new(), |(selector, _)| labels(selector).collect()))
    });
    found.collect()
}

/// The labels in each `by (…)`.
fn grouped(expression: &str) -> impl Iterator<Item = &str> {
    let by = expression.split("by (").skip(1).filter_map(|rest| rest.split_once(')'));
    by.flat_map(|(labels, _)| labels.split(", "))
}

/// Every text beneath a value under this name.
fn under<'v>(name: &str, value: &'v Value) -> Vec<&'v str> {
    match value {
        Value::Object(fields) => fields
            .iter()
            .flat_map(|(key, value)| match value.as_str() {
                Some(text) if key == name => vec![text],
                _ => under(name, value),
            })
            .collect(),
        Value::Array(values) => values.iter().flat_map(|value| under(name, value)).collect(),
        _ => Vec::new(),
    }
}

/// What a bot shows that has asked Connect, posted a request and been called too fast, in either way
/// in which interactions come.
fn there() -> BTreeMap<String, HashSet<String>> {
    let mut there = BTreeMap::new();
    for over_http in [false, true] {
        let (setup, address) = probed();
        let setup = Setup { over_http: Some(over_http), ..setup };
        run_test_with(setup, async |world| {
            let limited = Fault::RateLimited { retry_after: 0.1, global: false };
            world.discord.fail(Route::CreateMessage, limited, Times::Once);
            world.asked_by(Who::Member).await;
            there.extend(metrics(&get(address, "/metrics").await.1));
        });
    }
    there
}

#[test]
fn the_rules_and_the_dashboard_ask_for_what_there_is_and_the_dashboard_for_all_of_it() {
    let there = there();
    let holds = |expression: &str| {
        let asked = asked(expression);
        for (name, labels) in &asked {
            let of = there.get(*name).unwrap_or_else(|| panic!("no {name}: {expression}"));
            for label in labels {
                let is_there = of.contains(label) || ADDED.contains(&label.as_str());
                assert!(is_there, "{name} has no label {label}: {expression}");
            }
        }
        for label in grouped(expression) {
            let is_there = asked.iter().any(|(name, _)| there[*name].contains(label));
            assert!(is_there || ADDED.contains(&label), "no {label}: {expression}");
        }
    };
    holds(RULES);
    let dashboard: Value = serde_json::from_str(DASHBOARD).unwrap();
    let shown = ["expr", "query"].map(|name| under(name, &dashboard)).concat();
    for expression in &shown {
        holds(expression);
    }

    let shown = shown.concat();
    for name in there.keys() {
        let parts = ["_bucket", "_sum", "_count"];
        let name = parts.iter().find_map(|part| name.strip_suffix(part)).unwrap_or(name);
        assert!(shown.contains(name), "the dashboard doesn't show {name}");
    }
}

/// The names of the alerts.
fn alerts() -> Vec<&'static str> {
    RULES.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")).collect()
}

#[test]
fn the_runbook_has_an_entry_for_each_alert_and_for_no_other() {
    let entries = RUNBOOK.lines().filter_map(|line| line.strip_prefix("### `LdapgroupBot"));
    let entries: Vec<_> = entries.map(|entry| entry.trim_end_matches('`')).collect();
    let alerts: Vec<_> =
        alerts().into_iter().map(|alert| alert.strip_prefix("LdapgroupBot").unwrap()).collect();
    assert_eq!(entries, alerts);
}

#[test]
fn the_runbook_has_an_entry_for_each_trouble_that_admins_are_told_of() {
    let (setup, address) = probed();
    run_test_with(setup, async |_| {
        let text = get(address, "/metrics").await.1;
        let troubles = text.lines().filter_map(|line| {
            line.strip_prefix("ldapgroup_trouble_age_seconds{trouble=\"")?.split('"').next()
        });
        let troubles: Vec<_> = troubles.collect();
        assert!(!troubles.is_empty(), "{text}");
        for trouble in troubles {
            assert!(RUNBOOK.contains(&format!("\n### `{trouble}`\n")), "no {trouble}");
        }
    });
}

/// The texts in the code beneath a folder or in a file, but for its tests: what is filled in is `…`.
fn texts(path: &Path) -> BTreeSet<String> {
    if path.is_dir() {
        let files = fs::read_dir(path).unwrap().map(|file| file.unwrap().path());
        let files =
            files.filter(|file| !file.file_name().unwrap().to_string_lossy().contains("tests"));
        return files.flat_map(|file| texts(&file)).collect();
    }
    let code = fs::read_to_string(path).unwrap();
    let code = code.split("#[cfg(test)]").next().unwrap_or_default();
    let mut texts = BTreeSet::new();
    let mut rest = without_comments(code);
    while let Some((_, begun)) = rest.split_once('"') {
        let mut end = 0;
        while !begun[end..].starts_with('"') {
            end += if begun[end..].starts_with('\\') {
                2
            } else {
                begun[end..].chars().next().unwrap().len_utf8()
            };
        }
        texts.insert(with_gaps(&begun[..end]));
        rest = begun[end + 1..].to_owned();
    }
    texts
}

fn without_comments(code: &str) -> String {
    let lines = code.lines().map(|line| {
        let is_comment = line.trim_start().starts_with("//");
        if is_comment { "" } else { line }
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// A text as somebody reads it, with `…` for what is filled in.
fn with_gaps(literal: &str) -> String {
    let mut text = String::new();
    for (number, piece) in literal.split('{').enumerate() {
        match piece.split_once('}') {
            Some((_, after)) if number > 0 => text.extend(["…", after]),
            _ => text.push_str(piece),
        }
    }
    flat(&text.replace("\\n", " ").replace('\\', ""))
}

fn flat(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What the runbook quotes.
fn quoted() -> BTreeSet<String> {
    RUNBOOK.lines().filter_map(|line| line.strip_prefix("> - ")).map(flat).collect()
}

#[test]
fn the_runbook_quotes_every_finding_and_every_sentence_that_names_who_runs_what_and_no_other() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let is_sentence = |text: &String| text.split(' ').count() > 4;
    let refused = texts(&source.join("requests/store/schema.rs"));
    let refused = refused.into_iter().filter(|text| text.starts_with("DATABASE_URL: "));
    let refused = refused.map(|text| text.replacen("DATABASE_URL", "`DATABASE_URL`", 1));
    let findings = texts(&source.join("check")).into_iter().chain(refused).filter(is_sentence);
    let said = texts(&source.join("discord/messages")).into_iter();
    let said = said.filter(|text| text.to_lowercase().contains("whoever runs"));
    let wanted: BTreeSet<_> = findings.chain(said).collect();
    let quoted = quoted();
    let [missing, stale] = [wanted.difference(&quoted), quoted.difference(&wanted)];
    let (missing, stale): (Vec<_>, Vec<_>) = (missing.collect(), stale.collect());
    assert!(missing.is_empty() && stale.is_empty(), "missing: {missing:#?}, stale: {stale:#?}");
}
