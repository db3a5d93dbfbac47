import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { type ProposedChange, Workspace } from "../../workspace/index.ts";
import { GUEST_ROOT } from "../../workspace/testing/changes-between.ts";
import { openTestLoop } from "../testing.ts";

/** Agreed to by one reviewer, and not written: whoever tries again must mean just that. */
test("an approval that was not carried out is tried again for the very files that were agreed to", async (t) => {
  const world = await openTestLoop();
  t.after(() => world[Symbol.asyncDispose]());
  const workspace = await Workspace.open({ directory: join(world.directory, "state", "workspace") });
  t.after(() => workspace.close());
  const paths = ["a", "b", "c"].map((name) => `${GUEST_ROOT}/${name}`);
  const changes = paths.map((path): ProposedChange => {
    return { path, kind: "add", fileType: "file", mode: 0o644, content: Buffer.from(path) };
  });
  const { review } = await workspace.spaces.commit(await workspace.spaces.view("owner", "writer"), {
    ...{ runId: "run", agent: "writer", tool: "shell", command: "sh", labels: [], changes },
    roots: [{ hostRoot: world.project, guestRoot: GUEST_ROOT }],
  });
  const agreed = await workspace.pending.approve(review?.id ?? "", { hash: review?.hash ?? "", reviewer: "alice" });
  assert.ok(agreed?.status === "approved");
  const { id, hash } = agreed.changeSet;
  const [a = "", b = "", c = ""] = paths;
  for (const files of [
    [a, b],
    [a, a, b],
    [a, b, b, b],
    [a, b, `${GUEST_ROOT}/d`],
    [a, b, c, `${GUEST_ROOT}/d`],
  ]) {
    const other = await world.loop.reviews.approve(id, { hash, reviewer: "bob", files });
    assert.equal(other.status, "already", JSON.stringify([files, other]));
    assert.deepEqual(readdirSync(world.project), []);
  }
  const done = await world.loop.reviews.approve(id, { hash, reviewer: "bob", files: [c, a, b, a] });
  assert.equal(done.status, "done", JSON.stringify(done));
  assert.deepEqual(readdirSync(world.project), ["a", "b", "c"]);
});
