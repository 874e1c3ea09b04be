// A message's markdown as nodes of the page.

import { h } from "./dom.js";
import { icon } from "./icons.js";
import { parse, parseInline } from "./markdown.js";
import { moment } from "./time.js";

const BLOCKS = new Set(["heading", "subtext", "quote", "list", "fence"]);
const MARKS = { strong: "strong", em: "em", underline: "u", strike: "s" };

/** The nodes of a message's text. */
export function textNodes(text, page) {
  return blocks(parse(text), page);
}

/** The nodes of a text within a line. */
export function inlineNodes(text, page) {
  return parseInline(text).map((node) => inline(node, page));
}

/** Paragraphs of what stands in lines, between the blocks. */
function blocks(nodes, page) {
  const made = [];
  let line = [];
  const flush = () => {
    if (line.at(-1)?.type === "break") line.pop();
    if (line.length > 0)
      made.push(
        h(
          "p",
          {},
          line.map((node) => inline(node, page)),
        ),
      );
    line = [];
  };
  for (const node of nodes) {
    if (BLOCKS.has(node.type)) {
      flush();
      made.push(block(node, page));
    } else {
      line.push(node);
    }
  }
  flush();
  return made;
}

function block(node, page) {
  const children = () => node.children.map((child) => inline(child, page));
  switch (node.type) {
    case "heading":
      return h("p", { class: `heading heading-${node.level}` }, children());
    case "subtext":
      return h("p", { class: "subtext" }, children());
    case "quote":
      return h("blockquote", {}, blocks(node.children, page));
    case "list": {
      const items = node.items.map((item) =>
        h(
          "li",
          {},
          item.map((child) => inline(child, page)),
        ),
      );
      return node.ordered ? h("ol", { start: node.start }, items) : h("ul", {}, items);
    }
    default:
      return fence(node.text);
  }
}

function fence(text) {
  return h("pre", { class: "fence", "data-testid": "code-block" }, h("code", { text }));
}

function inline(node, page) {
  switch (node.type) {
    case "text":
      return document.createTextNode(node.text);
    case "break":
      return h("br");
    case "code":
      return h("code", { class: "span", text: node.text });
    case "link":
      return h(
        "a",
        { href: node.href, target: "_blank", rel: "noreferrer noopener" },
        node.children.map((child) => inline(child, page)),
      );
    case "time":
      return moment(node.seconds * 1000, node.style);
    case "command":
      return command(node, page);
    case "jump":
      return jump(node, page);
    case "user":
    case "role":
    case "channel":
      return mention(node, page);
    default:
      if (BLOCKS.has(node.type)) return block(node, page);
      return h(
        MARKS[node.type],
        {},
        node.children.map((child) => inline(child, page)),
      );
  }
}

/** A command's name, which puts it into the box. */
function command({ name, id }, page) {
  return h("button", {
    class: "mention",
    type: "button",
    text: `/${name}`,
    "data-testid": "command-mention",
    on: { click: () => page.begin((command) => command.name === name && command.id === id) },
  });
}

function mention({ type, id }, page) {
  const text = page.model.mention(type, id);
  if (type === "channel" && page.model.name(type, id) !== undefined) return channelLink(id, [text], page);
  const me = page.model.person(page.who);
  const isMine = id === me.id || me.roles.includes(id);
  return h("span", { class: isMine ? "mention mention-mine" : "mention", "data-testid": "mention", text });
}

function jump(node, page) {
  const name = page.model.name("channel", node.channel);
  if (name === undefined) return h("span", { class: "mention", text: "#unknown › message" });
  const inner = node.children?.map((child) => inline(child, page)) ?? [
    `#${name} › `,
    icon("message"),
    h("span", { class: "unseen", text: "message" }),
  ];
  return channelLink(node.channel, inner, page, node.message);
}

function channelLink(channel, inner, page, message) {
  const go = (event) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    page.go({ channel, message });
  };
  return h(
    "a",
    { class: "mention", href: page.address({ channel }), "data-testid": "jump", on: { click: go } },
    inner,
  );
}
