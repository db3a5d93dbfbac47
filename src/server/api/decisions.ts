import type { DecisionResult } from "../../loop/index.ts";
import type { RefusalStatus } from "../refusal.ts";

type Refused = Exclude<DecisionResult, { status: "done" | "more-reviewers" }>;

/** HTTP's words for what became of a decision. */
export const STATUS_OF: Readonly<Record<Refused["status"], RefusalStatus>> = {
  "not-found": 404,
  stale: 409,
  already: 409,
  conflict: 409,
  protected: 422,
  "bad-selection": 422,
  "not-allowed": 403,
  failed: 500,
};

export function messageOf(refused: Refused): string {
  switch (refused.status) {
    case "not-found":
      return "There is no such review.";
    case "stale":
      return "It is not what was shown any more: look at it again, and decide with its new hash.";
    case "already":
      return `It is decided already: ${refused.state}.`;
    case "conflict":
      return "Files of this machine are no longer what the run saw; nothing was written.";
    case "protected":
      return "Name each of these paths in protectedFiles to agree to it.";
    case "bad-selection":
      return "The choice of files cannot stand alone, or names what is not there.";
    case "not-allowed":
      return `${refused.message} ${refused.remedy}`;
    case "failed":
      return refused.error.message;
  }
}
