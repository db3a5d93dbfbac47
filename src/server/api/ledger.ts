import { Hono } from "hono";
import { defined } from "../../base/optional.ts";
import type { Desk } from "../desk.ts";
import { ENTRIES_PER_PAGE } from "../limits.ts";
import { refuse } from "../refusal.ts";
import { parseQuery, schemas } from "../requests.ts";
import type { ServerEnv } from "../server-env.ts";
import type { Verifications } from "../verifications.ts";

/** `/api/ledger`: the signed record. */
export function ledgerApi({ ledger }: Pick<Desk, "ledger">, verifications: Verifications): Hono<ServerEnv> {
  const api = new Hono<ServerEnv>();
  api.get("/head", (c) => {
    const head = ledger.head();
    if (head === undefined) return refuse(c, 404, "ledger-empty", "The ledger has no entry, and so no head.");
    const { ledgerId, size, time, rootHash, line } = head;
    return c.json({ ledgerId, size, time, rootHash, line });
  });
  api.get("/verify", async (c) => c.json((await verifications.now()).result));
  api.get("/entries", (c) => {
    const query = parseQuery(c, schemas.entriesQuery);
    if (!query.ok) return query.answer;
    const { limit = ENTRIES_PER_PAGE, fromIndex, beforeIndex } = query.value;
    // From an index on they come oldest first; without one the newest are meant, and come first.
    const entries = ledger.query({
      limit,
      order: fromIndex === undefined ? "last" : "first",
      ...defined({ fromIndex, toIndex: beforeIndex }),
    });
    return c.json({ entries });
  });
  return api;
}
