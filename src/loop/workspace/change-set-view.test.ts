import assert from "node:assert/strict";
import { test } from "node:test";
import type { ByteString } from "../../base/byte-string.ts";
import type { ChangeEntry, ChangeSet } from "../../workspace/index.ts";
import { reviewOfChangeSet } from "./change-set-view.ts";

const NAMES = ["a", "b", "c"];

function entryAt(name: string): ChangeEntry {
  const after = { type: "file", mode: 0o644, uid: 0, gid: 0, sizeBytes: 1, sha256: "a".repeat(64) } as const;
  return {
    ...{ path: name, hostPath: `/project/${name}`, kind: "add", flags: [], protectedBecause: [] },
    edit: { root: 0, path: name as ByteString, before: { type: "absent" }, after },
  };
}

const SET: ChangeSet = {
  ...{ id: "set", hash: "0".repeat(64), runId: "run", agent: "agent", tool: "shell", command: "true", roots: [] },
  ...{ state: "applied", createdAt: 0, expiresAt: 1, entryCount: NAMES.length, entries: NAMES.map(entryAt) },
  conflicts: [],
};

const CASES: readonly [string, Partial<ChangeSet>, readonly (string | undefined)[]][] = [
  ["all were written", {}, ["applied", "applied", "applied"]],
  ["some were chosen", { chosen: ["b"] }, [undefined, "applied", undefined]],
  ["some were put back", { undone: ["a"] }, ["undone", "applied", "applied"]],
  ["all were put back", { state: "undone", chosen: ["a", "b"], undone: ["a", "b"] }, ["undone", "undone", undefined]],
  ["nothing was written yet", { state: "approved", chosen: ["a"] }, [undefined, undefined, undefined]],
];

for (const [name, set, expected] of CASES)
  test(`each file of a review says where it stands when ${name}`, async () => {
    const review = await reviewOfChangeSet({ ...SET, ...set });
    assert.ok(review.kind === "change-set");
    assert.deepEqual(
      review.files.map(({ now }) => now),
      expected,
    );
  });
