// The parts of the box where one writes.

import { freshId, h } from "./dom.js";
import { icon } from "./icons.js";

/** The box as nodes by their names; `listId` is the list that offers what may be typed. */
export function boxNodes(listId) {
  const input = h("input", {
    id: "input",
    class: "composer-input",
    type: "text",
    role: "combobox",
    "aria-autocomplete": "list",
    "aria-expanded": "false",
    "aria-controls": listId,
    autocomplete: "off",
    maxlength: 2000,
    enterkeyhint: "send",
    "data-testid": "input",
  });
  const slash = h("button", {
    class: "tool composer-slash",
    type: "button",
    "aria-label": "Commands",
    title: "Commands",
    text: "/",
    "data-testid": "slash",
  });
  const send = h(
    "button",
    { class: "tool composer-send", type: "submit", "aria-label": "Send", "data-testid": "send" },
    icon("send"),
  );
  const parts = h("div", { class: "composer-parts" }, input);
  return {
    input,
    slash,
    parts,
    form: h("form", { class: "composer-box", novalidate: true }, slash, parts, send),
    help: h("p", { class: "composer-help", id: freshId("help"), hidden: true, "data-testid": "help" }),
    error: h("p", {
      class: "composer-error",
      role: "alert",
      hidden: true,
      "data-testid": "composer-error",
    }),
  };
}
