//! What components and forms carry in their `custom_id`: written and read here alone.

use std::fmt;
use std::time::UNIX_EPOCH;

use crate::group::Prefix;
use crate::request::Request;
use crate::requests::Listing;
use crate::text::is_carried;

/// Discord's limit for a `custom_id`, in UTF-16 units.
const MAX: usize = 100;

/// The id under which it is kept what an admin picked, until they say yes.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(super) struct PickId(pub(super) u64);

/// What somebody wants who pressed, picked or filled in something under a message of the bot's.
#[derive(Debug, Eq, PartialEq)]
pub(super) enum CustomId<'a> {
    /// The menu of groups to bring into Connect. Its values are names.
    Pick,
    /// The form that asks what picked groups are wanted for.
    Ask,
    /// To approve a request.
    Approve(i64),
    /// To deny it; also the form that asks why.
    Deny(i64),
    /// To try it again.
    Retry(i64),
    /// To take a request back, or to leave it. Beside its number when it was made, in milliseconds:
    /// after a reinstallation another request has that number.
    TakeBack { request: i64, made: u64 },
    /// Another page of a search.
    Search { page: usize, prefix: &'a str },
    /// To search again; the page is the one that is there.
    SearchAgain { page: usize, prefix: &'a str },
    /// To create what was picked. It is kept under this id.
    Create(PickId),
    /// Not to create it.
    Leave(PickId),
    /// Another page of requests of a kind.
    Requests { kind: Listing, page: usize },
    /// Another page of a group's history.
    History { name: &'a str, page: usize },
}

impl<'a> CustomId<'a> {
    /// That of a page of a search; nothing if no field can carry the prefix.
    pub(super) fn search(page: usize, prefix: &'a Prefix) -> Option<Self> {
        let (head, prefix) = (Self::Search { page, prefix: "" }, prefix.as_str());
        head.has_room_for(prefix).then_some(Self::Search { page, prefix })
    }

    /// That of the button that searches again, as [`CustomId::search`].
    pub(super) fn search_again(page: usize, prefix: &'a Prefix) -> Option<Self> {
        let (head, prefix) = (Self::SearchAgain { page, prefix: "" }, prefix.as_str());
        head.has_room_for(prefix).then_some(Self::SearchAgain { page, prefix })
    }

    /// That of a page of a group's history; nothing if no field can carry the name.
    pub(super) fn history(page: usize, name: &'a str) -> Option<Self> {
        let rest = Self::History { name: "", page };
        rest.has_room_for(name).then_some(Self::History { name, page })
    }

    /// Whether the field carries this beside what is in it.
    fn has_room_for(&self, text: &str) -> bool {
        is_carried(text, MAX - self.to_string().len())
    }

    /// That of the button by which somebody takes a request back.
    pub(super) fn take_back(request: &Request) -> Self {
        Self::TakeBack { request: request.id, made: made(request) }
    }

    /// Reads one; nothing if it isn't of this version.
    pub(super) fn parse(text: &'a str) -> Option<Self> {
        let (verb, rest) = text.split_once(':').unwrap_or((text, ""));
        let number = || rest.parse().ok();
        Some(match verb {
            "pick" => Self::Pick,
            "ask" => Self::Ask,
            "approve" => Self::Approve(number()?),
            "deny" => Self::Deny(number()?),
            "retry" => Self::Retry(number()?),
            "takeback" => {
                let (request, made) = rest.split_once(':')?;
                Self::TakeBack { request: request.parse().ok()?, made: made.parse().ok()? }
            }
            "page" => {
                let (page, prefix) = rest.split_once(':')?;
                Self::Search { page: page.parse().ok()?, prefix }
            }
            "again" => {
                let (page, prefix) = rest.split_once(':')?;
                Self::SearchAgain { page: page.parse().ok()?, prefix }
            }
            "create" => Self::Create(PickId(rest.parse().ok()?)),
            "leave" => Self::Leave(PickId(rest.parse().ok()?)),
            "requests" => {
                let (kind, page) = rest.split_once(':')?;
                Self::Requests { kind: Listing::parse(kind)?, page: page.parse().ok()? }
            }
            "history" => {
                let (name, page) = rest.rsplit_once(':')?;
                Self::History { name, page: page.parse().ok()? }
            }
            _ => return None,
        })
    }
}

/// When a request was made, in milliseconds of Unix time.
pub(super) fn made(request: &Request) -> u64 {
    let made = request.created_at.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(made.as_millis()).unwrap_or(u64::MAX)
}

impl fmt::Display for CustomId<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pick => f.write_str("pick"),
            Self::Ask => f.write_str("ask"),
            Self::Approve(request) => write!(f, "approve:{request}"),
            Self::Deny(request) => write!(f, "deny:{request}"),
            Self::Retry(request) => write!(f, "retry:{request}"),
            Self::TakeBack { request, made } => write!(f, "takeback:{request}:{made}"),
            Self::Search { page, prefix } => write!(f, "page:{page}:{prefix}"),
            Self::SearchAgain { page, prefix } => write!(f, "again:{page}:{prefix}"),
            Self::Create(PickId(pick)) => write!(f, "create:{pick}"),
            Self::Leave(PickId(pick)) => write!(f, "leave:{pick}"),
            Self::Requests { kind, page } => write!(f, "requests:{}:{page}", kind.as_str()),
            Self::History { name, page } => write!(f, "history:{name}:{page}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::State;

    #[test]
    fn what_is_written_is_read_again() {
        let prefix = Prefix::parse("a:b 営業").unwrap();
        let written = [
            CustomId::Pick,
            CustomId::Ask,
            CustomId::Approve(1),
            CustomId::Deny(i64::MAX),
            CustomId::Retry(7),
            CustomId::TakeBack { request: 7, made: 1_790_000_000_000 },
            CustomId::search(3, &prefix).unwrap(),
            CustomId::search_again(0, &prefix).unwrap(),
            CustomId::Create(PickId(u64::MAX)),
            CustomId::Leave(PickId(0)),
            CustomId::Requests { kind: Listing::Open, page: 0 },
            CustomId::Requests { kind: Listing::All, page: 1 },
            CustomId::Requests { kind: Listing::In(State::Denied), page: 12 },
            CustomId::history(2, "a:b").unwrap(),
        ];
        for custom_id in written {
            assert_eq!(CustomId::parse(&custom_id.to_string()), Some(custom_id));
        }
    }

    #[test]
    fn what_this_version_does_not_write_is_not_read() {
        for foreign in [
            "",
            "approve",
            "approve:x",
            "page:1",
            "again:1",
            "create:-1",
            "requests:x:0",
            "history:a",
            "takeback:1",
            "x:1",
        ] {
            assert_eq!(CustomId::parse(foreign), None, "{foreign}");
        }
    }
}
