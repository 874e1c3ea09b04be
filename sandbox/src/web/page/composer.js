// Where one writes: a message, or a command with its options.

import { Refused, Unreached } from "./api.js";
import { boxNodes } from "./box.js";
import { matching, parted, reading } from "./command.js";
import { byId, h } from "./dom.js";
import { Field } from "./field.js";
import { icon } from "./icons.js";
import { Offers } from "./offers.js";
import { Suggest } from "./suggest.js";

/** The message box. */
export class Composer {
  constructor(page) {
    this.page = page;
    this.command = null;
    this.fields = [];
    this.isUnreached = false;
    this.suggest = new Suggest();
    this.offers = new Offers(this.suggest, {
      ask: (field) => this.page.autocomplete(this.command, this.values(field), field),
      take: (field, choice) => this.choose(field, choice),
    });
    Object.assign(this, boxNodes(this.suggest.id));
    byId("composer").append(this.suggest.root, this.help, this.error, this.form);
    this.listen();
  }

  listen() {
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.send();
    });
    this.slash.addEventListener("click", () => this.offerCommands());
    this.input.addEventListener("input", () => this.wrote());
    this.input.addEventListener("keydown", (event) => this.key(event, null));
    this.form.addEventListener("focusout", (event) => {
      if (!this.form.contains(event.relatedTarget)) this.suggest.hide();
    });
    // A click beside the fields is meant for them.
    this.form.addEventListener("click", (event) => {
      if (event.target === this.parts || event.target === this.form) this.focus();
    });
    addEventListener("keydown", (event) => this.typedElsewhere(event));
  }

  /** The page shows another channel or person, or the bot has registered its commands. */
  draw() {
    const { model, who, channel } = this.page;
    const name = model.name("channel", channel);
    this.input.placeholder = `Message #${name}`;
    this.input.setAttribute("aria-label", `Message #${name}`);
    this.form.setAttribute("aria-label", `Write to #${name}`);
    const isOther = this.place?.who !== who || this.place.channel !== channel;
    this.place = isOther ? { who, channel } : this.place;
    if (isOther || this.isWaiting) this.restore();
  }

  /** Shows what was begun here before. */
  restore() {
    const { text = "", call, values } = this.page.model.draft(this.place.who, this.place.channel);
    const command = this.page.model.commands.find((each) => each.call === call);
    // Its command may not be registered yet.
    this.isWaiting = call !== undefined && !command;
    this.clear();
    if (command) this.lay(command, values);
    else this.input.value = text;
  }

  /** What is begun, as it is kept. */
  get draft() {
    if (!this.command) return { text: this.input.value };
    const values = this.fields.map((field) => [field.option.name, field.chosen ?? field.text]);
    return { call: this.command.call, values: Object.fromEntries(values) };
  }

  keep() {
    this.isWaiting = false;
    this.page.model.keepDraft(this.place.who, this.place.channel, this.draft);
  }

  /** Goes to where one types next. */
  focus() {
    const empty = this.fields.find((field) => field.text === "");
    const field = empty ?? this.fields.at(-1);
    (field?.input ?? this.parts.firstElementChild).focus();
  }

  /** A letter typed where nothing else takes letters is meant for the box. */
  typedElsewhere(event) {
    const isChord = (event.ctrlKey || event.metaKey || event.altKey) && !event.getModifierState("AltGraph");
    const isPaste = isChord && !event.altKey && event.key.toLowerCase() === "v";
    const isLetter = event.key.length === 1 && event.key !== " " && !isChord;
    const isTaken = event.defaultPrevented || document.activeElement.closest("input, textarea, dialog");
    if (!(isLetter || isPaste) || isTaken || byId("channel").inert) return;
    if (this.command && this.fields.length === 0) this.addNext();
    this.focus();
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
    this.keep();
    const typed = this.input.value;
    const { commands, state } = this.page.model;
    if (!typed.startsWith("/")) {
      this.suggest.hide();
      return;
    }
    const read = reading(commands, typed);
    if (read) {
      this.begin(read.command, read.values);
      return;
    }
    const items = matching(commands, typed).map((command) => ({
      name: `/${command.name}`,
      detail: command.description,
      side: state.bot.name,
      take: () => this.begin(command),
    }));
    const status =
      commands.length === 0 ? "The bot has registered no commands yet." : "No command begins like that.";
    this.suggest.show(this.input, "Commands", items, status);
  }

  /** Begins a command, with these values in its options, and goes to where one types. */
  begin(command, values) {
    this.lay(command, values);
    this.keep();
    this.focus();
  }

  /** Lays a command out, with these values in its options. */
  lay(command, values = {}) {
    this.fail(null);
    this.offers.hide();
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
  }

  /** Adds an option's field behind the others. */
  add(option) {
    const field = new Field(option, this.suggest.id, this.help.id, () => this.drop(field));
    field.input.addEventListener("input", (event) => this.typed(field, event.isComposing));
    field.input.addEventListener("compositionend", () => this.typed(field, false));
    field.input.addEventListener("focus", () => {
      this.explain(option);
      this.show(field, false);
    });
    field.input.addEventListener("keydown", (event) => this.key(event, field));
    this.fields.push(field);
    this.more.before(field.node);
    return field;
  }

  /** The options that have no field. */
  get absent() {
    return this.command.options.filter((option) => !this.fields.some((field) => field.option === option));
  }

  /** Adds the first option that isn't there yet, and goes there. */
  addNext(option = this.absent[0]) {
    if (!option) return;
    const field = this.add(option);
    this.offer();
    this.keep();
    field.input.focus();
  }

  /** What is typed into a field; the names of options in it are taken as in a line that is pasted whole. */
  typed(field, isComposing) {
    // A composition may end because its field was taken away.
    if (!this.fields.includes(field)) return;
    const next = isComposing ? field : this.part(field);
    this.keep();
    if (next === field) this.show(field, true);
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
    this.keep();
    (this.fields.at(-1)?.input ?? this.parts.firstElementChild).focus();
  }

  /** Offers the options that aren't there yet. */
  offer() {
    this.more.replaceChildren(
      ...this.absent.map((option) =>
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
              click: () => this.addNext(option),
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

  /** Takes everything out of the box. */
  clear() {
    this.command = null;
    this.fields = [];
    this.input.value = "";
    this.offers.hide();
    this.fail(null);
    this.slash.hidden = false;
    this.parts.replaceChildren(this.input);
  }

  /** Leaves the command, and what was typed for it. */
  leave() {
    this.clear();
    this.keep();
    this.input.focus();
  }

  /** Shows what a field's option may be. */
  show(field, wasTyped) {
    this.fail(null);
    this.offers.show(field, wasTyped);
  }

  /** Takes one of an option's values, and goes to what is still empty. */
  choose(field, choice) {
    field.choose(choice);
    this.keep();
    const next = this.fields.find((each) => each.text === "");
    (next ?? field).input.focus();
    if (!next) this.offers.hide();
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
    } else if (event.key === "Tab" && !event.shiftKey && this.isBeforeAbsent(event.target)) {
      event.preventDefault();
      this.addNext();
    }
  }

  /** Whether an option that isn't there yet comes behind this part of the command. */
  isBeforeAbsent(part) {
    const last = this.fields.at(-1)?.input ?? this.parts.firstElementChild;
    return this.command !== null && part === last && this.absent.length > 0;
  }

  send() {
    if (this.command) this.sendCommand();
    else this.sendMessage();
  }

  sendMessage() {
    const content = this.input.value.trim();
    if (content !== "") this.empty(() => this.page.say(content));
  }

  sendCommand() {
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
    this.empty(() => this.page.slash(command, values));
  }

  /** Empties the box and does it; if the server says no, says why and puts back what was typed. */
  async empty(act) {
    const { draft, place } = this;
    this.leave();
    try {
      await act();
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      if (this.place === place && !this.command && this.input.value === "") {
        this.page.model.keepDraft(place.who, place.channel, draft);
        this.restore();
        this.focus();
      }
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
