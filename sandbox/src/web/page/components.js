// What the bot lays out under or in place of a message's content: rows, texts, sections, boxes.
// https://discord.com/developers/docs/components/reference

import { control } from "./controls.js";
import { colour, h } from "./dom.js";
import { icon } from "./icons.js";
import { textNodes } from "./text.js";

/** The nodes of a message's components, or of those that stand in one of them. */
export function componentNodes(components, message, page) {
  return components.map((each) => component(each, message, page));
}

function component(each, message, page) {
  const inner = () => componentNodes(each.components, message, page);
  switch (each.type) {
    case "row":
      return h("div", { class: "row" }, inner());
    case "text":
      return h("div", { class: "text", "data-testid": "content" }, textNodes(each.content, page));
    case "section":
      return h(
        "div",
        { class: "section", "data-testid": "section" },
        h("div", { class: "section-words" }, inner()),
        each.accessory && h("div", { class: "accessory" }, component(each.accessory, message, page)),
      );
    case "separator": {
      const look = each.large ? "separator separator-large" : "separator";
      return h(each.divider ? "hr" : "div", { class: look });
    }
    case "gallery":
      return h(
        "div",
        { class: "gallery" },
        each.items.map((item) => component(item, message, page)),
      );
    case "picture":
      return covered(each, picture(each));
    case "container":
      return covered(each, container(each, inner()));
    default:
      return control(each, message, page);
  }
}

function container({ color }, inner) {
  const box = h("div", { class: "container", "data-testid": "container" }, inner);
  if (color === null) return box;
  box.classList.add("accented");
  box.style.borderInlineStartColor = colour(color);
  return box;
}

/** A picture's place, with what it shows in words: the page loads nothing from elsewhere. */
function picture({ url, description }) {
  const isReachable = /^https?:/.test(url) && URL.canParse(url);
  const words = description || (isReachable ? new URL(url).hostname : url);
  return h(
    isReachable ? "a" : "div",
    {
      class: "picture",
      title: isReachable ? `${words}: opens ${url}` : words,
      "data-testid": "picture",
      ...(isReachable && { href: url, target: "_blank", rel: "noreferrer noopener" }),
    },
    icon("picture"),
    h("span", { class: "picture-words", text: words }),
  );
}

/** A spoiler is shown to whoever asks for it. */
function covered({ spoiler }, node) {
  if (!spoiler) return node;
  const cover = h(
    "button",
    {
      class: "cover",
      type: "button",
      "data-testid": "spoiler",
      on: {
        click: () => {
          whole.classList.remove("covered");
          cover.remove();
          if (!node.matches("a")) node.tabIndex = -1;
          node.focus({ preventScroll: true });
        },
      },
    },
    h("span", { class: "cover-words", text: "Show spoiler" }),
  );
  const whole = h("div", { class: "spoiler covered" }, node, cover);
  return whole;
}
