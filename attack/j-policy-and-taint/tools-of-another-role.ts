import assert from "node:assert/strict";
import type { Attack } from "../attack.ts";

export const attack: Attack = {
  promise: 40,
  must: "An agent gets neither a call, a permit nor a result of a tool that its role does not list, whoever asks for it.",
  quick: true,
  async run(stage) {
    const { loop } = await stage.loop();
    const [agent, input] = ["reader", { code: "true" }];
    for (const tool of ["shell", "python", "deploy"]) {
      assert.equal((await loop.call({ agent, tool, input })).status, "refused", tool);
      assert.equal((await loop.permit({ agent, tool, input })).status, "refused", tool);
    }
    assert.equal((await loop.permit({ agent, tool: "mail", input })).status, "refused");
    const received = await loop.receive({ agent, tool: "mail", content: "a result nobody asked for" });
    assert.equal(received.status, "refused");
    assert.doesNotMatch(received.forModel.text, /nobody asked/);
    // Nothing of it counts as taken in.
    assert.equal(loop.ledger.query({ kind: "run" }).length, 0);
  },
};
