import { isJsonObject, type Json } from "../../base/json.ts";
import type { Entry, Ledger } from "../../ledger/index.ts";
import { type Label, parseTaint, Taint } from "../../policy/index.ts";
import { detail } from "../history/run-story.ts";
import type { Conversations } from "./conversations.ts";
import { labelsJson } from "./taking-in.ts";

/** Entries looked at in one go. */
const PAGE = 1000;

/** What came into one conversation. */
export interface Brought {
  readonly agent: string;
  readonly conversation: string;
  readonly labels: readonly Label[];
}

/** What conversations have taken in, from the ledger: for a state that has lost it. */
export function rebuildTaint(conversations: Conversations, ledger: Ledger): void {
  for (const kind of ["given", "taken-in", "erasure"] as const)
    for (let fromIndex = 0; ; ) {
      const entries = ledger.query({ kind, fromIndex, limit: PAGE });
      for (const { agent, conversation, labels } of entries.flatMap(broughtBy))
        conversations.add(agent, conversation, labels);
      const last = entries.at(-1);
      if (last === undefined || entries.length < PAGE) break;
      fromIndex = last.index + 1;
    }
}

/** What entries brought to each conversation, as the entry of their erasure has it: the labels outlive the content. */
export function taintOfErased(entries: readonly Entry[]): { agent: string; conversation: string; labels: Json }[] {
  const byConversation = Map.groupBy(entries.flatMap(broughtBy), ({ agent, conversation }) =>
    JSON.stringify([agent, conversation]),
  );
  return [...byConversation.values()].flatMap((brought) => {
    const labels = labelsJson(Taint.of(...brought.flatMap((one) => one.labels)).labels);
    return brought.slice(0, 1).map(({ agent, conversation }) => ({ agent, conversation, labels }));
  });
}

function broughtBy(entry: Entry): Brought[] {
  if (entry.kind === "erasure")
    return (entry.body.taint ?? []).map((one) => ({ ...one, labels: parseTaint(one.labels).labels }));
  const { agent } = entry;
  const conversation = detail(entry, "conversation");
  const labels = labelsIn(entry);
  if (agent === undefined || conversation === undefined || labels === undefined) return [];
  return [{ agent, conversation, labels: parseTaint(labels).labels }];
}

function labelsIn({ kind, body }: Entry): Json | undefined {
  if (kind === "taken-in") return body.labels;
  return kind === "given" && isJsonObject(body.details) ? body.details.labels : undefined;
}
