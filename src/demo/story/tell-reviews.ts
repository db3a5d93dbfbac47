import type { Review } from "../../loop/index.ts";
import { type Narrator, quote, shown } from "./narrator.ts";

/** What waits for the reader. */
export function tellPending(narrator: Narrator, reviews: readonly Review[]): void {
  for (const review of reviews) narrator.say(`  - ${describeReview(review)}`);
}

/** What became of it. */
export function tellDecided(narrator: Narrator, reviews: readonly Review[]): void {
  for (const review of reviews) {
    const isAgreed = review.state === "applied" || review.state === "used" || review.state === "approved";
    narrator.say(`  ${isAgreed ? "+" : "-"} ${review.state}: ${describeReview(review)}`, isAgreed ? "good" : "plain");
  }
}

export function describeReview(review: Review): string {
  switch (review.kind) {
    case "change-set":
      return `change ${review.files
        .map(({ path, protectedBecause, flags }) => {
          const marks = [...(protectedBecause === undefined ? [] : [`protected: ${protectedBecause}`]), ...flags];
          return `${shown(path)}${marks.length === 0 ? "" : ` (${marks.join("; ")})`}`;
        })
        .join(", ")}`;
    case "call":
      return `${review.tool} ${quote(review.input)}`;
    case "content":
      return `give ${review.tool}'s output to the model`;
  }
}
