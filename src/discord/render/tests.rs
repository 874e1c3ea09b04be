//! Whatever names say, what people read keeps to Discord's limits.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Instant;

use proptest::prelude::*;

use super::choices::MAX_CHOICES;
use super::*;
use crate::group::{Prefix, RemoteGroup};
use crate::ldapgroup::InUseBy;
use crate::text::utf16_len;
use crate::tickets::Search;

fn group(name: &str, guid: Option<&str>) -> RemoteGroup {
    let group = serde_json::json!({ "name": name, "guid": guid, "temp_ticket": "secret" });
    serde_json::from_value(group).unwrap()
}

/// What Connect's guids look like, and the longest that the bot takes.
const GUIDS: [&str; 2] = [
    "6f300623-1e0c-48e6-a473-ddf630c0c0c3",
    "0123456789012345678901234567890123456789012345678901234567890123",
];

fn found(prefix: &str, names: &[String]) -> Search {
    holding(prefix, names, |_| None)
}

/// The guid of each group by its number.
fn holding<'g>(prefix: &str, names: &[String], guid: impl Fn(usize) -> Option<&'g str>) -> Search {
    let names = names.iter().enumerate();
    let groups: Vec<_> = names.map(|(at, name)| group(name, guid(at))).collect();
    let prefix = Prefix::parse(prefix).unwrap();
    Search { prefix, groups: Arc::from(groups), taken: Instant::now() }
}

/// Names with what Discord's markdown and people's eyes stumble over.
pub(in crate::discord) fn hostile() -> impl Strategy<Value = String> {
    prop_oneof!["[a-z`@<>*_|\\\\ \u{202e}\u{0}営🦀]{1,80}", "`{1,200}", "(営🦀`){1,400}", ".{1,60}",]
}

proptest! {
    #[test]
    fn any_page_fits_a_message_and_stays_in_its_block(
        prefix in "[^\\s].{0,300}",
        names in prop::collection::vec(hostile(), 0..90),
        guid in prop::option::of(0..GUIDS.len()),
    ) {
        let guid = |at| guid.filter(|_| at % 20 > 0).map(|guid| GUIDS[guid]);
        let found = holding(&prefix, &names, guid);
        for page in 0..=names.len().div_ceil(20) {
            let reply = search(&found, page);
            prop_assert!(utf16_len(&reply.content) <= MAX_CONTENT);
            prop_assert_eq!(reply.content.matches("```").count(), 2 * usize::from(!names.is_empty()));
            prop_assert!(!reply.content.contains("secret"));
            let rows = reply.content.lines().filter(|line| {
                line.ends_with("  NULL") || GUIDS.iter().any(|guid| line.ends_with(guid))
            });
            let left = names.len() - 20 * page.min(names.len().saturating_sub(1) / 20);
            prop_assert_eq!(rows.count(), left.min(20));
            for button in &reply.buttons {
                prop_assert!(utf16_len(&button.custom_id) <= 100, "{}", button.custom_id);
            }
        }
    }

    #[test]
    fn any_menu_is_one_that_discord_takes_and_whose_picks_are_found_again(
        names in prop::collection::vec(hostile(), 0..60),
    ) {
        let found = found("x", &names);
        let all: Vec<_> = found.groups.iter().map(|group| group.name.clone()).collect();
        for page in 0..3 {
            let Some(menu) = search(&found, page).menu else { continue };
            prop_assert!((1..=MAX_CHOICES).contains(&menu.options.len()));
            let values: HashSet<_> = menu.options.iter().map(|option| &option.value).collect();
            prop_assert_eq!(values.len(), menu.options.len());
            for Choice { name, value } in &menu.options {
                prop_assert!((1..=MAX_CHOICE).contains(&utf16_len(name)), "{}", name);
                prop_assert!((1..=MAX_CHOICE).contains(&utf16_len(value)), "{}", value);
                prop_assert!(all.iter().any(|name| name.as_str() == value.trim()), "{}", value);
            }
        }
    }

    #[test]
    fn any_refusal_fits_a_message(
        name in hostile(),
        near in prop::collection::vec(hostile(), 0..30),
    ) {
        let names = |names: &[String]| -> Vec<GroupName> {
            names.iter().filter_map(|name| GroupName::parse(name).ok()).collect()
        };
        prop_assume!(!name.trim().is_empty());
        let (name, near) = (GroupName::parse(&name).unwrap(), names(&near));
        let longest = Guid::trusted("g".repeat(64));
        for refused in [
            Refusal::NoSuchGroup { name: name.clone(), near: near.clone() },
            Refusal::Ambiguous { name: name.clone(), found: [near, vec![name.clone()]].concat() },
            Refusal::InOtherCase { name: name.clone(), there: name.clone(), guid: longest },
            Refusal::InUse { name, guid: None, by: InUseBy::AnotherGroup },
        ] {
            prop_assert!(utf16_len(&group_refusal(&refused)) <= MAX_CONTENT);
        }
    }

    #[test]
    fn any_suggestion_is_one_that_discord_takes(
        names in prop::collection::vec(hostile(), 0..60),
        typed in ".{0,3}",
    ) {
        let found = [Arc::new(found("x", &names))];
        let choices = typed_first(&typed, choices(&found, &typed));
        prop_assert!(choices.len() <= MAX_CHOICES);
        for Choice { name, value } in choices {
            prop_assert!((1..=MAX_CHOICE).contains(&utf16_len(&name)), "{}", name);
            prop_assert!((1..=MAX_CHOICE).contains(&utf16_len(&value)), "{}", value);
        }
    }
}
