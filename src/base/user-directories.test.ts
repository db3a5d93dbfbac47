import assert from "node:assert/strict";
import { userInfo } from "node:os";
import { join } from "node:path";
import { afterEach, test } from "node:test";
import { userDirectory } from "./user-directories.ts";

const before = { ...process.env };
afterEach(() => {
  for (const name of ["HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME"]) {
    delete process.env[name];
    if (before[name] !== undefined) process.env[name] = before[name];
  }
});

test("what the variable names, or the specification's place in the home directory", () => {
  Object.assign(process.env, { HOME: "/somebody", XDG_CACHE_HOME: "/var/cache/somebody" });
  delete process.env.XDG_STATE_HOME;
  assert.equal(userDirectory("XDG_CACHE_HOME"), "/var/cache/somebody");
  assert.equal(userDirectory("XDG_STATE_HOME"), "/somebody/.local/state");
});

test("a relative place, which is another in each working directory, is ignored", () => {
  const { homedir } = userInfo();
  for (const relative of ["", ".", "cache", "./cache", "../cache", "~"]) {
    Object.assign(process.env, { HOME: relative, XDG_CACHE_HOME: relative, XDG_STATE_HOME: relative });
    assert.equal(userDirectory("XDG_CACHE_HOME"), join(homedir, ".cache"), relative);
    assert.equal(userDirectory("XDG_STATE_HOME"), join(homedir, ".local", "state"), relative);
  }
});
