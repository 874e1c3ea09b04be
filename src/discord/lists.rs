//! Lists, their pages, and what is suggested to someone who types.

use serenity::all::AutocompleteChoice;

use super::cards::{self, Card};
use super::parse::Typed;
use super::{Bot, render};
use crate::access::Actor;
use crate::connect::CorrelationId;
use crate::group::{Abbreviation, SEARCH_LIMIT};
use crate::ldapgroup::{Caller, Stop};
use crate::request::State;

/// Entries of a list on one page: more of the longest ones don't fit a message.
const PER_PAGE: usize = 8;

/// Entries to choose suggestions from: Discord shows 25.
const MANY: usize = 25;

/// Requests to choose from, of one's own and of others: a letter typed is no reason to look at all.
const MOST: u32 = 100;

impl Bot {
    /// A page of the requests that the actor may see.
    pub(super) async fn list_requests(
        &self,
        actor: &Actor,
        state: Option<State>,
        page: usize,
    ) -> Result<Card, Stop> {
        let listed = self.requests.list(actor, state, page, PER_PAGE).await?;
        Ok(cards::requests(&listed, state))
    }

    /// A page of what happened to a group, for admins.
    pub(super) async fn list_history(
        &self,
        actor: &Actor,
        typed: &str,
        page: usize,
    ) -> Result<Card, Stop> {
        self.requests.admin(actor)?;
        let store = self.requests.store();
        let name = match Abbreviation::parse(typed) {
            Some(short) => {
                let known = store.names_like(short.prefix().as_str(), SEARCH_LIMIT).await?;
                short.resolve(&known).map_or_else(|| typed.to_owned(), |name| name.to_string())
            }
            None => typed.to_owned(),
        };
        let listed = store.history(&name.to_lowercase(), page, PER_PAGE).await?;
        Ok(cards::history(&listed, &name))
    }

    /// What to offer; nothing rather than an error, since it is only help.
    pub(super) async fn suggest(
        &self,
        actor: Actor,
        typed: Typed,
        id: CorrelationId,
    ) -> Vec<AutocompleteChoice> {
        match typed {
            Typed::Name(typed) => {
                let (groups, caller) = (self.requests.groups(), Caller::Person(actor));
                // After a comma comes the next name, unless a group is known whose name has it.
                let next =
                    typed.rsplit_once(',').filter(|_| groups.known(&caller, &typed).is_none());
                let last = next.map_or(&typed[..], |(_, last)| last.trim_start());
                let found = groups.suggest(&caller, last, id).await;
                let choices = render::choices(&found, last);
                offered(match next {
                    Some((before, _)) => {
                        let typed = format!("{before}, {last}");
                        render::typed_first(&typed, render::after(before, choices))
                    }
                    None => render::typed_first(last, choices),
                })
            }
            Typed::Request(typed) => {
                let requests = self.requests.cancellable(&actor, MOST).await.unwrap_or_default();
                let choices = cards::request_choices(&requests, &typed, actor.user).into_iter();
                choices.map(|(name, number)| AutocompleteChoice::new(name, number)).collect()
            }
            Typed::Past(typed) => {
                if self.requests.admin(&actor).is_err() {
                    return Vec::new();
                }
                let names = self.requests.store().names_like(&typed, MANY).await;
                offered(render::name_choices(&names.unwrap_or_default()))
            }
        }
    }
}

fn offered(choices: Vec<render::Choice>) -> Vec<AutocompleteChoice> {
    let choices = choices.into_iter();
    choices.map(|choice| AutocompleteChoice::new(choice.name, choice.value)).collect()
}
