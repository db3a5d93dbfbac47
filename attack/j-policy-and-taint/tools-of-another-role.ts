import assert from "node:assert/strict";
import { talk } from "../../src/loop/testing.ts";
import type { Attack } from "../attack.ts";

export const attack: Attack = {
  promise: 40,
  must: "An agent gets neither a call, a permit nor a result of a tool that its role does not list, whoever asks for it.",
  quick: true,
  async run(stage) {
    const { loop } = await stage.loop();
    const [agent, input] = ["reader", { code: "true" }];
    for (const tool of ["shell", "python", "deploy"]) {
      assert.equal((await talk(loop, agent).call({ tool, input })).status, "refused", tool);
      assert.equal((await talk(loop, agent).permit({ tool, input })).status, "refused", tool);
    }
    assert.equal((await talk(loop, agent).permit({ tool: "mail", input })).status, "refused");
    const { callId } = await talk(loop, agent).permit({ tool: "mail", input });
    for (const id of [callId, "another"]) {
      const result = await talk(loop, agent).receive({ callId: id, content: "a result nobody asked for" });
      assert.equal(result.status, "refused");
      assert.doesNotMatch(result.forModel.text, /nobody asked/);
    }
    // Nothing of it counts as taken in.
    assert.equal(loop.ledger.query({ kind: "run" }).length, 0);
  },
};
