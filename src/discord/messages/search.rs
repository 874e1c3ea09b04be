//! What a search found, page by page.

use super::choices::menu;
use super::markdown::{cell, listed_span, sanitize, span};
use super::reply::{Button, MAX_CONTENT, Reply, page_buttons};
use crate::discord::custom_id::CustomId;
use crate::group::{Guid, SEARCH_LIMIT};
use crate::text::{count, group_table, utf16_len};
use crate::tickets::Search;

/// Names take at most so many columns and UTF-16 units of a table.
const MAX_CELL: usize = 48;

/// The groups of one page: what fits a screen, and a menu.
const PER_PAGE: usize = 20;

/// Names take at most so many columns and UTF-16 units of a table. A page whose names are too long
/// for a message has the next; the last is for guids longer than Connect's.
const CELLS: [usize; 5] = [MAX_CELL, 32, 24, 16, 4];

/// The groups that a search found: one page of them, counted from 0, or the last if there aren't so
/// many.
pub(in crate::discord) fn page(search: &Search, page: usize) -> Reply {
    let total = search.groups.len();
    if total == 0 {
        return Reply::public(format!(
            "No LDAP group begins with {}. A search compares the beginning of the name, whatever \
             the case: try fewer letters.",
            span(search.prefix.as_str())
        ));
    }
    let pages = total.div_ceil(PER_PAGE);
    let page = page.min(pages - 1);
    let first = page * PER_PAGE;
    let groups = &search.groups[first..total.min(first + PER_PAGE)];
    let existing = search.groups.iter().filter(|group| group.guid.is_some()).count();
    let head = format!(
        "**{}** {} with {}; {}.\n",
        count(total, "LDAP group"),
        if total == 1 { "begins" } else { "begin" },
        listed_span(search.prefix.as_str()),
        in_connect(existing, total)
    );
    let buttons = page_buttons(page, pages, |to| CustomId::search(to, &search.prefix));
    let place = if pages > 1 { place(page, pages, search, &buttons) } else { String::new() };
    let (menu, unpickable) = menu(groups);
    let next = match &menu {
        Some(_) => "Pick below what to bring into Connect, or use `/ldapgroup create`. ",
        None if unpickable == 0 && existing < total && pages > 1 => {
            "Those that Connect lacks are on other pages."
        }
        None => "",
    };
    let next = format!("{next}{}", unpickable_words(unpickable));
    let names: Vec<_> =
        groups.iter().map(|group| sanitize(group.name.as_str(), MAX_CELL + 1)).collect();
    let mut contents = CELLS.into_iter().map(|max| {
        let cells: Vec<_> = names.iter().map(|name| cell(name, max)).collect();
        let cut = cells.iter().zip(&names).filter(|(cell, name)| cell != name).count();
        let guids = groups.iter().map(|group| group.guid.as_ref().map(Guid::as_str));
        let table = group_table(&cells, guids);
        let mut content = format!("{head}```\n{table}```\n{place}{}{next}", cut_words(cut));
        content.truncate(content.trim_end().len());
        content
    });
    let content = contents.find(|content| utf16_len(content) <= MAX_CONTENT);
    Reply { menu, buttons, ..Reply::public(content.unwrap_or(head)) }
}

fn in_connect(existing: usize, total: usize) -> String {
    match (existing, total) {
        (0, 1) => "Connect doesn't have it yet".to_owned(),
        (1, 1) => "Connect has it".to_owned(),
        (0, _) => "Connect has none of them yet".to_owned(),
        (existing, total) if existing == total => "Connect has all of them".to_owned(),
        (existing, total) => format!("Connect has {existing} of them, {} not", total - existing),
    }
}

fn place(page: usize, pages: usize, search: &Search, buttons: &[Button]) -> String {
    let wanted = usize::from(page > 0) + usize::from(page + 1 < pages);
    let (page, total) = (page + 1, search.groups.len());
    let mut place = if search.is_whole() {
        format!("page {page} of {pages} · {total} found\n")
    } else {
        format!(
            "page {page} of {pages} · {total} shown of at least {total}\nConnect lists at most \
             {SEARCH_LIMIT} groups for one prefix: search for a longer prefix to see others. "
        )
    };
    if buttons.len() < wanted {
        place.push_str(
            "No button can carry this prefix to the other pages: search for a longer one. ",
        );
    }
    place
}

/// What is said of names that no menu can carry.
fn unpickable_words(names: usize) -> String {
    match names {
        0 => String::new(),
        1 => "1 name can't be picked, since no menu can carry it: type it in `/ldapgroup create`."
            .to_owned(),
        _ => format!(
            "{names} names can't be picked, since no menu can carry them: type them in \
             `/ldapgroup create`."
        ),
    }
}

fn cut_words(cut: usize) -> String {
    match cut {
        0 => String::new(),
        1 => "1 name is cut, where it ends in `…`. ".to_owned(),
        _ => format!("{cut} names are cut, where they end in `…`. "),
    }
}
