import { terminalLine } from "../base/text/index.ts";

/** What a person writes of a run's or a review's id. Whoever writes a ledger chooses them, so they are painted, too. */
export function shortId(id: string): string {
  return terminalLine(id.slice(0, 8));
}
