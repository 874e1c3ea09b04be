import assert from "node:assert/strict";
import { test } from "node:test";

import { parse, parseInline, plain } from "./markdown.js";

const text = (words) => ({ type: "text", text: words });
const code = (words) => ({ type: "code", text: words });
const inParts = (words) => parse(words).map((node) => node.type);

test("a table stands in a block between its head and what follows", () => {
  assert.deepEqual(parse("**2 LDAP groups** begin with `a`.\n```\nNAME  GUID\nABE   NULL\n```\nNext."), [
    { type: "strong", children: [text("2 LDAP groups")] },
    text(" begin with "),
    code("a"),
    text("."),
    { type: "break" },
    { type: "fence", text: "NAME  GUID\nABE   NULL" },
    text("Next."),
  ]);
});

test("a block of code may name its language and keeps its blanks", () => {
  assert.deepEqual(parse("```sql\n  SELECT 1\n```"), [{ type: "fence", text: "  SELECT 1" }]);
  assert.deepEqual(parse("```one line```"), [{ type: "fence", text: "one line" }]);
});

test("a fence that nothing closes is text", () => {
  assert.deepEqual(parse("``` a"), [text("``` a")]);
});

test("marks style what stands between them", () => {
  assert.deepEqual(
    parse("**b** *i* _i_ __u__ ~~s~~").filter((node) => node.type !== "text"),
    [
      { type: "strong", children: [text("b")] },
      { type: "em", children: [text("i")] },
      { type: "em", children: [text("i")] },
      { type: "underline", children: [text("u")] },
      { type: "strike", children: [text("s")] },
    ],
  );
  assert.deepEqual(parse("***both***"), [
    { type: "strong", children: [{ type: "em", children: [text("both")] }] },
  ]);
  assert.deepEqual(parse("**a *b* c**"), [
    { type: "strong", children: [text("a "), { type: "em", children: [text("b")] }, text(" c")] },
  ]);
});

test("loose marks stay as they are", () => {
  for (const words of [
    "a_b_c",
    "2 * 3 * 4",
    "a ` b",
    "**",
    "~~ a ~~",
    "* ",
    "1 < 2 > 0",
    "#channel",
    "-x",
    "<@me>",
  ]) {
    assert.deepEqual(parse(words), [text(words)], words);
  }
});

test("a backslash takes a mark's meaning away, and stays before letters", () => {
  assert.deepEqual(parse("\\*\\*a\\*\\* \\<@1\\> \\[x\\]\\(https\\://a.b\\) C:\\dir \\# \\-"), [
    text("**a** <@1> [x](https://a.b) C:\\dir # -"),
  ]);
  assert.deepEqual(parse("\\```a\\```"), [text("```a```")]);
  assert.deepEqual(parse("\\- no list"), [text("- no list")]);
});

test("nothing inside of code has a meaning", () => {
  assert.deepEqual(parse("`**a** <@1> \\`"), [code("**a** <@1> \\")]);
  assert.deepEqual(parse("``a`b``"), [code("a`b")]);
  assert.deepEqual(parse("`` `a` ``"), [code("`a`")]);
});

test("who and what is meant is kept by its id", () => {
  assert.deepEqual(parse("<@1><@!2><@&3><#4></ldapgroup search:5>"), [
    { type: "user", id: "1" },
    { type: "user", id: "2" },
    { type: "role", id: "3" },
    { type: "channel", id: "4" },
    { type: "command", name: "ldapgroup search", id: "5" },
  ]);
});

test("moments have a style, and one by default", () => {
  assert.deepEqual(parse("<t:1772446500:R><t:1772446500>"), [
    { type: "time", seconds: 1772446500, style: "R" },
    { type: "time", seconds: 1772446500, style: "f" },
  ]);
  assert.deepEqual(parse("<t:soon:R> <t:1:x>"), [text("<t:soon:R> <t:1:x>")]);
});

test("an address ends before the punctuation that follows it", () => {
  const link = (href, words = href) => ({ type: "link", href, children: [text(words)] });
  assert.deepEqual(parse("see https://a.example/b?c=d. <https://a.example/>"), [
    text("see "),
    link("https://a.example/b?c=d"),
    text(". "),
    link("https://a.example/"),
  ]);
  assert.deepEqual(parse("[the docs](https://a.example/b)"), [link("https://a.example/b", "the docs")]);
  assert.deepEqual(parse("[x](javascript:alert)"), [text("[x](javascript:alert)")]);
});

test("the address of a message leads to it", () => {
  const address = "https://discord.com/channels/1/22/333";
  assert.deepEqual(parse(`at ${address}; then`), [
    text("at "),
    { type: "jump", channel: "22", message: "333" },
    text("; then"),
  ]);
  assert.deepEqual(parse(`[2](${address})`), [
    { type: "jump", channel: "22", message: "333", children: [text("2")] },
  ]);
});

test("headings, quotes and small text take their line", () => {
  assert.deepEqual(inParts("# One\ntext\n-# small\n> a\n> b\nafter"), [
    "heading",
    "text",
    "break",
    "subtext",
    "quote",
    "text",
  ]);
  assert.deepEqual(parse("> a\n> **b**"), [
    { type: "quote", children: [text("a"), { type: "break" }, { type: "strong", children: [text("b")] }] },
  ]);
  assert.deepEqual(inParts(">>> a\nb"), ["quote"]);
});

test("a quote holds no other quote, but other blocks", () => {
  assert.deepEqual(parse("> > a"), [{ type: "quote", children: [text("> a")] }]);
  const [all] = parse(">>> > a\n- b");
  assert.deepEqual(
    all.children.map(({ type }) => type),
    ["text", "break", "list"],
  );
});

test("lists nest by their indentation and number from where they begin", () => {
  assert.deepEqual(parse("Did you mean:\n- `ABE`\n  - inner\n- b\nend").slice(2), [
    {
      type: "list",
      ordered: false,
      start: 1,
      items: [
        [code("ABE"), { type: "list", ordered: false, start: 1, items: [[text("inner")]] }],
        [text("b")],
      ],
    },
    text("end"),
  ]);
  const [numbers, bullets] = parse("3. a\n  - inner\n4. b\n- c");
  assert.deepEqual([numbers.ordered, numbers.start, numbers.items.length], [true, 3, 2]);
  assert.deepEqual([bullets.ordered, bullets.items], [false, [[text("c")]]]);
});

test("in a line of its own nothing is a block", () => {
  assert.deepEqual(parseInline("- **a**"), [text("- "), { type: "strong", children: [text("a")] }]);
});

test("words alone are without marks", () => {
  assert.equal(
    plain(parse("**a** `b`\n- c\n- d <@1>"), ({ id }) => `@${id}`),
    "a b c d @1",
  );
});

test("the longest message of marks is read at once", () => {
  const worst = ["*", "_", "~~", "`", "[", "\\*", "> ", "- ", "**a", "<t:"];
  for (const mark of worst) {
    const words = mark.repeat(Math.floor(2000 / mark.length));
    assert.ok(parse(words).length > 0);
  }
});
