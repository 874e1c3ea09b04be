// Moments as Discord shows them, in the reader's own time.

import { fromNow } from "./ago.js";
import { h } from "./dom.js";

// The page is in English, so are its dates: as the reader's own English has them.
const LOCALE = navigator.languages.find((language) => language.startsWith("en")) ?? "en";

const STYLES = {
  t: { timeStyle: "short" },
  T: { timeStyle: "medium" },
  d: { dateStyle: "short" },
  D: { dateStyle: "long" },
  f: { dateStyle: "long", timeStyle: "short" },
  F: { dateStyle: "full", timeStyle: "short" },
};

/** A moment, in milliseconds since 1970, in one of Discord's styles but `R`. */
export function told(at, style) {
  return new Intl.DateTimeFormat(LOCALE, STYLES[style]).format(at);
}

/** A day, as a line between messages says it. */
export function day(at) {
  return told(at, "D");
}

function relative(at) {
  return fromNow(at - Date.now(), LOCALE);
}

/** An element for a moment in a message; one of style `R` is kept up to date. */
export function moment(at, style) {
  const date = new Date(at);
  const isThere = !Number.isNaN(date.getTime());
  if (!isThere) return h("span", { text: "Invalid date" });
  return h("time", {
    class: "moment",
    datetime: date.toISOString(),
    title: told(at, "F"),
    "data-relative": style === "R" ? at : null,
    text: style === "R" ? relative(at) : told(at, style),
  });
}

setInterval(() => {
  for (const node of document.querySelectorAll("time[data-relative]")) {
    const text = relative(Number(node.dataset.relative));
    if (node.textContent !== text) node.textContent = text;
  }
}, 1000);
