import assert from "node:assert/strict";
import type { Attack } from "../attack.ts";
import { FORM, formBody, withPage } from "./page.helper.ts";

const FROM: readonly Record<string, string | null>[] = [
  { origin: "https://evil.example" },
  { origin: "http://127.0.0.1:9999" },
  { origin: "http://127.0.0.1:4711.evil.example" },
  { origin: "null" },
  { origin: null },
  { "sec-fetch-site": "cross-site" },
  { "sec-fetch-site": "same-site" },
];

export const attack: Attack = {
  promise: 44,
  must: "A form sent from another site, without the session's own token, or as another kind of body decides nothing.",
  quick: true,
  async run() {
    await withPage(async (server) => {
      const post = (headers: Record<string, string | null>, body: string) =>
        server.request("/reviews/one/approve", { method: "POST", headers: { ...FORM, ...headers }, body });
      for (const headers of FROM)
        assert.equal((await post(headers, formBody(server.csrfToken))).status, 403, JSON.stringify(headers));
      for (const csrf of ["", "x", server.csrfToken.slice(1), `${server.csrfToken}a`])
        assert.equal((await post({}, formBody(csrf))).status, 403);
      for (const type of ["text/plain", "application/json", "multipart/form-data; boundary=x"])
        assert.notEqual((await post({ "content-type": type }, formBody(server.csrfToken))).status, 303, type);
      assert.deepEqual(server.desk.decisions, []);
    });
  },
};
