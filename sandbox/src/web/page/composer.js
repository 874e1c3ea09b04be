// Where one writes: a message, or a command with its options.

import { Refused, Unreached } from "./api.js";
import { choicesFor, commandsOf, fixedChoices, matching, parted, reading } from "./command.js";
import { byId, freshId, h } from "./dom.js";
import { Field } from "./field.js";
import { icon } from "./icons.js";
import { Suggest } from "./suggest.js";

/** How long after the last letter the bot is asked for suggestions, in milliseconds. */
const PAUSE = 250;

/** The message box. */
export class Composer {
  constructor(page) {
    this.page = page;
    this.command = null;
    this.fields = [];
    this.asked = 0;
    this.isUnreached = false;
    this.suggest = new Suggest();
    this.help = h("p", { class: "composer-help", id: freshId("help"), hidden: true, "data-testid": "help" });
    this.error = h("p", {
      class: "composer-error",
      role: "alert",
      hidden: true,
      "data-testid": "composer-error",
    });
    this.input = h("input", {
      id: "input",
      class: "composer-input",
      type: "text",
      role: "combobox",
      "aria-autocomplete": "list",
      "aria-expanded": "false",
      "aria-controls": this.suggest.id,
      autocomplete: "off",
      maxlength: 2000,
      enterkeyhint: "send",
      "data-testid": "input",
    });
    this.slash = h("button", {
      class: "tool composer-slash",
      type: "button",
      "aria-label": "Commands",
      title: "Commands",
      text: "/",
      "data-testid": "slash",
      on: { click: () => this.offerCommands() },
    });
    this.parts = h("div", { class: "composer-parts" }, this.input);
    this.form = h(
      "form",
      { class: "composer-box", novalidate: true },
      this.slash,
      this.parts,
      h(
        "button",
        { class: "tool composer-send", type: "submit", "aria-label": "Send", "data-testid": "send" },
        icon("send"),
      ),
    );
    byId("composer").append(this.suggest.root, this.help, this.error, this.form);
    this.listen();
  }

  listen() {
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.send();
    });
    this.input.addEventListener("input", () => this.wrote());
    this.input.addEventListener("keydown", (event) => this.key(event, null));
    this.form.addEventListener("focusout", (event) => {
      if (!this.form.contains(event.relatedTarget)) this.suggest.hide();
    });
    // A click beside the fields is meant for them.
    this.form.addEventListener("click", (event) => {
      if (event.target === this.parts || event.target === this.form) this.focus();
    });
  }

  /** The page shows another channel or person, or the bot has registered its commands. */
  draw() {
    const name = this.page.model.name("channel", this.page.channel);
    this.commands = commandsOf(this.page.model.state.commands);
    this.input.placeholder = `Message #${name}`;
    this.input.setAttribute("aria-label", `Message #${name}`);
    this.form.setAttribute("aria-label", `Write to #${name}`);
  }

  /** Goes to where one types next. */
  focus() {
    const empty = this.fields.find((field) => field.text === "");
    (empty ?? this.fields.at(-1) ?? { input: this.input }).input.focus();
  }

  /** Types the slash that lists the commands. */
  offerCommands() {
    this.input.value = "/";
    this.input.focus();
    this.wrote();
  }

  /** What is typed in the box for messages; a slash makes it a command. */
  wrote() {
    this.fail(null);
    const typed = this.input.value;
    if (!typed.startsWith("/")) {
      this.suggest.hide();
      return;
    }
    const read = reading(this.commands, typed);
    if (read) {
      this.begin(read.command, read.values);
      return;
    }
    const items = matching(this.commands, typed).map((command) => ({
      name: `/${command.name}`,
      detail: command.description,
      side: this.page.model.state.bot.name,
      take: () => this.begin(command),
    }));
    const status =
      this.commands.length === 0 ? "The bot has registered no commands yet." : "No command begins like that.";
    this.suggest.show(this.input, "Commands", items, status);
  }

  /** Begins a command, with these values in its options. */
  begin(command, values = {}) {
    this.fail(null);
    this.suggest.hide();
    this.command = command;
    this.fields = [];
    this.input.value = "";
    const name = h("button", {
      class: "command-name",
      type: "button",
      text: `/${command.name}`,
      title: "Leave the command",
      "data-testid": "command",
      "aria-label": `/${command.name}: leave the command`,
      on: { click: () => this.leave(), keydown: (event) => this.key(event, null) },
    });
    this.slash.hidden = true;
    this.more = h("span", { class: "composer-more" });
    this.parts.replaceChildren(name, this.more);
    for (const option of command.options) {
      if (option.required || values[option.name] !== undefined)
        this.add(option).fill(values[option.name] ?? "");
    }
    this.explain(null);
    this.offer();
    if (this.fields.length > 0) this.focus();
    else name.focus();
  }

  /** Adds an option's field behind the others. */
  add(option) {
    const field = new Field(option, this.suggest.id, this.help.id, () => this.drop(field));
    field.input.addEventListener("input", (event) => this.typed(field, event.isComposing));
    field.input.addEventListener("compositionend", () => this.typed(field, false));
    field.input.addEventListener("focus", () => {
      this.explain(option);
      this.ask(field, 0);
    });
    field.input.addEventListener("keydown", (event) => this.key(event, field));
    this.fields.push(field);
    this.more.before(field.node);
    return field;
  }

  /** What is typed into a field; the names of options in it are taken as in a line that is pasted whole. */
  typed(field, isComposing) {
    // A composition may end because its field was taken away.
    if (!this.fields.includes(field)) return;
    const next = isComposing ? field : this.part(field);
    if (next === field) this.ask(field, PAUSE);
    else next.input.focus();
  }

  /** Hands what was typed to the options that it names; returns the field in which one goes on. */
  part(field) {
    // The name of an option that has its value is a word like others: what is there isn't written over.
    const filled = this.fields.filter((each) => each.text !== "").map((each) => each.option);
    const others = this.command.options.filter((each) => each !== field.option && !filled.includes(each));
    const parts = parted(field.option, field.text, others);
    if (parts.length === 1 && parts[0].text === field.text) return field;
    const behindCaret = field.text.length - field.input.selectionEnd;
    const fields = parts.map(({ option, text }) => {
      const its = this.fields.find((each) => each.option === option) ?? this.add(option);
      its.keep(text, behindCaret);
      return its;
    });
    this.offer();
    return fields.at(-1);
  }

  /** Leaves an optional option out again. */
  drop(field) {
    this.fields = this.fields.filter((each) => each !== field);
    field.node.remove();
    this.offer();
    (this.fields.at(-1)?.input ?? this.parts.firstElementChild).focus();
  }

  /** Offers the options that aren't there yet. */
  offer() {
    const absent = this.command.options.filter(
      (option) => !this.fields.some((field) => field.option === option),
    );
    this.more.replaceChildren(
      ...absent.map((option) =>
        h(
          "button",
          {
            class: "more",
            type: "button",
            title: option.description,
            "aria-label": `Add ${option.name}: ${option.description}`,
            "data-testid": "add-option",
            "data-name": option.name,
            on: {
              click: () => {
                const field = this.add(option);
                this.offer();
                field.input.focus();
              },
              keydown: (event) => this.key(event, null),
            },
          },
          icon("plus"),
          option.name,
        ),
      ),
    );
  }

  /** Says above the box what the command does, and what the option is. */
  explain(option) {
    this.help.hidden = false;
    this.help.replaceChildren(
      h("strong", { text: option ? option.name : `/${this.command.name}` }),
      ` ${option ? option.description : this.command.description}`,
    );
  }

  /** Leaves the command, and what was typed for it. */
  leave() {
    this.asked += 1;
    this.command = null;
    this.fields = [];
    this.suggest.hide();
    this.fail(null);
    this.help.hidden = true;
    this.slash.hidden = false;
    this.parts.replaceChildren(this.input);
    this.input.focus();
  }

  /** Shows what an option may be: what it lists itself, or what the bot offers after a pause. */
  async ask(field, pause) {
    this.fail(null);
    this.asked += 1;
    const turn = this.asked;
    const { option } = field;
    const title = `Values for ${option.name}`;
    const show = (choices, status) =>
      this.suggest.show(field.input, title, this.items(field, choices), status);
    const fixed = fixedChoices(option);
    if (fixed) {
      show(choicesFor(fixed, field.chosen ? "" : field.text), "None of its values is called so.");
      return;
    }
    if (!option.autocomplete || (field.chosen && pause === 0)) {
      this.suggest.hide();
      return;
    }
    if (this.suggest.input === field.input && this.suggest.isOpen) this.suggest.age();
    else show([], "Loading options…");
    await new Promise((resolve) => setTimeout(resolve, pause));
    if (turn !== this.asked) return;
    const answer = await this.page.autocomplete(this.command, this.values(field), {
      name: option.name,
      value: field.text,
    });
    if (turn !== this.asked || document.activeElement !== field.input) return;
    show(answer.choices ?? [], answer.error ?? "Nothing to suggest.");
  }

  items(field, choices) {
    return choices.map((choice) => ({
      name: choice.name,
      take: () => {
        field.choose(choice);
        this.asked += 1;
        this.suggest.hide();
        const next = this.fields.find((each) => each.text === "");
        (next ?? field).input.focus();
      },
    }));
  }

  /** The values that are there, but for one field's. */
  values(but) {
    const read = this.fields
      .filter((field) => field !== but)
      .map((field) => [field.option.name, field.read()?.value]);
    return Object.fromEntries(read.filter(([, value]) => value !== undefined));
  }

  key(event, field) {
    if (event.isComposing) return;
    // What is typed in full needn't be taken from the list first.
    const isWhole = event.key === "Enter" && field !== null && this.suggest.current?.name === field.text;
    if (isWhole) this.suggest.current.take();
    else if (this.suggest.key(event)) return;
    if (event.key === "Escape" && this.command) {
      event.preventDefault();
      this.leave();
    } else if (event.key === "Backspace" && field?.text === "") {
      event.preventDefault();
      if (field.option.required) this.leave();
      else this.drop(field);
    } else if (event.key === "Enter" && this.command && !event.target.matches(".more")) {
      event.preventDefault();
      this.send();
    }
  }

  send() {
    if (this.command) this.sendCommand();
    else this.sendMessage();
  }

  async sendMessage() {
    const content = this.input.value.trim();
    if (content === "") return;
    this.input.value = "";
    this.suggest.hide();
    await this.unless(
      () => this.page.say(content),
      () => {
        this.input.value = content;
      },
    );
  }

  async sendCommand() {
    for (const field of this.fields) {
      const problem = field.read()?.problem;
      if (problem) {
        this.suggest.hide();
        field.refuse();
        this.fail(problem);
        return;
      }
    }
    const { command } = this;
    const values = this.values(null);
    const drafts = Object.fromEntries(
      this.fields.map((field) => [field.option.name, field.chosen ?? field.text]),
    );
    this.leave();
    await this.unless(
      () => this.page.slash(command, values),
      () => !this.command && this.begin(command, drafts),
    );
  }

  /** Does it; if the server says no, says why and puts back what was typed. */
  async unless(act, putBack) {
    try {
      await act();
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      putBack();
      this.fail(error.message);
      this.isUnreached = error instanceof Unreached;
    }
  }

  /** The server is there: no words say any longer that it isn't. */
  reached() {
    if (this.isUnreached) this.fail(null);
  }

  fail(words) {
    this.isUnreached = false;
    // The words about what is wrong stand where those about the option stood.
    this.help.hidden = words !== null || this.command === null;
    this.error.hidden = words === null;
    this.error.textContent = words ?? "";
  }
}
