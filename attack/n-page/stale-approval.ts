import assert from "node:assert/strict";
import { changedFile, HASH, OTHER_HASH, summary } from "../../src/server/testing.ts";
import type { Attack } from "../attack.ts";
import { withPage } from "./page.helper.ts";

export const attack: Attack = {
  promise: 44,
  must: "A yes that was given to what stood on the page before is told to be stale, and applies nothing that came after.",
  quick: true,
  async run() {
    await withPage(async (server) => {
      server.desk.add({
        ...summary("one"),
        hash: OTHER_HASH,
        kind: "change-set",
        files: [changedFile("/evil")],
        conflicts: [],
      });
      const form = await server.form(
        "/reviews/one/approve",
        new Map([
          ["hash", HASH],
          ["reviewer", "ann"],
          ["scope", "all"],
        ]),
      );
      assert.notEqual(form.status, 200);
      const api = await server.api("/api/reviews/one/approve", { hash: HASH, reviewer: "ann", files: ["/evil"] });
      assert.ok(api.status >= 400, String(api.status));
      assert.ok((await server.api("/api/reviews/one/approve", { reviewer: "ann" })).status >= 400);
      assert.equal(server.desk.all.get("one")?.state, "pending");
    });
  },
};
