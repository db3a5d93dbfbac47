import type { Label } from "../../policy/index.ts";
import type { Scope } from "../gate/examiner.ts";

/** Something on its way to an agent: the output of a run, of a tool that ran elsewhere, or another agent's message. */
export interface Parcel {
  readonly scope: Scope;
  readonly conversation: string;
  readonly tool: string;
  readonly command: string;
  /** What was scanned, for the ledger: `output` or `message`. */
  readonly subject: string;
  readonly text: string;
  /** The bytes it was decoded from, where those are not exactly its UTF-8. */
  readonly raw: readonly Uint8Array[];
  /** What the agent's conversation is tainted with when it gets any of it. */
  readonly labels: readonly Label[];
  readonly onFlag: "withhold" | "neutralise";
}
