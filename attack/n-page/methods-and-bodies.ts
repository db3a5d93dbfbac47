import assert from "node:assert/strict";
import { BODY_BYTES_MAX } from "../../src/server/limits.ts";
import type { Attack } from "../attack.ts";
import { FORM, formBody, withPage } from "./page.helper.ts";

export const attack: Attack = {
  promise: 44,
  must: "A visit changes nothing, other methods are unknown, and a body without a length, or beyond the limit, is not read.",
  quick: true,
  async run() {
    await withPage(async (server) => {
      const body = formBody(server.csrfToken);
      for (const path of ["approve", "reject", "undo"]) {
        assert.equal((await server.request(`/reviews/one/${path}?${body}`)).status, 404);
        for (const method of ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE2"]) {
          const { status } = await server.request(`/reviews/one/${path}`, { method });
          assert.ok(status >= 400, `${method} ${status}`);
        }
      }
      const post = (headers: Record<string, string | null>, content: string) =>
        server.request("/reviews/one/approve", { method: "POST", headers: { ...FORM, ...headers }, body: content });
      assert.equal((await post({}, `${body}&m=${"x".repeat(BODY_BYTES_MAX)}`)).status, 413);
      assert.equal((await post({ "content-length": null }, body)).status, 411);
      assert.equal((await post({ "transfer-encoding": "chunked" }, body)).status, 411);
      assert.deepEqual(server.desk.decisions, []);
    });
  },
};
