import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { Attack } from "../attack.ts";
import { Surroundings } from "./surroundings.helper.ts";

/** Each would put caches and state, or find them, in whatever directory ztl is started in. */
const RELATIVE = ["", ".", "home", "./.cache"];

export const attack: Attack = {
  promise: 56,
  must: "HOME, XDG_CACHE_HOME or XDG_STATE_HOME with a relative value neither takes caches and state from the working directory nor makes them there.",
  run(stage) {
    using around = new Surroundings(stage);
    const { project } = around;
    const before = readdirSync(project, { recursive: true });
    const home = around.directory("home");
    for (const relative of RELATIVE) {
      // A relative value counts as none, so what the next variable says is used.
      const cache = { XDG_CACHE_HOME: relative, XDG_STATE_HOME: relative, HOME: home };
      around.assertUntouched(around.ztl(["runs"], cache), /run/i);
      around.assertUntouched(around.ztl(["ledger", "verify"], cache), /Whole: /);
    }
    assert.ok(existsSync(join(home, ".cache", "zero-trust-loop")), "the home's cache is used");
    assert.ok(existsSync(join(home, ".local", "state", "zero-trust-loop")), "and its state");
    // With a relative home as well, that of the account is; a directory that keeps state there is not made by a test.
    for (const relative of RELATIVE)
      around.assertUntouched(around.ztl(["version"], { XDG_CACHE_HOME: relative, HOME: relative }), /^\d/);
    assert.deepEqual(readdirSync(project, { recursive: true }), before);
  },
};
