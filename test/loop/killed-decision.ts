import { Ledger } from "../../src/ledger/index.ts";
import { ZeroTrustLoop } from "../../src/loop/index.ts";
import { type BegunDecision, BegunDecisions } from "../../src/loop/reviews/begun-decisions.ts";
import type { LoopConfig } from "../../src/policy/index.ts";

/**
 * Makes one decision and is killed on the way: before anything moved, or when the review has moved and its entry is about to be written.
 * The config comes on the command line, as JSON.
 */
const [config = "", directory = "", verb = "", id = "", hash = "", file = "", instant = ""] = process.argv.slice(2);

const die = (): never => {
  process.kill(process.pid, "SIGKILL");
  throw new Error("unreachable");
};
const append = Ledger.prototype.append;
Ledger.prototype.append = function (draft, options) {
  if (instant === "moved" && draft.kind === "approval") die();
  return append.call(this, draft, options);
};
const during = BegunDecisions.prototype.during;
BegunDecisions.prototype.during = function (
  this: BegunDecisions,
  decision: BegunDecision,
  work: () => Promise<unknown>,
) {
  return during.call(this, decision, instant === "begun" ? die : work);
} as typeof during;

/** A day and an hour later: whatever waits is over. */
const now = verb === "expire" ? () => Date.now() + 25 * 3_600_000 : Date.now;
const loop = await ZeroTrustLoop.open({ config: JSON.parse(config) as LoopConfig, directory, now });
const options = { reviewer: "ann", message: "as talked about", ...(file !== "" && { files: [file] }) };
if (verb === "approve") await loop.reviews.approve(id, { ...options, hash });
if (verb === "reject") await loop.reviews.reject(id, { ...options, hash });
if (verb === "revoke") await loop.reviews.revoke(id, { reviewer: "ann" });
if (verb === "expire") await loop.reviews.list();
await loop.close();
