import assert from "node:assert/strict";
import { test } from "node:test";

import { choicesFor, commandsOf, fixedChoices, matching, parted, reading, valueOf } from "./command.js";

const REGISTERED = [
  {
    name: "ldapgroup",
    type: 1,
    description: "Bring LDAP groups into Posit Connect",
    options: [
      {
        type: 1,
        name: "search",
        description: "Find",
        options: [{ type: 3, name: "prefix", required: true }],
      },
      {
        type: 1,
        name: "create",
        description: "Bring",
        options: [
          { type: 3, name: "reason", max_length: 5 },
          { type: 3, name: "name", required: true, min_length: 1, autocomplete: true },
        ],
      },
      { type: 1, name: "requests", description: "List" },
    ],
  },
  { name: "Read it", type: 3 },
];
const COMMANDS = commandsOf(REGISTERED);
const [, create] = COMMANDS;
const names = (commands) => commands.map((command) => command.name);

test("each subcommand is listed by its full name, its required options first", () => {
  assert.deepEqual(names(COMMANDS), ["ldapgroup search", "ldapgroup create", "ldapgroup requests"]);
  assert.deepEqual(
    COMMANDS.map((command) => command.call),
    ["search", "create", "requests"],
  );
  assert.deepEqual(
    create.options.map((option) => option.name),
    ["name", "reason"],
  );
});

test("a command without subcommands and one in a group are listed too", () => {
  const sub = { type: 1, name: "c", description: "" };
  const listed = commandsOf([
    { name: "ping", description: "", options: [{ type: 3, name: "x" }] },
    { name: "a", description: "", options: [{ type: 2, name: "b", options: [sub] }] },
  ]);
  assert.deepEqual(names(listed), ["ping", "a b c"]);
});

test("what is typed finds the command by its whole name, its own, or a part", () => {
  assert.equal(matching(COMMANDS, "/").length, 3);
  assert.deepEqual(names(matching(COMMANDS, "/cr")), ["ldapgroup create"]);
  assert.deepEqual(names(matching(COMMANDS, "/ldapgroup s")), ["ldapgroup search"]);
  assert.deepEqual(names(matching(COMMANDS, "/re")), ["ldapgroup requests", "ldapgroup create"]);
  assert.deepEqual(matching(COMMANDS, "/nothing"), []);
});

test("a whole name with a blank behind it is a command, with the values after it", () => {
  assert.equal(reading(COMMANDS, "/ldapgroup create"), null);
  assert.equal(reading(COMMANDS, "/ldapgroup creates x"), null);
  const values = (typed) => reading(COMMANDS, typed).values;
  assert.deepEqual(values("/ldapgroup requests "), {});
  assert.deepEqual(values("/ldapgroup create "), {});
  assert.deepEqual(values("/ldapgroup create R&D team"), { name: "R&D team" });
  assert.deepEqual(values("/ldapgroup create name:a b reason:why so"), { name: "a b", reason: "why so" });
  assert.deepEqual(values("/ldapgroup create a:b"), { name: "a:b" });
  assert.deepEqual(values("/LDAPGROUP CREATE reason:x"), { reason: "x" });
});

test("text keeps to its limits", () => {
  const [name, reason] = create.options;
  assert.deepEqual(valueOf(name, " a b "), { value: "a b" });
  assert.deepEqual(valueOf(name, "  "), { problem: "name has at least 1 character." });
  assert.deepEqual(valueOf(reason, "123456"), { problem: "reason has at most 5 characters." });
});

test("numbers are numbers", () => {
  const request = { type: 4, name: "request", min_value: 1, max_value: 9 };
  assert.deepEqual(valueOf(request, " 7 "), { value: 7 });
  assert.deepEqual(valueOf(request, "1.5"), { problem: "request is a whole number." });
  assert.deepEqual(valueOf(request, "0"), { problem: "request is at least 1." });
  assert.deepEqual(valueOf(request, "10"), { problem: "request is at most 9." });
  assert.deepEqual(valueOf({ type: 10, name: "share", min_value: null, max_value: null }, "-1.5"), {
    value: -1.5,
  });
});

test("an option with choices takes one of them by name or value, whatever the case", () => {
  const state = {
    type: 3,
    name: "state",
    choices: [
      { name: "open", value: "o" },
      { name: "created", value: "c" },
    ],
  };
  assert.deepEqual(valueOf(state, "Open"), { value: "o" });
  assert.deepEqual(valueOf(state, "C"), { value: "c" });
  assert.deepEqual(valueOf(state, "ope"), { problem: "state is one of those in the list." });
  assert.deepEqual(
    choicesFor(state.choices, "RE").map((choice) => choice.value),
    ["c"],
  );
  assert.deepEqual(valueOf({ type: 5, name: "yes" }, "true"), { value: true });
  assert.equal(fixedChoices({ type: 3, name: "prefix" }), null);
});

/** What each option's field holds after `typed` went into that of `into`, key by key. */
function afterKeys(options, into, typed) {
  const held = {};
  let current = into;
  for (const key of typed) {
    const others = options.filter((option) => option !== current && !held[option.name]);
    const parts = parted(current, (held[current.name] ?? "") + key, others);
    for (const { option, text } of parts) held[option.name] = text;
    current = parts.at(-1).option;
  }
  return held;
}

const [NAME, REASON] = create.options;
const texts = (parts) => parts.map(({ option, text }) => [option.name, text]);

test("in a field its own name at the very start goes, and nowhere else", () => {
  assert.deepEqual(texts(parted(NAME, "name:ABE", [REASON])), [["name", "ABE"]]);
  assert.deepEqual(texts(parted(NAME, "name:", [REASON])), [["name", ""]]);
  for (const typed of ["", "ABE", "name", "surname:ABE", "the name:ABE", "Name:ABE"]) {
    assert.deepEqual(texts(parted(NAME, typed, [REASON])), [["name", typed]]);
  }
});

test("in a field another option's name behind a blank begins that option", () => {
  const whole = [
    ["name", "ABE-TEST"],
    ["reason", "for x"],
  ];
  assert.deepEqual(texts(parted(NAME, "ABE-TEST reason:for x", [REASON])), whole);
  assert.deepEqual(texts(parted(NAME, "name:ABE-TEST  reason:for x", [REASON])), whole);
  assert.deepEqual(texts(parted(NAME, "name: reason:", [REASON])), [
    ["name", ""],
    ["reason", ""],
  ]);
});

test("in a field another option's name at the very start begins that option", () => {
  assert.deepEqual(texts(parted(NAME, "reason:for x", [REASON])), [
    ["name", ""],
    ["reason", "for x"],
  ]);
  assert.deepEqual(texts(parted(REASON, "name:ABE reason:for x", [NAME])), [
    ["reason", ""],
    ["name", "ABE"],
    ["reason", "for x"],
  ]);
});

test("in a field a name that is no other option's, or has no blank before it, is a word", () => {
  for (const typed of ["see:x", "ABE-reason:x", "ABE reason", "ABE reasons:x", "ABE see:x"]) {
    assert.deepEqual(texts(parted(NAME, typed, [REASON])), [["name", typed]]);
  }
  assert.deepEqual(texts(parted(REASON, "its name:ABE", [])), [["reason", "its name:ABE"]]);
});

test("several names in a field are taken in the order typed, each once", () => {
  const [a, b, c] = ["a", "b.c", "x-y"].map((name) => ({ type: 3, name }));
  assert.deepEqual(texts(parted(a, "1 x-y:2 b.c:3 x-y:4", [b, c])), [
    ["a", "1"],
    ["x-y", "2"],
    ["b.c", "3 x-y:4"],
  ]);
});

test("a command typed key by key fills what the same line fills when it is pasted", () => {
  for (const line of ["name:ABE-TEST reason:for x", "ABE-TEST reason:for: x", "name:a reason:the name is a"]) {
    const pasted = reading(COMMANDS, `/ldapgroup create ${line}`).values;
    assert.deepEqual(afterKeys(create.options, NAME, line), pasted);
  }
});
