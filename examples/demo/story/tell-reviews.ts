import type { Review } from "../../../src/loop/index.ts";
import { inProject } from "../world/world.ts";
import { type Narrator, quote, shown } from "./narrator.ts";

/** What waits for the reader. */
export function tellPending(narrator: Narrator, reviews: readonly Review[]): void {
  for (const review of reviews) narrator.say(`  - ${describeReview(review)}`);
}

/** What became of it. */
export function tellDecided(narrator: Narrator, reviews: readonly Review[]): void {
  for (const review of reviews) {
    const isAgreed = review.state === "applied" || review.state === "used" || review.state === "approved";
    narrator.say(
      `  ${isAgreed ? "+" : "-"} ${WORDS[review.state]}: ${describeReview(review)}`,
      isAgreed ? "good" : "plain",
    );
  }
}

const WORDS: Readonly<Record<Review["state"], string>> = {
  pending: "waits",
  approved: "approved",
  used: "approved and done",
  applied: "approved and written",
  undone: "written and undone",
  conflict: "in conflict with other changes",
  failed: "failed",
  rejected: "rejected",
  expired: "expired",
  superseded: "superseded",
};

function describeReview(review: Review): string {
  switch (review.kind) {
    case "change-set":
      return `change ${review.files.map(describeFile).join(", ")}`;
    case "call":
      return `${review.tool} ${quote(describeInput(review.input))}`;
    case "content":
      return `give the output of ${review.tool} to the model`;
  }
}

function describeFile({
  path,
  protectedBecause,
  flags,
}: Extract<Review, { kind: "change-set" }>["files"][number]): string {
  const marks = [...(protectedBecause === undefined ? [] : [`protected: ${protectedBecause}`]), ...flags];
  return `${shown(inProject(path))}${marks.length === 0 ? "" : ` (${marks.join("; ")})`}`;
}

/** The arguments without their names. */
function describeInput(input: string): string {
  const value: unknown = JSON.parse(input);
  return typeof value === "object" && value !== null ? Object.values(value).join(", ") : input;
}
