import type { CallState } from "../call/call-book.ts";
import type { ReviewState } from "./review.ts";

/**
 * How the review of a call or of a withheld content goes on; ARCHITECTURE.md draws it. What a change set does is the workspace's
 * (`workspace/state/`). A state that is named nowhere as a beginning is an end.
 */
export const REVIEW_MOVES = {
  /** A reviewer agrees; with several needed, the last of them. */
  approve: { from: ["pending"], to: "approved" },
  /** A reviewer says no. */
  reject: { from: ["pending"], to: "rejected" },
  /** A reviewer takes a yes back that nothing was made of. */
  revoke: { from: ["approved"], to: "rejected" },
  /** The agent makes the call that was agreed to. */
  use: { from: ["approved"], to: "used" },
  /** What was agreed to is not what the call would be now. */
  supersede: { from: ["approved"], to: "superseded" },
  /** Time is up. */
  expire: { from: ["pending", "approved"], to: "expired" },
} as const satisfies Readonly<Record<string, Move<ReviewState>>>;

/** How a call with a name goes on. */
export const CALL_MOVES: readonly (readonly [from: CallState, to: CallState])[] = [
  ["asked", "waiting"],
  ["asked", "permitted"],
  ["waiting", "permitted"],
  ["waiting", "asked"],
  ["permitted", "running"],
  ["running", "done"],
];

export type ReviewEvent = keyof typeof REVIEW_MOVES;

interface Move<State> {
  readonly from: readonly State[];
  readonly to: State;
}

export function mayMove(event: ReviewEvent, state: ReviewState): boolean {
  return (REVIEW_MOVES[event].from as readonly ReviewState[]).includes(state);
}
