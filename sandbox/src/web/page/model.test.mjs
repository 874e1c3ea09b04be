import assert from "node:assert/strict";
import { test } from "node:test";

import { Model, continues, initials, visible } from "./model.js";

const ADA = { who: "admin", id: "1", display_name: "Ada", roles: ["11"] };
const LINUS = { who: "member", id: "2", display_name: "Linus", roles: [] };
const BOT = { id: "9", name: "ldapgroup", bot: true };

function memory() {
  const kept = new Map();
  return { getItem: (key) => kept.get(key) ?? null, setItem: (key, value) => kept.set(key, value) };
}

function message(id, more = {}) {
  return {
    id,
    channel: "c",
    author: BOT,
    at: Number(id),
    content: "",
    components: [],
    private: false,
    command: null,
    pings: { users: [], roles: [], everyone: false },
    ...more,
  };
}

function model(...messages) {
  const model = new Model({ local: memory(), session: memory() });
  const channels = [{ id: "c", name: "connect" }];
  model.take({
    me: "admin",
    people: [ADA, LINUS],
    roles: [{ id: "11", name: "Connect admins" }],
    channels,
    bot: BOT,
    commands: [],
    messages,
  });
  return model;
}

test("messages stand in the order in which they came, whichever came first here", () => {
  const known = model(message("100"), message("9"));
  known.put(message("99", { at: 100 }));
  assert.deepEqual(
    known.shown("c").map((each) => each.id),
    ["9", "99", "100"],
  );
  assert.deepEqual(known.shown("other"), []);
});

test("a message that changed takes the place of the one before", () => {
  const known = model(message("1"));
  assert.equal(known.put(message("1", { content: "later" })), false);
  assert.equal(known.put(message("2")), true);
  assert.deepEqual(
    known.shown("c").map((each) => each.content),
    ["later", ""],
  );
  known.remove("1");
  assert.equal(known.shown("c").length, 1);
});

test("what was dismissed stays away, whatever the server sends", () => {
  const known = model(message("1"), message("2"));
  known.dismiss("1");
  known.put(message("1"));
  assert.deepEqual(
    known.shown("c").map((each) => each.id),
    ["2"],
  );
});

test("a mention is meant for whom it pings, not for whom it names", () => {
  const known = model();
  assert.equal(known.pings(message("1", { content: "<@1>" }), ADA), false);
  assert.equal(known.pings(message("1", { pings: { users: ["1"], roles: [] } }), ADA), true);
  assert.equal(known.pings(message("1", { pings: { users: [], roles: ["11"] } }), ADA), true);
  assert.equal(known.pings(message("1", { pings: { users: [], roles: ["11"] } }), LINUS), false);
  assert.equal(known.pings(message("1", { pings: { users: [], roles: [], everyone: true } }), LINUS), true);
});

test("what a person hasn't seen is counted for them alone", () => {
  const mention = { pings: { users: [], roles: ["11"] } };
  const known = model(message("1", mention), message("2"), message("3", { private: true }));
  assert.deepEqual(known.unread(ADA, "c"), { messages: 3, mentions: 1 });
  assert.deepEqual(known.unread(LINUS, "c"), { messages: 2, mentions: 0 });
  known.see("admin", "c");
  assert.deepEqual(known.unread(ADA, "c"), { messages: 0, mentions: 0 });
  known.put(message("4", { author: { ...ADA } }));
  assert.deepEqual(known.unread(ADA, "c"), { messages: 0, mentions: 0 });
  assert.deepEqual(known.unread(LINUS, "c"), { messages: 3, mentions: 0 });
});

test("a name stands once above what one says in a row", () => {
  const first = message("1");
  assert.equal(continues(message("2"), undefined), false);
  assert.equal(continues(message("2"), first), true);
  for (const other of [
    { command: {} },
    { private: true },
    { reply_to: "1" },
    { author: ADA },
    { at: 999_999 },
  ]) {
    assert.equal(continues(message("2", other), first), false, JSON.stringify(other));
  }
});

test("a message is summed up in a line, with names", () => {
  const content = "**Request**: <@2> asks <@&11> in <#c>\n```\nNAME\n``` <@77> <t:1:R>";
  assert.equal(
    model().summary(message("1", { content })),
    "Request: @Linus asks @Connect admins in <#c> NAME @unknown-user …",
  );
  assert.equal(model().summary(message("1", { content: "x".repeat(200) })).length, 121);
});

test("what is laid out in a message is summed up in the order in which it is read", () => {
  const section = {
    type: 9,
    components: [
      { type: 10, content: "for **<@2>**" },
      { type: 10, content: "# soon\n-# or later" },
    ],
    accessory: { type: "button", label: "Retry" },
  };
  const components = [
    { type: 10, content: "## Request 7" },
    { type: 17, components: [section, { type: 14 }, { type: 1, components: [] }] },
  ];
  assert.equal(model().summary(message("1", { components })), "Request 7 for @Linus soon or later");
});

test("a name's hidden marks are written out", () => {
  assert.equal(visible("a\u{202e}b\nc\u{1b}"), "a\\u{202e}b\\u{a}c\\u{1b}");
  assert.equal(visible("営業 部-é"), "営業 部-é");
});

test("somebody's letters are those of their names", () => {
  assert.deepEqual(["Ada", "A. Guest", "", "営業 部"].map(initials), ["A", "AG", "?", "営部"]);
});
