// What the bot lays out under or in place of a message's content: rows, texts, sections, boxes.
// https://discord.com/developers/docs/components/reference

import { button, select } from "./controls.js";
import { colour, h } from "./dom.js";
import { icon } from "./icons.js";
import { textNodes } from "./text.js";

/** Discord's numbers of what is drawn. There are no files here, and nobody to pick from a menu of people or roles. */
const KIND = {
  row: 1,
  button: 2,
  menu: 3,
  section: 9,
  text: 10,
  thumbnail: 11,
  gallery: 12,
  separator: 14,
  container: 17,
};

/** The nodes of a message's components, or of those that stand in one of them. */
export function componentNodes(components, message, page) {
  return components.map((each) => component(each, message, page));
}

function component(each, message, page) {
  const inner = () => componentNodes(each.components, message, page);
  switch (each.type) {
    case KIND.row:
      return h("div", { class: "row" }, inner());
    case KIND.button:
      return button(each, message, page);
    case KIND.menu:
      return select(each, message, page);
    case KIND.text:
      return h("div", { class: "text", "data-testid": "content" }, textNodes(each.content, page));
    case KIND.section:
      return h(
        "div",
        { class: "section", "data-testid": "section" },
        h("div", { class: "section-words" }, inner()),
        h("div", { class: "accessory" }, component(each.accessory, message, page)),
      );
    case KIND.separator: {
      const look = each.spacing === 2 ? "separator separator-large" : "separator";
      return h(each.divider === false ? "div" : "hr", { class: look });
    }
    case KIND.gallery:
      return h("div", { class: "gallery" }, each.items.map(picture));
    case KIND.thumbnail:
      return picture(each);
    case KIND.container:
      return covered(each, container(each, inner()));
    default:
      return null;
  }
}

function container({ accent_color: color }, inner) {
  const box = h("div", { class: "container", "data-testid": "container" }, inner);
  if (color === null || color === undefined) return box;
  box.classList.add("accented");
  box.style.borderInlineStartColor = colour(color);
  return box;
}

/** A thumbnail's or a gallery's picture as its place, with what it shows in words: the page loads nothing. */
function picture({ media: { url }, description, spoiler }) {
  const isReachable = /^https?:/.test(url) && URL.canParse(url);
  const words = description || (isReachable ? new URL(url).hostname : url);
  const place = h(
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
  return covered({ spoiler }, place);
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
