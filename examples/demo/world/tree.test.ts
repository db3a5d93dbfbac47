import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { TREE_FILES_MAX } from "../limits.ts";
import { changedPaths, readTree } from "./tree.ts";

test("a tree tells added, changed, removed and re-moded files apart from the others", (context) => {
  const root = mkdtempSync(join(tmpdir(), "ztl-tree-"));
  context.after(() => rmSync(root, { recursive: true }));
  for (const name of ["same", "changed", "removed", "mode"]) writeFileSync(join(root, name), name);
  symlinkSync("same", join(root, "link"));
  const before = readTree(root);
  writeFileSync(join(root, "changed"), "chang ed");
  rmSync(join(root, "removed"));
  chmodSync(join(root, "mode"), 0o755);
  writeFileSync(join(root, "added"), "");
  rmSync(join(root, "link"));
  symlinkSync("changed", join(root, "link"));
  assert.deepEqual(changedPaths(before, readTree(root)), ["added", "changed", "link", "mode", "removed"]);
  assert.deepEqual(changedPaths(before, before), []);
});

test("a tree is bounded", (context) => {
  const root = mkdtempSync(join(tmpdir(), "ztl-tree-"));
  context.after(() => rmSync(root, { recursive: true }));
  for (let file = 0; file <= TREE_FILES_MAX; file++) writeFileSync(join(root, String(file)), "");
  assert.throws(() => readTree(root), { code: "tree-too-large" });
});
