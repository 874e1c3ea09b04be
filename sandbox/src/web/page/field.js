// One option of a command, as it is filled in.

import { fixedChoices, valueOf } from "./command.js";
import { freshId, h } from "./dom.js";

/** The room for what is typed, in letters. */
const NARROWEST = 6;
const WIDEST = 60;

/** An option's name with a box for its value. */
export class Field {
  /** `listId` is the list that offers values, `remove` takes an optional one away. */
  constructor(option, listId, describedBy, remove) {
    this.option = option;
    this.chosen = null;
    this.lastChosen = null;
    const hasList = option.autocomplete || fixedChoices(option) !== null;
    const id = freshId("option");
    this.input = h("input", {
      id,
      class: "field-input",
      type: "text",
      role: hasList ? "combobox" : null,
      "aria-autocomplete": hasList ? "list" : null,
      "aria-expanded": hasList ? "false" : null,
      "aria-controls": hasList ? listId : null,
      "aria-required": option.required ? "true" : null,
      "aria-describedby": describedBy,
      autocomplete: "off",
      autocapitalize: "off",
      spellcheck: "false",
      enterkeyhint: "send",
      "data-testid": "option-input",
      "data-name": option.name,
    });
    this.node = h(
      "span",
      { class: "field", "data-testid": "option", "data-name": option.name },
      h("label", { class: "field-name", for: id, text: option.name }),
      this.input,
      option.required
        ? null
        : h("button", {
            class: "field-remove",
            type: "button",
            "aria-label": `Leave out ${option.name}`,
            text: "×",
            on: { click: remove },
          }),
    );
    this.input.addEventListener("input", () => this.typed());
    this.size();
  }

  get text() {
    return this.input.value;
  }

  /** Fills in what was typed or chosen before. */
  fill(draft) {
    if (typeof draft === "object") {
      this.choose(draft);
      return;
    }
    this.input.value = draft;
    this.typed();
  }

  /** Takes one of the values that were offered. */
  choose(choice) {
    this.input.value = choice.name;
    this.typed();
    this.chosen = choice;
    this.lastChosen = choice;
  }

  /** Keeps this of what was typed, with the caret so many letters before its end. */
  keep(text, behindCaret) {
    // A choice that another option's name was typed behind is still that choice, not its words.
    this.fill(this.lastChosen?.name === text ? this.lastChosen : text);
    const caret = Math.max(0, text.length - behindCaret);
    this.input.setSelectionRange(caret, caret);
  }

  typed() {
    this.chosen = null;
    this.input.removeAttribute("aria-invalid");
    this.size();
  }

  size() {
    this.input.size = Math.min(Math.max(this.text.length + 1, NARROWEST), WIDEST);
  }

  /** `{value}`, `{problem}`, or nothing if it is left out. */
  read() {
    if (this.chosen) return { value: this.chosen.value };
    if (this.text.trim() === "")
      return this.option.required ? { problem: `${this.option.name} is needed.` } : null;
    return valueOf(this.option, this.text);
  }

  /** Marks it as wrong, and goes there. */
  refuse() {
    this.input.setAttribute("aria-invalid", "true");
    this.input.focus();
  }
}
