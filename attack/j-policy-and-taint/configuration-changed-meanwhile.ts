import assert from "node:assert/strict";
import type { LoopConfig } from "../../src/index.ts";
import { talk } from "../../src/loop/testing.ts";
import type { Attack } from "../attack.ts";

interface Writable {
  agents: Record<string, { role: string }>;
  roles: Record<string, { tools: string[] }>;
  tools: Record<string, { effect?: string; ask?: string }>;
}

export const attack: Attack = {
  promise: 40,
  must: "Whoever holds the configuration object, or what the policy shows of it, widens no right after the loop was opened.",
  quick: true,
  async run(stage) {
    let given: Writable | undefined;
    const { loop } = await stage.loop((config) => {
      given = structuredClone(config) as unknown as Writable;
      return given as unknown as LoopConfig;
    });
    const before = loop.policy.hash;
    for (const config of [given, loop.policy.config as unknown as Writable]) {
      for (const change of [
        () => config?.roles.reading?.tools.push("mail", "*"),
        () => Object.assign(config?.agents ?? {}, { reader: { role: "writing" }, mallory: { role: "writing" } }),
        () => Object.assign(config?.tools.deploy ?? {}, { ask: "never" }),
        () => Object.assign(config?.tools.mail ?? {}, { effect: "none" }),
      ]) {
        try {
          change();
        } catch (error) {
          assert.ok(error instanceof TypeError);
        }
      }
    }
    assert.equal((await talk(loop, "reader").permit({ tool: "mail", input: {} })).status, "refused");
    assert.throws(() => loop.agent("mallory"), { code: "unknown-agent" });
    assert.equal((await talk(loop, "writer").permit({ tool: "deploy", input: {} })).status, "waiting");
    assert.equal(loop.policy.hash, before);
  },
};
