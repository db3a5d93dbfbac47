import assert from "node:assert/strict";
import { talk } from "../../src/loop/testing.ts";
import type { Attack } from "../attack.ts";

const NAMES = [
  "__proto__",
  "constructor",
  "toString",
  "hasOwnProperty",
  "valueOf",
  "*",
  "read*",
  "",
  "read\0",
  " read",
  "READ",
];

export const attack: Attack = {
  promise: 40,
  must: "Names that every object has a member for, patterns and near misses are no agent and no tool: the answer is no.",
  quick: true,
  async run(stage) {
    const { loop } = await stage.loop();
    for (const name of NAMES) {
      assert.throws(() => loop.agent(name), { code: "unknown-agent" }, JSON.stringify(name));
      const answer = await talk(loop, "writer")
        .permit({ tool: name, input: {} })
        .catch((error: { code?: string }) => error.code);
      const isRefused = typeof answer === "object" && answer.status === "refused";
      assert.ok(isRefused || answer === "invalid-input", `${JSON.stringify(name)}: ${JSON.stringify(answer)}`);
    }
  },
};
