// A message's embeds: boxes with a coloured edge.

import { colour, h } from "./dom.js";
import { inlineNodes, textNodes } from "./text.js";

/** Discord's embed object as a box. */
export function embedBox(embed, page) {
  const box = h(
    "div",
    { class: "embed", "data-testid": "embed" },
    embed.author && h("p", { class: "embed-author", text: embed.author.name }),
    embed.title && h("p", { class: "embed-title" }, title(embed, page)),
    embed.description && h("div", { class: "text" }, textNodes(embed.description, page)),
    embed.fields?.length > 0 &&
      h(
        "dl",
        { class: "embed-fields" },
        embed.fields.map((field) => fieldBox(field, page)),
      ),
    embed.footer && h("p", { class: "subtext", text: embed.footer.text }),
  );
  if (embed.color) box.style.borderInlineStartColor = colour(embed.color);
  return box;
}

function title(embed, page) {
  const words = inlineNodes(embed.title, page);
  return /^https?:/.test(embed.url ?? "")
    ? h("a", { href: embed.url, target: "_blank", rel: "noreferrer noopener" }, words)
    : words;
}

function fieldBox(field, page) {
  return h(
    "div",
    { class: field.inline ? "embed-field embed-inline" : "embed-field" },
    h("dt", {}, inlineNodes(field.name, page)),
    h("dd", { class: "text" }, textNodes(field.value, page)),
  );
}
