import assert from "node:assert/strict";
import type { CallerMount } from "../../src/index.ts";
import type { AttackedSandbox } from "../attacked-sandbox.ts";
import type { Stage } from "../stage.ts";
import { treeDifferences, treeState } from "../tree-state.ts";

/** A sandbox with these mounts is attacked; all of the attack's own directory of the host is as it was afterwards. */
export async function attackMounts(
  stage: Stage,
  mounts: CallerMount[],
  work: (sandbox: AttackedSandbox) => Promise<void>,
): Promise<void> {
  const before = treeState(stage.directory);
  await work(await stage.sandbox({ mounts }));
  assert.deepEqual(treeDifferences(before, treeState(stage.directory)), []);
}
