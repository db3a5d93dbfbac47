import assert from "node:assert/strict";
import { test } from "node:test";
import { NAME, NAME_PATTERN, NameList } from "./names.ts";

test("a list has its names and what begins with its prefixes, nothing else", () => {
  const list = new NameList(["clock", "read_*"]);
  for (const name of ["clock", "read_", "read_page"]) assert.equal(list.has(name), true, name);
  for (const name of ["clocks", "Clock", "read", "unread_page", "", "*", "toString"])
    assert.equal(list.has(name), false, name);
  assert.equal(new NameList(["*"]).has("anything"), true);
  assert.equal(new NameList([]).has("anything"), false);
});

test("names are plain", () => {
  for (const name of ["a", "read_page", "files.read", "server/tool:v1", "9", "_x", "constructor", "a".repeat(128)])
    assert.ok(NAME.test(name) && NAME_PATTERN.test(name), name);
  for (const name of ["", " a", "a b", "a\n", "ä", "-a", ".a", "a*b", "a\u202e", "__proto__", "a".repeat(129)])
    assert.ok(!NAME.test(name) && !NAME_PATTERN.test(name), JSON.stringify(name));
  for (const pattern of ["*", "read_*"]) assert.ok(NAME_PATTERN.test(pattern) && !NAME.test(pattern), pattern);
});
