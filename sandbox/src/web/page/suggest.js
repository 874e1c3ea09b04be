// The list above the message box: commands, and what an option may be.

import { freshId, h } from "./dom.js";

/** A list that opens over the messages. The focus stays where one types. */
export class Suggest {
  constructor() {
    this.id = freshId("suggest");
    this.title = h("p", { class: "suggest-title" });
    this.status = h("p", { class: "suggest-status", role: "status", "data-testid": "suggest-status" });
    this.list = h("div", {
      id: this.id,
      class: "suggest-list",
      role: "listbox",
      "data-testid": "suggest-list",
    });
    this.root = h(
      "div",
      // A press of the mouse must not take the focus away from where one types.
      {
        class: "suggest",
        hidden: true,
        "data-testid": "suggest",
        on: { mousedown: (event) => event.preventDefault() },
      },
      this.title,
      this.status,
      this.list,
      h(
        "p",
        { class: "suggest-keys", "aria-hidden": "true" },
        keys("↑ ↓", "move"),
        keys("Tab", "take"),
        keys("Esc", "close"),
      ),
    );
    this.items = [];
    this.active = -1;
  }

  get isOpen() {
    return !this.root.hidden;
  }

  /** The item that Enter takes. */
  get current() {
    return this.isOpen ? this.items[this.active] : undefined;
  }

  /** Shows `items`, each `{name, detail, side, take}`, for what is typed into `input`, or why there are none. */
  show(input, title, items, status = "") {
    this.leave();
    this.input = input;
    this.items = items;
    this.title.textContent = title;
    this.status.textContent = items.length === 0 ? status : "";
    this.list.setAttribute("aria-label", title);
    this.nodes = items.map((item, index) => this.node(item, index));
    this.list.replaceChildren(...this.nodes);
    this.list.hidden = items.length === 0;
    this.root.classList.toggle("suggest-bare", items.length === 0);
    this.root.classList.remove("suggest-old");
    this.root.hidden = items.length === 0 && status === "";
    input.setAttribute("aria-expanded", String(items.length > 0));
    if (items.length > 0) this.activate(0);
  }

  /** What is listed was for what was typed before: nothing of it is taken unless one goes there. */
  age() {
    this.nodes?.[this.active]?.setAttribute("aria-selected", "false");
    this.nodes?.[this.active]?.classList.remove("option-active");
    this.input?.removeAttribute("aria-activedescendant");
    this.active = -1;
    this.root.classList.add("suggest-old");
  }

  /** Closes the list. */
  hide() {
    this.leave();
    this.root.hidden = true;
    this.items = [];
  }

  leave() {
    this.input?.setAttribute("aria-expanded", "false");
    this.input?.removeAttribute("aria-activedescendant");
    this.active = -1;
  }

  node(item, index) {
    return h(
      "div",
      {
        class: "option",
        role: "option",
        id: `${this.id}-${index}`,
        "aria-selected": "false",
        "data-testid": "suggestion",
        on: { click: () => item.take(), mousemove: () => this.active !== index && this.activate(index) },
      },
      h(
        "span",
        { class: "option-words" },
        h("span", { class: "option-name", text: item.name }),
        item.detail && h("span", { class: "option-detail", text: item.detail }),
      ),
      item.side && h("span", { class: "option-side", text: item.side }),
    );
  }

  activate(index) {
    this.nodes[this.active]?.setAttribute("aria-selected", "false");
    this.nodes[this.active]?.classList.remove("option-active");
    this.active = (index + this.nodes.length) % this.nodes.length;
    const node = this.nodes[this.active];
    node.setAttribute("aria-selected", "true");
    node.classList.add("option-active");
    node.scrollIntoView({ block: "nearest" });
    this.input.setAttribute("aria-activedescendant", node.id);
  }

  /** Takes a key if it means something to the open list. */
  key(event) {
    if (!this.isOpen || event.isComposing) return false;
    if (event.key === "Escape") this.hide();
    else if (this.items.length === 0) return false;
    else if (event.key === "ArrowDown") this.activate(this.active + 1);
    else if (event.key === "ArrowUp") this.activate(this.active < 0 ? -1 : this.active - 1);
    else if (!this.current) return false;
    else if (event.key === "Enter" || (event.key === "Tab" && !event.shiftKey)) this.current.take();
    else return false;
    event.preventDefault();
    return true;
  }
}

function keys(key, what) {
  return h("span", {}, h("kbd", { text: key }), ` ${what}`);
}
