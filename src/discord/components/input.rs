//! What somebody wrote into a form.

use serenity::all::{ActionRowComponent, ModalInteraction};

/// The input of a form that asks why.
pub(super) const REASON: &str = "reason";

/// What was written into an input of a form.
pub(super) fn input<'f>(form: &'f ModalInteraction, name: &str) -> Option<&'f str> {
    let inputs = form.data.components.iter().flat_map(|row| &row.components);
    inputs.into_iter().find_map(|component| match component {
        ActionRowComponent::InputText(input) if input.custom_id == name => input.value.as_deref(),
        _ => None,
    })
}
