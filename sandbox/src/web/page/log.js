// The messages of the channel that is open.

import { Kept, arrange, byId, h } from "./dom.js";
import { icon } from "./icons.js";
import { dropMenu } from "./menu.js";
import { continues } from "./model.js";
import { avatar, messageNode, used } from "./message.js";
import { day } from "./time.js";
import { welcome } from "./welcome.js";

/** Nearer to the end than this, in pixels, one reads the latest, and new messages pull the list along. */
const NEAR = 80;

/** The list of messages. */
export class Log {
  constructor(page) {
    this.page = page;
    this.root = byId("log");
    this.latest = byId("to-latest");
    this.latest.append(icon("arrow"), h("span", { text: "Latest messages" }));
    this.latest.addEventListener("click", () => this.toEnd());
    this.root.addEventListener("scroll", () => this.scrolled());
    this.pending = [];
    this.drawn = new Kept();
    this.channel = null;
    this.isAtEnd = true;
    new ResizeObserver(() => this.isAtEnd && this.toEnd()).observe(this.root);
  }

  /** Draws what the channel has, anew only where something changed. */
  draw() {
    const { page, root } = this;
    const isOther = this.channel !== page.channel || this.who !== page.who;
    if (isOther) this.clear();
    const focus = focusIn(root);
    const nodes = this.nodes();
    dropMenu(nodes);
    arrange(root, nodes);
    restore(root, focus);
    if (isOther || this.isAtEnd) this.toEnd();
    else this.latest.hidden = false;
  }

  clear() {
    this.channel = this.page.channel;
    this.who = this.page.who;
    dropMenu([]);
    this.drawn.clear();
    this.root.replaceChildren();
    const name = this.page.model.name("channel", this.channel);
    this.root.setAttribute("aria-label", `Messages in #${name}`);
  }

  nodes() {
    const messages = this.page.model.shown(this.channel);
    const nodes = [this.drawn.once("welcome", "", () => welcome(this.page))];
    let before;
    for (const message of messages) {
      const date = day(message.at);
      if (!before || day(before.at) !== date) {
        nodes.push(
          this.drawn.once(`day ${date}`, "", () =>
            h("div", { class: "day", role: "separator" }, h("span", { text: date })),
          ),
        );
      }
      const isContinued = continues(message, before) && day(before.at) === date;
      const key = JSON.stringify([message, isContinued]);
      nodes.push(this.drawn.once(message.id, key, () => messageNode(message, this.page, isContinued)));
      before = message;
    }
    return [
      ...nodes,
      ...this.pending.filter((each) => each.channel === this.channel).map((each) => each.node),
    ];
  }

  /** Shows that a command is on its way to the bot, until the function given back is called. */
  pend(text) {
    const { bot } = this.page.model.state;
    const node = h(
      "div",
      { class: "message pending", "data-testid": "pending" },
      used({ who: this.page.who, text }, this.page),
      h("div", { class: "gutter" }, avatar({ ...bot, isBot: true })),
      h(
        "div",
        { class: "message-body" },
        h(
          "p",
          { class: "message-head" },
          h("span", { class: "author", text: bot.name }),
          h("span", { class: "tag", text: "APP" }),
        ),
        h("p", { class: "thinking", text: "Sending command…" }),
      ),
    );
    const entry = { channel: this.page.channel, node };
    this.pending.push(entry);
    this.draw();
    this.toEnd();
    return () => {
      this.pending = this.pending.filter((each) => each !== entry);
      this.draw();
    };
  }

  /** Says under a message what became of a press. */
  fail(id, text) {
    const place = this.drawn.get(id)?.querySelector(".control-error");
    if (!place) return;
    place.hidden = text === null;
    place.replaceChildren(...(text === null ? [] : [icon("alert"), text]));
    if (this.isAtEnd) this.toEnd();
  }

  /** Scrolls to a message and marks it for a moment. */
  reveal(id) {
    const node = this.drawn.get(id);
    if (!node) return;
    node.scrollIntoView({ block: "center" });
    node.focus({ preventScroll: true });
    node.classList.add("revealed");
    node.addEventListener("animationend", () => node.classList.remove("revealed"), { once: true });
  }

  toEnd() {
    this.root.scrollTop = this.root.scrollHeight;
    this.isAtEnd = true;
    this.latest.hidden = true;
  }

  scrolled() {
    const { scrollHeight, scrollTop, clientHeight } = this.root;
    this.isAtEnd = scrollHeight - scrollTop - clientHeight < NEAR;
    if (this.isAtEnd) this.latest.hidden = true;
  }
}

/** What has the focus, so that it can be found in a message that is drawn anew. */
function focusIn(root) {
  const node = document.activeElement;
  const message = node?.closest?.("[data-id]");
  if (!message || !root.contains(message)) return null;
  const key = node.dataset.focus;
  return { node, id: message.dataset.id, key, index: alike(message, key).indexOf(node) };
}

/** What of a message can have the focus under this key: sections may have buttons of one name. */
function alike(message, key) {
  return key ? [...message.querySelectorAll(`[data-focus="${CSS.escape(key)}"]`)] : [];
}

/** Gives the focus back if its node has gone: to its like, or to the message. */
function restore(root, focus) {
  if (!focus || focus.node.isConnected) return;
  const message = root.querySelector(`[data-id="${CSS.escape(focus.id)}"]`);
  const like = message && alike(message, focus.key);
  (like?.[focus.index] ?? like?.[0] ?? message ?? root).focus({ preventScroll: true });
}
