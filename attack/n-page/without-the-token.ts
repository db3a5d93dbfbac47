import assert from "node:assert/strict";
import { HASH, TOKEN } from "../../src/server/testing.ts";
import type { Attack } from "../attack.ts";
import { withPage } from "./page.helper.ts";

export const attack: Attack = {
  promise: 44,
  must: "Without the token nothing is shown and nothing decided, whatever session, header or address is made up for it.",
  quick: true,
  async run() {
    await withPage(async (server) => {
      const tries: Record<string, string | null>[] = [
        { cookie: null },
        { cookie: "ztl_session_4711=x" },
        { cookie: `ztl_session_4711=${Date.now().toString(36)}.${"a".repeat(22)}.${"a".repeat(43)}` },
        { cookie: null, authorization: `Bearer ${TOKEN.slice(1)}` },
        { cookie: null, authorization: `Bearer ${TOKEN}x` },
        { cookie: null, authorization: "Bearer " },
        { cookie: null, authorization: `Basic ${Buffer.from(TOKEN).toString("base64")}` },
      ];
      for (const headers of tries) {
        for (const path of ["/", "/reviews/one", "/ledger", "/api/reviews", "/api/runs"]) {
          const answer = await server.request(path, { headers });
          assert.equal(answer.status, 401, `${path} ${JSON.stringify(headers)}`);
          assert.doesNotMatch(await answer.text(), /a\.txt|researcher/);
        }
        const json = { ...headers, "content-type": "application/json" };
        const body = JSON.stringify({ hash: HASH });
        const decided = await server.request("/api/reviews/one/approve", { method: "POST", headers: json, body });
        assert.ok(decided.status >= 400);
      }
      assert.deepEqual(server.desk.decisions, []);
    });
  },
};
