//! What an admin picked in a menu, before it is created.

use std::fmt::Write as _;

use serenity::all::ButtonStyle;

use super::markdown::{listed_span, name_span};
use super::reply::{Button, MAX_CONTENT, Reply};
use crate::discord::custom_id::{CustomId, PickId};
use crate::text::{count, utf16_len};

/// The UTF-16 units of a name among many, from all to the least.
const WIDTHS: [usize; 3] = [100, 70, 50];

/// The question whether to create these.
pub(in crate::discord) fn confirm(names: &[String], id: PickId) -> Reply {
    let content = match names {
        [name] => format!("Create {} in Connect?", listed_span(name)),
        names => several(names),
    };
    let buttons = vec![
        Button::new("Create", &CustomId::Create(id), ButtonStyle::Success),
        Button::new("Cancel", &CustomId::Leave(id), ButtonStyle::Secondary),
    ];
    Reply { buttons, ..Reply::ephemeral(content) }
}

/// They thought better of it.
pub(in crate::discord) fn left() -> Reply {
    Reply::ephemeral("Nothing was created.")
}

/// What was picked isn't known any more.
pub(in crate::discord) fn gone() -> Reply {
    Reply::ephemeral(
        "This press did nothing: what you picked was dealt with already, or is too long ago. Search \
         again to see what is in Connect.",
    )
}

fn several(names: &[String]) -> String {
    let mut content = String::new();
    for width in WIDTHS {
        content = format!("Create these {} in Connect?", names.len());
        let mut cut = 0;
        for name in names {
            let (span, is_cut) = name_span(name, width);
            let _ = write!(content, "\n- {span}");
            cut += usize::from(is_cut);
        }
        if cut > 0 {
            let are = if cut == 1 { "is" } else { "are" };
            let _ = write!(content, "\n-# {} {are} cut here, at `…`.", count(cut, "name"));
        }
        if utf16_len(&content) <= MAX_CONTENT {
            break;
        }
    }
    content
}
