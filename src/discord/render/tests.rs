//! Whatever names say, what people read keeps to Discord's limits.

use std::sync::Arc;
use std::time::Instant;

use proptest::prelude::*;

use super::choices::MAX_CHOICES;
use super::*;
use crate::group::{Prefix, RemoteGroup};
use crate::ldapgroup::InUseBy;

fn group(name: &str, guid: Option<&str>) -> RemoteGroup {
    let group = serde_json::json!({ "name": name, "guid": guid, "temp_ticket": "secret" });
    serde_json::from_value(group).unwrap()
}

fn found(prefix: &str, names: &[String]) -> Search {
    let groups: Vec<_> = names.iter().map(|name| group(name, None)).collect();
    let prefix = Prefix::parse(prefix).unwrap();
    Search { prefix, groups: Arc::from(groups), taken: Instant::now() }
}

/// Names with what Discord's markdown and people's eyes stumble over.
fn hostile() -> impl Strategy<Value = String> {
    prop_oneof!["[a-z`@<>*_|\\\\ \u{202e}\u{0}営🦀]{1,80}", "`{1,200}", "(営🦀`){1,400}", ".{1,60}",]
}

proptest! {
    #[test]
    fn any_search_fits_a_message_and_stays_in_its_block(
        prefix in "[^\\s].{0,300}",
        names in prop::collection::vec(hostile(), 0..60),
    ) {
        let reply = search(&found(&prefix, &names));
        prop_assert!(units(&reply.content) <= MAX_CONTENT);
        prop_assert!(matches!(reply.content.matches("```").count(), 0 | 2));
        prop_assert_eq!(names.is_empty(), !reply.content.contains("```"));
        prop_assert!(!reply.content.contains("secret"));
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
        for refused in [
            Refusal::NoSuchGroup { name: name.clone(), near: near.clone() },
            Refusal::Ambiguous { name: name.clone(), found: [near, vec![name.clone()]].concat() },
            Refusal::InUse { name, guid: None, by: InUseBy::AnotherGroup },
        ] {
            prop_assert!(units(&refusal(&refused).content) <= MAX_CONTENT);
        }
    }

    #[test]
    fn any_suggestion_is_one_that_discord_takes(
        names in prop::collection::vec(hostile(), 0..60),
        typed in ".{0,3}",
    ) {
        let choices = choices(&found("x", &names), &typed);
        prop_assert!(choices.len() <= MAX_CHOICES);
        for Choice { name, value } in choices {
            prop_assert!((1..=MAX_CHOICE).contains(&units(&name)), "{}", name);
            prop_assert!((1..=MAX_CHOICE).contains(&units(&value)), "{}", value);
        }
    }
}
