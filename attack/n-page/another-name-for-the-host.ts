import assert from "node:assert/strict";
import type { Attack } from "../attack.ts";
import { withPage } from "./page.helper.ts";

const HOSTS = [
  "evil.example",
  "evil.example:4711",
  "127.0.0.1",
  "127.0.0.1:80",
  "127.0.0.1:4711.evil.example",
  "127.1:4711",
  "0.0.0.0:4711",
  "[::1]:4711",
  "LOCALHOST.:4711",
  null,
];

export const attack: Attack = {
  promise: 44,
  must: "A page of somebody else's whose name leads to this machine gets nothing of the review page.",
  quick: true,
  async run() {
    await withPage(async (server) => {
      for (const host of HOSTS) {
        for (const path of ["/", "/reviews/one", "/api/reviews", "/events"]) {
          const answer = await server.request(path, { headers: { host } });
          assert.equal(answer.status, 403, `${host} ${path}`);
          assert.doesNotMatch(await answer.text(), /a\.txt|researcher/);
        }
      }
    });
  },
};
