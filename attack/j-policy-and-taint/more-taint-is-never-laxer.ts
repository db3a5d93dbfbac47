import assert from "node:assert/strict";
import { testConfig } from "../../src/loop/testing.ts";
import { Policy, Taint } from "../../src/policy/index.ts";
import { Random } from "../../test/attack/random.ts";
import type { Attack } from "../attack.ts";

const STRICTNESS = { run: 0, ask: 1, refuse: 2 } as const;
const SEQUENCES = 300;

export const attack: Attack = {
  promise: 40,
  must: "No sequence of labels, however long, in any order and from any number of sources, makes a later decision laxer.",
  quick: true,
  run() {
    const policy = new Policy(testConfig());
    const random = new Random(40);
    const tools = [...Object.keys(testConfig().tools), "none"];
    for (let sequence = 0; sequence < SEQUENCES; sequence++) {
      let taint = Taint.none;
      const before = new Map(tools.map((tool) => [tool, 0]));
      for (let step = 0; step < 60; step++) {
        const [trust, confidentiality] = [
          random.pick(["trusted", "untrusted"] as const),
          random.pick(["public", "private"] as const),
        ];
        taint = taint.join({ source: `source-${random.below(200)}`, trust, confidentiality });
        for (const tool of tools) {
          const now = STRICTNESS[policy.decide({ agent: "writer", tool, taint }).decision];
          assert.ok(now >= (before.get(tool) ?? 0), `${tool} became laxer with ${taint.names().join()}`);
          before.set(tool, now);
        }
      }
    }
  },
};
