import assert from "node:assert/strict";
import { test } from "node:test";

import { fromNow } from "./ago.js";

const HOUR = 3_600_000;
const told = (milliseconds) => fromNow(milliseconds, "en");

test("a time that has just been set is told as it was set", () => {
  assert.equal(told(72 * HOUR - 1500), "in 3 days");
  assert.equal(told(24 * HOUR - 1500), "in 1 day");
  assert.equal(told(180_000 - 1500), "in 3 minutes");
});

test("a moment is told in the greatest unit that it fills, before and after", () => {
  assert.equal(told(40 * 60_000), "in 40 minutes");
  assert.equal(told(-2 * HOUR), "2 hours ago");
  assert.equal(told(-14_000), "14 seconds ago");
  assert.equal(told(400), "now");
  assert.equal(told(-800 * 24 * HOUR), "2 years ago");
});
