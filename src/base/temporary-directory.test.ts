import assert from "node:assert/strict";
import { rmSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { afterEach, test } from "node:test";
import { temporaryDirectory } from "./temporary-directory.ts";

const before = process.env.TMPDIR;
afterEach(() => {
  delete process.env.TMPDIR;
  if (before !== undefined) process.env.TMPDIR = before;
});

test("where nothing can be made, the next place is taken", () => {
  for (const place of ["/proc", "/no/such/place", "/proc/version"]) {
    process.env.TMPDIR = place;
    const made = temporaryDirectory("ztl-test-");
    try {
      assert.notEqual(dirname(made), place);
      assert.equal(statSync(made).mode & 0o777, 0o700);
    } finally {
      rmSync(made, { recursive: true });
    }
  }
});
