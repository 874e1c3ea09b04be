// What a channel begins with: what it is for, and something to try.

import { h } from "./dom.js";
import { icon } from "./icons.js";

const TRIES = [
  {
    call: "search",
    values: { prefix: "acc" },
    words: "Search for groups",
    text: "/ldapgroup search prefix:acc",
  },
  { call: "create", values: { name: "" }, words: "Bring one into Connect", text: "/ldapgroup create" },
];

/** The beginning of the channel that is open. */
export function welcome(page) {
  const isFirst = page.channel === page.model.state.channels[0]?.id;
  const name = page.model.name("channel", page.channel);
  return h(
    "section",
    { class: "welcome", "data-testid": "welcome", "aria-label": `About #${name}` },
    h("span", { class: "welcome-mark", "aria-hidden": "true" }, icon("hash")),
    h("h2", { class: "welcome-head", text: `This is #${name}` }),
    isFirst ? first(page) : h("p", { class: "welcome-words", text: REQUESTS }),
  );
}

const REQUESTS =
  "Whoever isn’t an admin asks for a group. The request is posted here, and an admin approves or denies it. " +
  "Ask as one person, then decide as another: you change who you are beside the messages.";

function first(page) {
  const tries = TRIES.map(({ call, values, words, text }) =>
    h(
      "button",
      {
        class: "try",
        type: "button",
        "data-testid": `try-${call}`,
        on: { click: () => page.begin((command) => command.call === call, values) },
      },
      h("span", { class: "try-words", text: words }),
      h("code", { class: "span", text }),
    ),
  );
  return [
    h("p", {
      class: "welcome-words",
      text:
        "The real bot is here, with a made-up company behind it. " +
        "Type / to see what it can do, or begin with one of these.",
    }),
    h("div", { class: "tries" }, tries),
  ];
}
