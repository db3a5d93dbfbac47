import type { Json } from "../../base/json.ts";
import type { Ledger } from "../../ledger/index.ts";
import type { Label, Taint } from "../../policy/index.ts";
import type { Conversations } from "./conversations.ts";

export interface TakingIn {
  readonly agent: string;
  readonly conversation: string;
  readonly labels: readonly Label[];
  /** On which way, such as `retrieval`. */
  readonly way: string;
  /** Runs that the content is from. */
  readonly runIds: readonly string[];
}

/** Labels as an entry has them. */
export function labelsJson(labels: readonly Label[]): Json {
  return labels.map((label) => ({ ...label }));
}

/** A record need not be longer: the labels are what counts, and they are all there. */
const RUN_IDS_MAX = 100;

/**
 * Labels become the conversation's before the content does. What adds to them is recorded as well, so that the ledger alone can say
 * what a conversation has taken in; it is on its way to the disk when this returns.
 */
export function takeIn(
  { conversations, ledger }: { readonly conversations: Conversations; readonly ledger: Ledger },
  { agent, conversation, labels, way, runIds }: TakingIn,
): Taint {
  const before = conversations.taintOf(agent, conversation);
  const after = conversations.add(agent, conversation, labels);
  // Which runs a retrieval or a snapshot brought in is recorded each time: where a later value came from may hang on it.
  const isUsual = way === "memory" || runIds.length === 0;
  if (isUsual && (after === before || JSON.stringify(after) === JSON.stringify(before))) return after;
  const from = [...new Set(runIds)].slice(0, RUN_IDS_MAX);
  const body = { way, labels: labelsJson(labels), runIds: from, details: { conversation } };
  // A ledger that takes nothing any more refuses the next call, too: nothing is given out from then on.
  ledger.append({ kind: "taken-in", agent, body }).catch(() => {});
  return after;
}
