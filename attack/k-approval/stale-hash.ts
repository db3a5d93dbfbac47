import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { talk } from "../../src/loop/testing.ts";
import type { Attack } from "../attack.ts";

export const attack: Attack = {
  promise: 39,
  must: "A change set that grew after a person looked is not applied by the hash of what they saw.",
  needs: ["kvm", "python"],
  async run(stage) {
    const { loop, project } = await stage.loop();
    const write = async (name: string) => {
      const code = `open('/project/${name}', 'w').write('x')`;
      const result = await talk(loop, "writer").call({ tool: "python", input: { code } });
      assert.ok(result.status === "ok" && result.changeSet !== undefined, JSON.stringify(result));
      return result.changeSet;
    };
    const seen = await write("harmless.txt");
    const grown = await write("conftest.py");
    for (const id of [seen.reviewId, grown.reviewId]) {
      const answer = await loop.reviews.approve(id, { hash: seen.hash, reviewer: "ann" });
      assert.notEqual(answer.status, "done");
    }
    for (const hash of ["", "0".repeat(64), grown.hash.toUpperCase(), `${grown.hash} `]) {
      const answer = await loop.reviews.approve(grown.reviewId, { hash, reviewer: "ann" }).catch(() => undefined);
      assert.notEqual(answer?.status, "done", hash);
    }
    for (const name of ["harmless.txt", "conftest.py"]) assert.ok(!existsSync(join(project, name)), name);
  },
};
