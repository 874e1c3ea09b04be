// A form that the bot opens: a dialog over the page.

import { freshId, h } from "./dom.js";
import { icon } from "./icons.js";
import { Refused } from "./api.js";
import { textNodes } from "./text.js";

/** Discord's greatest length of a form's text. */
const LONGEST = 4000;

/** Opens the form. `submit` gets the values, and gives the server's answer. The function given back closes it. */
export function openForm(form, page, submit) {
  const fields = form.inputs.map(field);
  const id = freshId("form");
  const error = h("p", { class: "form-error", role: "alert", hidden: true, "data-testid": "form-error" });
  const send = h("button", {
    class: "button button-primary",
    type: "submit",
    text: "Submit",
    "data-testid": "form-submit",
  });
  const close = () => dialog.close();
  const dialog = h(
    "dialog",
    { class: "form", "aria-labelledby": id, "data-testid": "form" },
    h(
      "form",
      { novalidate: true, on: { submit: (event) => finish(event) } },
      h(
        "div",
        { class: "form-bar" },
        h("h2", { class: "form-title", id, text: form.title }),
        h(
          "button",
          { class: "tool", type: "button", "aria-label": "Close", on: { click: close } },
          icon("close"),
        ),
      ),
      h("p", { class: "form-note", text: `What you write here goes to ${page.model.state.bot.name}.` }),
      form.texts.map((text) =>
        h("div", { class: "text form-text", "data-testid": "form-text" }, textNodes(text, page)),
      ),
      fields.map((each) => each.node),
      error,
      h(
        "div",
        { class: "form-actions" },
        h("button", {
          class: "button button-secondary",
          type: "button",
          text: "Cancel",
          "data-testid": "form-cancel",
          on: { click: close },
        }),
        send,
      ),
    ),
  );

  async function finish(event) {
    event.preventDefault();
    const wrong = fields.filter((each) => !each.check());
    if (wrong.length > 0) {
      wrong[0].input.focus();
      return;
    }
    send.disabled = true;
    const problem = await sent(
      submit,
      Object.fromEntries(fields.map((each) => [each.key, each.input.value])),
    );
    send.disabled = false;
    if (problem === null) {
      close();
      return;
    }
    error.hidden = false;
    error.textContent = problem;
  }

  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  fields[0]?.input.focus();
  return close;
}

/** What went wrong with sending, if anything. */
async function sent(submit, values) {
  try {
    const answer = await submit(values);
    return answer.error ?? null;
  } catch (error) {
    if (error instanceof Refused) return error.message;
    throw error;
  }
}

function field(spec) {
  const id = freshId("field");
  const most = spec.max ?? LONGEST;
  const isLong = spec.style === 2;
  const input = h(isLong ? "textarea" : "input", {
    id,
    class: "form-input",
    type: isLong ? null : "text",
    rows: isLong ? 4 : null,
    placeholder: spec.placeholder,
    maxlength: most,
    "aria-required": spec.required ? "true" : null,
    "aria-describedby": `${id}-note`,
    "data-testid": "form-input",
    name: spec.custom_id,
    autocomplete: "off",
  });
  input.value = spec.value ?? "";
  const problem = h("span", { class: "form-problem" });
  const left = h("span", { class: "form-count" });
  const count = () => {
    left.textContent = `${input.value.length} of ${most}`;
  };
  input.addEventListener("input", () => {
    count();
    if (input.hasAttribute("aria-invalid")) check();
  });
  count();

  function check() {
    const length = input.value.trim().length;
    const isMissing = spec.required && length === 0;
    const isShort = length > 0 && length < (spec.min ?? 0);
    problem.textContent = isMissing ? "This is needed." : isShort ? `At least ${spec.min} characters.` : "";
    if (isMissing || isShort) input.setAttribute("aria-invalid", "true");
    else input.removeAttribute("aria-invalid");
    return !isMissing && !isShort;
  }

  const node = h(
    "div",
    { class: "form-field" },
    h(
      "label",
      { class: "form-label", for: id },
      spec.label,
      spec.required
        ? h("span", { class: "needed", "aria-hidden": "true", text: " *" })
        : h("span", { class: "optional", text: " optional" }),
    ),
    input,
    h("p", { class: "form-below", id: `${id}-note` }, problem, left),
  );
  return { node, input, check, key: spec.custom_id };
}
