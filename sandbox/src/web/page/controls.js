// What of a message is pressed or picked from.

import { h } from "./dom.js";
import { selectMenu } from "./menu.js";

const LOOKS = { 1: "primary", 2: "secondary", 3: "success", 4: "danger", 5: "secondary" };

/** A button, or a link that looks like one. */
export function button(part, message, page) {
  const look = `button button-${LOOKS[part.style] ?? "secondary"}`;
  if (part.url) {
    return h("a", {
      class: look,
      href: part.url,
      target: "_blank",
      rel: "noreferrer noopener",
      text: part.label,
    });
  }
  const node = h(
    "button",
    {
      class: look,
      type: "button",
      disabled: part.disabled,
      "aria-label": TURNS[part.label],
      "data-testid": "button",
      "data-focus": part.label,
      on: {
        click: () => whileBusy(node, () => page.press(message, part.custom_id)),
      },
    },
    h("span", { class: "button-label", text: [part.emoji?.name, part.label].filter(Boolean).join(" ") }),
  );
  return node;
}

// A screen reader would say what the drawing is, not what it does.
const TURNS = {
  "⏮": "First page",
  "◀": "Previous page",
  "▶": "Next page",
  "⏭": "Last page",
  "🔄 Search again": "Search again",
};

/** A menu. */
export function select(part, message, page) {
  const menu = selectMenu(part, (values) =>
    whileBusy(menu, () => page.pick(message, part.custom_id, values)),
  );
  return menu;
}

/** Until the bot has answered nothing else of the message can be used. */
async function whileBusy(node, act) {
  const whole = node.closest(".components");
  if (whole.getAttribute("aria-busy") === "true") return;
  whole.setAttribute("aria-busy", "true");
  node.classList.add("busy");
  await act();
  node.classList.remove("busy");
  whole.removeAttribute("aria-busy");
}
