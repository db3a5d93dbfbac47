import type { Label } from "../../policy/index.ts";
import type { Scope } from "../gate/examiner.ts";
import type { Caller } from "../handles/caller.ts";
import type { Framed } from "./frame.ts";

/** Something on its way to an agent: the output of a run, of a tool that ran elsewhere, or another agent's message. */
export interface Parcel {
  readonly scope: Scope;
  /** Who gets it. */
  readonly caller: Pick<Caller, "agent" | "conversation">;
  /** Of a message: whose words they are. */
  readonly from?: Pick<Caller, "agent" | "conversation">;
  readonly tool: string;
  readonly command: string;
  /** What was scanned, for the ledger: `output` or `message`. */
  readonly subject: string;
  readonly framed: Framed;
  /** Names that others chose and that stand in the notes: looked at with the text, and no part of the output. */
  readonly names?: string | undefined;
  /** The bytes the text was decoded from, where those are not exactly its UTF-8. */
  readonly raw: readonly Uint8Array[];
  /** What the agent's conversation is tainted with when it gets any of it. */
  readonly labels: readonly Label[];
  /** Nothing but mounts that are labelled trusted was there to be read: what the guard finds is told, and withholds nothing. */
  readonly isFromTrusted?: boolean;
  readonly onFlag: "withhold" | "neutralise";
}

/** What others wrote of it, without a line of ours. */
export function textOf({ framed }: Pick<Parcel, "framed">): string {
  return framed.sections.map(({ text }) => text).join("");
}
