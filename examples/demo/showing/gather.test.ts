import assert from "node:assert/strict";
import { test } from "node:test";
import type { Entry } from "../../../src/loop/index.ts";
import { appliedFiles } from "./gather.ts";

type Sync = Extract<Entry, { kind: "sync" }>["body"];

const sync = (outcome: Sync["outcome"], ...files: readonly string[]): Entry => {
  const body: Sync = { changeSetSha256: "0".repeat(64), outcome, files: [...files] };
  // The rest of an entry does not matter here.
  return { kind: "sync", body } as Entry;
};

test("files count as written when they were applied, and not undone again", () => {
  const entries = [
    sync("applied", "/project/a", "/project/b/c"),
    sync("conflict", "/project/d"),
    sync("undone", "/project/a"),
    sync("applied", "/project/b/c", "/project/e"),
  ];
  assert.deepEqual(appliedFiles(entries), ["b/c", "e"]);
});
