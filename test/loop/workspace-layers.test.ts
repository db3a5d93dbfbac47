import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { openTestLoop, type TestLoop, talk } from "../../src/loop/testing.ts";
import { kvmMissing } from "../kvm.ts";
import { CHAINS, LIST, shell, TREE } from "../layers/chains.ts";

/** Times as well are what an earlier call set, as make and its like go by them. */
const TIMES = [
  "touch -d @1000000000 a.txt; touch -d @5 b.txt; echo x > new; touch -d @7 new",
  "stat -c '%Y %n' a.txt b.txt new; touch -r b.txt a.txt; ln a.txt hard; mv b.txt moved",
  "stat -c '%Y %n' a.txt hard moved new; touch -d @11 hard; chmod 600 moved; cp -p new dir/copy",
  "stat -c '%Y %n' a.txt hard moved new dir/copy; touch -d @13 dir/copy; find . -newer dir/copy -type f | sort",
];

/** A conversation's calls go on from each other as one native session does; what is approved is the tree which that leaves. */
suite("calls over what earlier calls changed", { skip: kvmMissing() }, () => {
  const copies = mkdtempSync(join(tmpdir(), "ztl-native-"));
  let world: TestLoop;

  before(async () => {
    world = await openTestLoop((config) => {
      const { shell: tool } = config.tools;
      return { ...config, tools: { ...config.tools, shell: { ...tool, cwd: "/project" } as typeof tool & object } };
    });
  });
  after(async () => {
    await world[Symbol.asyncDispose]();
    rmSync(copies, { recursive: true, force: true });
  });

  for (const [name, scripts] of Object.entries({ ...CHAINS, "times that are set": TIMES })) {
    test(name, async () => {
      const { loop, project } = world;
      shell("find . -mindepth 1 -delete", project);
      shell(TREE, project);
      const native = mkdtempSync(join(copies, "copy-"));
      shell(TREE, native);
      const conversation = talk(loop, "writer", name);
      let reviewId: string | undefined;
      for (const [step, script] of scripts.entries()) {
        const code = `umask 022; exec 2>/dev/null; ${script}`;
        const result = await conversation.call({ tool: "shell", input: { code } });
        assert.ok(result.status === "ok", result.forModel.text);
        const printed = Buffer.from(shell(code, native), "latin1").toString("utf8");
        assert.equal(result.output.text, printed, `step ${step}: ${script}`);
        reviewId = result.changeSet?.reviewId ?? reviewId;
      }
      const review = reviewId === undefined ? undefined : loop.reviews.find(reviewId);
      // What undid itself is no review any more.
      if (review?.state === "pending") {
        const { status } = await loop.reviews.approve(review.id, { hash: review.hash, reviewer: "ann" });
        assert.equal(status, "done");
      }
      const listing = (directory: string): string => shell(`rm -rf __pycache__; ${LIST}`, directory);
      assert.equal(listing(project), listing(native));
    });
  }
});
