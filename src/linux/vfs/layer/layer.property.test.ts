import assert from "node:assert/strict";
import * as fs from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import fc from "fast-check";
import { layerOfDifference } from "../../../base/layer/testing/difference.ts";
import { applyChanges } from "../apply-changes.ts";
import { MountPlan } from "../mounts.ts";
import { buildSampleTree, guestPicture, hostPicture, outcomeOf, temporaryDirectory } from "../testing/fixtures.ts";
import { openForTest } from "../testing/open-layer.ts";
import { CALLER, copyTree, type Operation, onGuest, onHost, operation } from "../testing/operations.ts";
import { Vfs } from "../vfs.ts";

/** Sequences tried; more with VFS_RUNS when the code they test changes. */
const RUNS = Number(process.env.VFS_RUNS ?? 120);

/*
 * What one session does natively becomes a layer over the untouched directory; what a guest then sees and does there is
 * compared with the same in the session's own directory.
 */
describe("an overlay over a layer", () => {
  const lower = temporaryDirectory();
  const work = temporaryDirectory();
  const plan = new MountPlan([
    { guest: "/w", kind: "overlay", host: lower.path },
    { guest: "/ro", kind: "ro", host: lower.path },
    { guest: "/part", kind: "overlay", host: join(lower.path, "a") },
  ]);
  let umask = 0;
  let runs = 0;
  let untouched: ReturnType<typeof hostPicture>;

  before(() => {
    umask = process.umask(0);
    buildSampleTree(lower.path);
    untouched = hostPicture(lower.path, { identity: true });
  });
  after(() => {
    process.umask(umask);
    plan.close();
    lower.dispose();
    work.dispose();
  });

  async function check(earlier: readonly Operation[], now: readonly Operation[]): Promise<void> {
    const place = join(work.path, String(runs++));
    const real = join(place, "real");
    fs.mkdirSync(place);
    copyTree(lower.path, real);
    for (const op of earlier) outcomeOf(() => onHost(real, op));
    const { layer, close } = openForTest(await layerOfDifference(lower.path, real, join(place, "segment")));
    try {
      const vfs = new Vfs({ plan, uid: CALLER.uid, layer });
      const seen = guestPicture(vfs, "/w", { links: "files" });
      assert.deepEqual(seen, hostPicture(real, { links: "files" }), "what is seen");
      assert.deepEqual(guestPicture(vfs, "/ro", { links: "files" }), seen, "a read-only mount shows the same");
      if (fs.lstatSync(join(real, "a"), { throwIfNoEntry: false })?.isDirectory())
        assert.deepEqual(
          guestPicture(vfs, "/part"),
          hostPicture(join(real, "a")),
          "a mount below the changed directory",
        );
      assert.deepEqual(vfs.collectChanges(), [], "nothing was changed yet");

      const copy = join(place, "copy");
      copyTree(real, copy);
      for (const [index, op] of now.entries()) {
        const expected = outcomeOf(() => onHost(real, op));
        const found = outcomeOf(() => onGuest(vfs, op, CALLER));
        assert.equal(found, expected, `operation ${index}: ${JSON.stringify(op)}`);
      }
      const view = guestPicture(vfs, "/w", { links: "files" });
      assert.deepEqual(view, hostPicture(real, { links: "files" }), "the same tree");
      const changes = vfs.collectChanges();
      const [was, is] = [hostPicture(copy), guestPicture(vfs, "/w")];
      const differing = [...new Set([...Object.keys(was), ...Object.keys(is)])]
        .filter((entry) => was[entry] !== is[entry])
        .map((entry) => `/w${entry}`);
      assert.deepEqual([...new Set(changes.map((change) => change.path))], differing.sort(), "exactly what differs");
      applyChanges(changes, "/w", copy);
      assert.deepEqual(hostPicture(copy), is, "the changes lead from what was seen to what is");
      assert.deepEqual(hostPicture(lower.path, { identity: true }), untouched, "the host was changed");
    } finally {
      close();
      fs.rmSync(place, { recursive: true });
    }
  }

  const sequence = fc.array(operation, { minLength: 1, maxLength: 20 });

  it("is what the earlier session left, and changes as it would", async () => {
    await fc.assert(fc.asyncProperty(sequence, sequence, check), { numRuns: RUNS });
  });
});
