import { jsonBytes } from "../../base/json-slices.ts";
import { defined } from "../../base/optional.ts";
import { mapInSlices } from "../../base/pace.ts";
import type { RebasedFile, RebaseTake } from "../../workspace/index.ts";
import { Recorder } from "../history/recorder.ts";
import type { LoopParts } from "../parts.ts";
import { wellFormed, withShortSelection } from "../reviews/decisions.ts";
import type { Conflict, DecisionOptions, DecisionResult } from "../reviews/review.ts";
import type { Statements } from "./change-set-desk.ts";
import { explainConflict } from "./conflict-reasons.ts";

/** The `note` entry about files that were laid over what the host has by now. */
export const REBASED = "rebased";

export interface RebaseOptions extends DecisionOptions {
  /** The `hash` of what the reviewer saw. */
  readonly hash: string;
  /**
   * Whose version is to go on. Default `merge`: both, line by line; where they meet, both stand in the file between markers, and it
   * waits until the agent has decided between them. `host`: what this host has; the agent's change is dropped. `workspace`: the
   * agent's, over what this host has.
   */
  readonly take?: RebaseTake;
  /** Only these files, by `path`; all that are in conflict when absent. */
  readonly files?: readonly string[];
}

/** Nothing is written to this host by it; an approval names the new hash. */
export type RebaseResult =
  | {
      readonly status: "rebased";
      readonly hash: string;
      readonly files: readonly RebasedFile[];
      /** These cannot be merged: say `host` or `workspace`. */
      readonly unmerged: readonly Conflict[];
    }
  | Extract<
      DecisionResult,
      { status: "stale" | "not-found" | "already" | "bad-selection" | "not-allowed" | "more-reviewers" }
    >;

export async function rebaseReview(
  parts: LoopParts,
  id: string,
  { reviewer, message, hash, take = "merge", files, statements }: RebaseOptions & Statements,
): Promise<RebaseResult> {
  const { workspace } = parts;
  const asked = workspace.pending.find(id);
  const result = await workspace.pending.rebase(id, { hash, take, files });
  if (asked === undefined || result === undefined) return whereItStands(parts, id);
  switch (result.status) {
    case "stale":
      return result;
    case "expired":
      return { status: "already", state: "expired" };
    case "nothing-chosen":
      return { status: "bad-selection", files: [] };
    case "unknown-files":
      return {
        status: "bad-selection",
        files: result.files.map((path) => ({ path, reason: "is not among the changes" })),
      };
    case "rebased": {
      const unmerged = await mapInSlices(result.unmerged, ({ path, reason }) => ({
        path,
        reason: explainConflict(reason),
      }));
      const listed = await mapInSlices(result.files, ({ path, became }) => ({ path: path.toWellFormed(), became }));
      const recorder = new Recorder(parts.ledger, asked, parts.told);
      const details = { reviewId: id, reviewer, take, before: hash, after: result.hash, count: listed.length };
      const list = await recorder.keep(await jsonBytes(listed));
      const decided = {
        ...({ reviewId: id, subjectSha256: hash, decision: "rebase", reviewer, take } as const),
        ...defined({ message, files: await wellFormed(files), statements: statements && [...statements] }),
      };
      recorder.record({ kind: "rebase", body: { list, decided: await withShortSelection(parts, decided), details } });
      await recorder.settle();
      parts.reviewsChanged();
      return { ...result, unmerged };
    }
  }
}

function whereItStands({ workspace }: LoopParts, id: string): RebaseResult {
  const set = workspace.find(id);
  if (set === undefined) return { status: "not-found" };
  const { state, decidedBy } = set;
  return { status: "already", state: state === "applying" ? "approved" : state, ...defined({ decidedBy }) };
}
