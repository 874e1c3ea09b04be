// Discord's markdown as a tree: https://support.discord.com/hc/en-us/articles/210298617
//
// A node is `{type, …}`. Blocks: heading {level, children}, subtext {children}, quote {children}, list {ordered,
// start, items}, fence {text}. Inline: text {text}, break, strong, em, underline, strike {children}, code {text},
// link {href, children}, user, role, channel {id}, time {seconds, style}, command {name, id}, jump {channel, message}.

/** The tree of a message's text. */
export function parse(text) {
  return read(text.replaceAll("\r\n", "\n"), BLOCKS);
}

/** The tree of a text in which no line begins a block, such as an embed's title. */
export function parseInline(text) {
  return read(text, INLINE);
}

// What ends with its line.
const LINES = new Set(["heading", "subtext", "quote", "fence"]);

/** The tree's words alone. `named` gives those of a node that has none of its own, such as who is mentioned. */
export function plain(nodes, named) {
  const words = (node) => {
    if (node.type === "break") return " ";
    if (node.type === "list") return node.items.map((item) => plain(item, named)).join(" ");
    const text = node.children ? plain(node.children, named) : (node.text ?? named(node));
    return LINES.has(node.type) ? `${text} ` : text;
  };
  return nodes.map(words).join("");
}

function read(source, rules) {
  const nodes = [];
  let at = 0;
  while (at < source.length) {
    const isStart = at === 0 || source[at - 1] === "\n";
    const [node, length] = first(rules, source, at, isStart);
    const last = nodes.at(-1);
    if (node.type === "text" && last?.type === "text") last.text += node.text;
    else nodes.push(node);
    at += length;
  }
  return nodes;
}

function first(rules, source, at, isStart) {
  for (const rule of rules) {
    if (rule.block && !isStart) continue;
    rule.pattern.lastIndex = at;
    const found = rule.pattern.exec(source);
    const node = found && rule.make(found, source);
    if (node) return [node, found[0].length];
  }
  return [{ type: "text", text: source[at] }, 1];
}

const inline = (text) => read(text, INLINE);
const wrapped =
  (type, part = 1) =>
  (found) => ({ type, children: inline(found[part]) });
const isWord = (letter) => letter !== undefined && /[\p{L}\p{N}_]/u.test(letter);

const FENCE = {
  pattern: /```(?:[a-z0-9_+\-.#]+?\n)?\n*([^\n][^]*?)\n*```\n?/iy,
  make: (found) => ({ type: "fence", text: found[1] }),
};

const INLINE = [
  { pattern: /\\([^0-9A-Za-z\s])/uy, make: (found) => ({ type: "text", text: found[1] }) },
  FENCE,
  { pattern: /(`{1,2})([^]*?[^`])\1(?!`)/y, make: (found) => ({ type: "code", text: unpadded(found[2]) }) },
  { pattern: /<@!?(\d+)>/y, make: (found) => ({ type: "user", id: found[1] }) },
  { pattern: /<@&(\d+)>/y, make: (found) => ({ type: "role", id: found[1] }) },
  { pattern: /<#(\d+)>/y, make: (found) => ({ type: "channel", id: found[1] }) },
  {
    pattern: /<\/([^:>\n]+):(\d+)>/y,
    make: (found) => ({ type: "command", name: found[1], id: found[2] }),
  },
  {
    pattern: /<t:(-?\d{1,13})(?::([tTdDfFR]))?>/y,
    make: (found) => ({ type: "time", seconds: Number(found[1]), style: found[2] ?? "f" }),
  },
  { pattern: /\[((?:\\.|[^\]\\\n])+)\]\(<?(https?:\/\/[^\s)>]+)>?\)/y, make: link },
  { pattern: /<(https?:\/\/[^\s>]+)>/y, make: (found) => address(found[1]) },
  { pattern: /https?:\/\/[^\s<]*[^\s<.,:;!?"')\]`*_~|]/y, make: (found) => address(found[0]) },
  { pattern: /\*\*((?:\\[^]|[^\\])+?)\*\*(?!\*)/y, make: wrapped("strong") },
  { pattern: /__((?:\\[^]|[^\\])+?)__(?!_)/y, make: wrapped("underline") },
  { pattern: /~~(?=\S)((?:\\[^]|[^\\])*?\S)~~/y, make: wrapped("strike") },
  { pattern: /\*(?=\S)((?:\*\*|\\[^]|[^*\\])*?(?:\*\*|\\[^]|[^\s*\\]))\*(?!\*)/y, make: wrapped("em") },
  { pattern: /_(?=\S)((?:__|\\[^]|[^_\\])+?)_(?!_)/y, make: emphasis },
  { pattern: /\n/y, make: () => ({ type: "break" }) },
];

// Lines of one kind make a list; those of the other kind belong to it only if they are indented.
const LISTS = [
  {
    block: true,
    pattern: /(?: *[-*] +[^\n]+(?:\n|$))(?:(?: *[-*]| +\d{1,9}\.) +[^\n]+(?:\n|$))*/y,
    make: list,
  },
  {
    block: true,
    pattern: /(?: *\d{1,9}\. +[^\n]+(?:\n|$))(?:(?: *\d{1,9}\.| +[-*]) +[^\n]+(?:\n|$))*/y,
    make: list,
  },
];

// Of the blocks a quote holds all but quotes.
const QUOTED = [
  {
    block: true,
    pattern: /(#{1,3}) +([^\n]+)(?:\n|$)/y,
    make: (found) => ({ type: "heading", level: found[1].length, children: inline(found[2].trim()) }),
  },
  { block: true, pattern: /-# +([^\n]+)(?:\n|$)/y, make: wrapped("subtext") },
  ...LISTS,
  ...INLINE,
];

const BLOCKS = [
  { block: true, pattern: />>> ([^]+)/y, make: (found) => quote(found[1]) },
  {
    block: true,
    pattern: /(?:> [^\n]*(?:\n|$))+/y,
    make: (found) => quote(found[0].replace(/\n$/, "").replace(/^> /gm, "")),
  },
  ...QUOTED,
];

// One blank inside of both ends is there to keep backticks apart.
function unpadded(code) {
  return /^ .*` $|^ `.* $/s.test(code) ? code.slice(1, -1) : code;
}

// snake_case is no emphasis.
function emphasis(found, source) {
  const before = source[found.index - 1];
  const after = source[found.index + found[0].length];
  return isWord(before) || isWord(after) ? null : wrapped("em")(found);
}

function address(href) {
  const jump = jumpOf(href);
  return jump ?? { type: "link", href, children: [{ type: "text", text: href }] };
}

function link(found) {
  const children = inline(found[1]);
  const jump = jumpOf(found[2]);
  return jump ? { ...jump, children } : { type: "link", href: found[2], children };
}

// The address of a message leads to it on this page.
function jumpOf(href) {
  const found = /^https:\/\/discord\.com\/channels\/\d+\/(\d+)\/(\d+)$/.exec(href);
  return found && { type: "jump", channel: found[1], message: found[2] };
}

function quote(text) {
  return { type: "quote", children: read(text, QUOTED) };
}

function list(found) {
  const lines = found[0].replace(/\n$/, "").split("\n");
  const parts = lines.map((line) => /^( *)([-*]|\d{1,9}\.) +(.+)$/.exec(line));
  const [, indent, marker] = parts[0];
  const items = [];
  let under = [];
  const close = () => {
    if (under.length > 0) items.at(-1).push(...read(under.join("\n"), LISTS));
    under = [];
  };
  for (const [line, own, , text] of parts) {
    if (own.length > indent.length) {
      under.push(line);
    } else {
      close();
      items.push(inline(text));
    }
  }
  close();
  const ordered = marker.endsWith(".");
  return { type: "list", ordered, start: ordered ? Number.parseInt(marker, 10) : 1, items };
}
