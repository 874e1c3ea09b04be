// A select menu under a message. The focus stays on its button; the list opens over the page.

import { freshId, h } from "./dom.js";
import { icon } from "./icons.js";
import { count } from "./command.js";

/** The least room that the list wants below its button, in pixels. */
const ROOM = 260;

/** The menu whose list is open. */
let openMenu = null;

/** Closes the open menu, and sends nothing, unless it stands in one of these nodes. */
export function dropMenu(kept) {
  if (openMenu && !kept.some((node) => node.contains(openMenu.root))) openMenu.drop();
}

/** A menu as the message describes it; `send` gets the values that were picked, when it closes. */
export function selectMenu(spec, send) {
  return new Menu(spec, send).root;
}

class Menu {
  constructor(spec, send) {
    this.spec = spec;
    this.send = send;
    this.most = spec.max_values ?? 1;
    this.isSingle = this.most === 1;
    this.picked = new Set(spec.options.filter((option) => option.default).map((option) => option.value));
    this.before = new Set(this.picked);
    this.active = -1;
    this.typed = { text: "", at: 0 };
    this.build();
    this.show();
  }

  build() {
    const id = freshId("menu");
    const label = this.spec.placeholder || "Make a selection";
    this.value = h("span", { class: "select-value" });
    this.button = h(
      "button",
      {
        class: "select-button",
        type: "button",
        role: "combobox",
        "aria-haspopup": "listbox",
        "aria-expanded": "false",
        "aria-controls": id,
        "aria-label": label,
        disabled: this.spec.disabled,
        "data-testid": "select",
        "data-focus": this.spec.custom_id,
        on: {
          click: () => (this.isOpen ? this.close() : this.open()),
          keydown: (event) => this.key(event),
          blur: () => this.left(),
        },
      },
      this.value,
      icon("down"),
    );
    this.options = this.spec.options.map((option, index) => this.option(option, `${id}-${index}`));
    this.note = h("p", { class: "select-note", "aria-hidden": "true" });
    const list = h(
      "div",
      { id, role: "listbox", "aria-label": label, "aria-multiselectable": this.isSingle ? null : "true" },
      this.options,
    );
    this.list = h(
      "div",
      // The focus, and with it the open list, must survive a press of the mouse.
      {
        class: "select-list",
        hidden: true,
        "data-testid": "select-list",
        on: { pointerdown: (e) => e.preventDefault() },
      },
      list,
      this.isSingle ? null : this.note,
    );
    this.root = h("div", { class: "select" }, this.button, this.list);
    this.place = this.place.bind(this);
  }

  option(option, id) {
    return h(
      "div",
      {
        id,
        class: "option",
        role: "option",
        "data-testid": "select-option",
        "data-value": option.value,
        on: { click: () => this.toggle(this.options.findIndex((node) => node.id === id)) },
      },
      h(
        "span",
        { class: "option-words" },
        h("span", { class: "option-name", text: option.label }),
        option.description && h("span", { class: "option-detail", text: option.description }),
      ),
      h("span", { class: this.isSingle ? "tick" : "tick tick-box" }, icon("check")),
    );
  }

  get isOpen() {
    return !this.list.hidden;
  }

  open() {
    if (this.isOpen || this.spec.disabled) return;
    openMenu = this;
    this.before = new Set(this.picked);
    this.list.hidden = false;
    this.button.focus();
    this.button.setAttribute("aria-expanded", "true");
    const first = this.spec.options.findIndex((option) => this.picked.has(option.value));
    this.activate(Math.max(first, 0));
    this.place();
    addEventListener("resize", this.place);
    addEventListener("scroll", this.place, true);
  }

  /** The focus has gone: to elsewhere on the page, or with the whole window, which it comes back with. */
  left() {
    if (document.hasFocus() && document.activeElement !== this.button) this.close();
  }

  /** Closes the list, and forgets what was picked. */
  drop() {
    this.picked = new Set(this.before);
    this.show();
    this.close();
  }

  /** Closes the list, and sends what was picked if that has changed. */
  close() {
    if (!this.isOpen) return;
    if (openMenu === this) openMenu = null;
    this.list.hidden = true;
    this.button.setAttribute("aria-expanded", "false");
    this.button.removeAttribute("aria-activedescendant");
    removeEventListener("resize", this.place);
    removeEventListener("scroll", this.place, true);
    const isSame =
      this.picked.size === this.before.size && [...this.picked].every((value) => this.before.has(value));
    if (isSame) return;
    if (this.picked.size < (this.spec.min_values ?? 1)) {
      this.picked = this.before;
      this.show();
      return;
    }
    // In the menu's order, not in that of the clicks.
    this.send(this.spec.options.map((option) => option.value).filter((value) => this.picked.has(value)));
  }

  place() {
    if (!this.button.isConnected) return this.drop();
    const at = this.button.getBoundingClientRect();
    const below = innerHeight - at.bottom;
    const isUp = below < ROOM && at.top > below;
    const { style } = this.list;
    style.left = `${at.left}px`;
    style.width = `${at.width}px`;
    style.maxHeight = `${Math.min(360, (isUp ? at.top : below) - 16)}px`;
    style.top = isUp ? "auto" : `${at.bottom + 4}px`;
    style.bottom = isUp ? `${innerHeight - at.top + 4}px` : "auto";
  }

  toggle(index) {
    const { value } = this.spec.options[index];
    this.activate(index);
    if (this.isSingle) {
      this.picked = new Set([value]);
      this.show();
      this.close();
      return;
    }
    if (this.picked.has(value)) this.picked.delete(value);
    else if (this.picked.size < this.most) this.picked.add(value);
    this.show();
  }

  show() {
    const chosen = this.spec.options.filter((option) => this.picked.has(option.value));
    const isFull = !this.isSingle && this.picked.size >= this.most;
    this.options.forEach((node, index) => {
      const isPicked = this.picked.has(this.spec.options[index].value);
      node.setAttribute("aria-selected", String(isPicked));
      node.setAttribute("aria-disabled", String(isFull && !isPicked));
    });
    this.value.classList.toggle("select-empty", chosen.length === 0);
    this.value.replaceChildren(
      ...(chosen.length === 0
        ? [this.spec.placeholder || "Make a selection"]
        : chosen.map((option) => h("span", { class: this.isSingle ? null : "picked", text: option.label }))),
    );
    const picks = `${count(chosen.length, "pick")} · close the menu to send`;
    this.note.replaceChildren(
      chosen.length === 0 ? `Pick up to ${this.most}` : picks,
      h("span", { class: "select-keys" }, " · ", h("kbd", { text: "Esc" }), " leave it"),
    );
  }

  activate(index) {
    this.options[this.active]?.classList.remove("option-active");
    this.active = Math.min(Math.max(index, 0), this.options.length - 1);
    const node = this.options[this.active];
    node.classList.add("option-active");
    node.scrollIntoView({ block: "nearest" });
    this.button.setAttribute("aria-activedescendant", node.id);
  }

  key(event) {
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8, Home: -Infinity, End: Infinity }[
      event.key
    ];
    if (!this.isOpen) {
      // Enter and the space bar are clicks of the button.
      if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        event.preventDefault();
        this.open();
      }
      return;
    }
    if (step !== undefined) this.activate(this.active + step);
    else if (event.key === "Enter" || (event.key === " " && !this.isTyping())) this.toggle(this.active);
    else if (event.key === "Escape") this.drop();
    else if (event.key.length === 1 && !event.ctrlKey && !event.metaKey) this.seek(event.key);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  isTyping() {
    return Date.now() - this.typed.at < 600;
  }

  /** Goes to the option that begins with what is typed. */
  seek(letter) {
    this.typed = { text: this.isTyping() ? this.typed.text + letter : letter, at: Date.now() };
    const query = this.typed.text.toLowerCase();
    const index = this.spec.options.findIndex((option) => option.label.toLowerCase().startsWith(query));
    if (index >= 0) this.activate(index);
  }
}
