// One message of the channel.

import { componentNodes } from "./components.js";
import { h } from "./dom.js";
import { embedBox } from "./embed.js";
import { icon } from "./icons.js";
import { initials } from "./model.js";
import { textNodes } from "./text.js";
import { told } from "./time.js";

/** A round picture of somebody: their letters, or the bot's own drawing. */
export function avatar({ id, name, isBot }, size = "") {
  const kind = isBot ? "avatar avatar-bot" : `avatar tone-${Number(BigInt(id) % 7n)}`;
  return h(
    "span",
    { class: `${kind} ${size}`.trim(), "aria-hidden": "true" },
    isBot ? icon("people") : initials(name),
  );
}

/** The message as an article. */
export function messageNode(message, page, isContinued) {
  const time = told(message.at, "t");
  const author = shownAuthor(message, page);
  const isPing = page.model.pings(message, page.model.person(page.who));
  const classes = ["message", isContinued && "continued", isPing && "pinged", message.private && "private"];
  return h(
    "article",
    {
      class: classes.filter(Boolean).join(" "),
      "aria-label": `${author.name}, ${time}${message.private ? ", only for you" : ""}`,
      tabindex: "-1",
      "data-testid": "message",
      "data-id": message.id,
      "data-private": message.private ? "true" : null,
      "data-pinged": isPing ? "true" : null,
    },
    message.command ? used(message.command, page) : message.reply_to && replied(message.reply_to, page),
    h(
      "div",
      { class: "gutter" },
      isContinued ? h("time", { class: "gutter-time", text: time }) : avatar(author),
    ),
    h(
      "div",
      { class: "message-body" },
      isContinued ? null : head(message, author, time),
      content(message, page),
      message.embeds?.map((embed) => embedBox(embed, page)),
      message.components.length > 0 &&
        h("div", { class: "components" }, componentNodes(message.components, message, page)),
      message.edited && isLaidOut(message) && h("p", {}, edited()),
      h("p", { class: "control-error", role: "alert", hidden: true, "data-testid": "control-error" }),
      message.private && whisper(message, page),
    ),
  );
}

// People are called by the name that they show.
function shownAuthor({ author }, page) {
  return { id: author.id, name: page.model.name("user", author.id) ?? author.name, isBot: author.bot };
}

function head(message, author, time) {
  return h(
    "p",
    { class: "message-head" },
    h("span", { class: "author", text: author.name }),
    author.isBot && h("span", { class: "tag", text: "APP" }),
    h("time", {
      class: "stamp",
      datetime: new Date(message.at).toISOString(),
      title: told(message.at, "F"),
      text: time,
    }),
  );
}

function content(message, page) {
  if (message.failed) {
    return h("p", { class: "failed", "data-testid": "failed" }, icon("alert"), message.failed);
  }
  if (message.thinking) {
    return h(
      "p",
      { class: "thinking", "data-testid": "thinking" },
      h("span", { class: "dots", "aria-hidden": "true" }, h("i"), h("i"), h("i")),
      `${page.model.state.bot.name} is thinking…`,
    );
  }
  if (isLaidOut(message)) return null;
  const nodes = textNodes(message.content, page);
  if (message.edited) {
    const last = nodes.at(-1);
    if (last?.tagName === "P") last.append(" ", edited());
    else nodes.push(h("p", {}, edited()));
  }
  return h("div", { class: "text", "data-testid": "content" }, nodes);
}

/** Whether all that the message says stands in its components. */
function isLaidOut({ content, embeds, components }) {
  return content === "" && embeds.length === 0 && components.length > 0;
}

function edited() {
  return h("span", { class: "edited", text: "(edited)" });
}

/** The line above an answer: who used which command. */
export function used(command, page) {
  const person = page.model.person(command.who);
  return h(
    "p",
    { class: "used", "data-testid": "used" },
    avatar({ id: person.id, name: person.display_name }, "avatar-tiny"),
    h("span", { class: "used-who", text: person.display_name }),
    " used ",
    h("span", { class: "used-command", text: command.text }),
  );
}

/** The line above an answer to a button, a menu or a form: the message that it stood under. */
function replied(id, page) {
  const message = page.model.messages.get(id);
  if (!message) return h("p", { class: "used", text: "The message that this answers is gone." });
  const author = shownAuthor(message, page);
  return h(
    "p",
    { class: "used", "data-testid": "replied" },
    avatar(author, "avatar-tiny"),
    h("span", { class: "used-who", text: author.name }),
    h("button", {
      class: "used-words",
      type: "button",
      text: page.model.summary(message),
      on: { click: () => page.go({ channel: message.channel, message: id }) },
    }),
  );
}

function whisper(message, page) {
  return h(
    "p",
    { class: "whisper", "data-testid": "whisper" },
    icon("eye"),
    h("span", { text: "Only you can see this" }),
    h("span", { "aria-hidden": "true", text: "·" }),
    h("button", {
      class: "as-link",
      type: "button",
      text: "Dismiss message",
      "data-testid": "dismiss",
      on: { click: () => page.dismiss(message.id) },
    }),
  );
}
