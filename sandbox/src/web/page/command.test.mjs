import assert from "node:assert/strict";
import { test } from "node:test";

import { choicesFor, commandsOf, fixedChoices, matching, reading, valueOf } from "./command.js";

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

test("an option with choices takes one of them, whatever the case", () => {
  const state = {
    type: 3,
    name: "state",
    choices: [
      { name: "open", value: "o" },
      { name: "created", value: "c" },
    ],
  };
  assert.deepEqual(valueOf(state, "Open"), { value: "o" });
  assert.deepEqual(valueOf(state, "ope"), { problem: "state is one of those in the list." });
  assert.deepEqual(
    choicesFor(state.choices, "RE").map((choice) => choice.value),
    ["c"],
  );
  assert.deepEqual(valueOf({ type: 5, name: "yes" }, "true"), { value: true });
  assert.equal(fixedChoices({ type: 3, name: "prefix" }), null);
});
