import { isJsonObject, type Json } from "../../base/json.ts";
import type { Entry, Ledger } from "../../ledger/index.ts";
import { parseTaint } from "../../policy/index.ts";
import { GIVEN_TO_AGENT } from "../history/differential.ts";
import type { Conversations } from "./conversations.ts";
import { TAKEN_IN } from "./taking-in.ts";

/** Entries looked at in one go. */
const PAGE = 1000;

/** What conversations have taken in, from the ledger: for a state that has lost it. */
export function rebuildTaint(conversations: Conversations, ledger: Ledger): void {
  for (let fromIndex = 0; ; ) {
    const entries = ledger.query({ kind: "note", fromIndex, limit: PAGE });
    for (const entry of entries) addFrom(conversations, entry);
    const last = entries.at(-1);
    if (last === undefined || entries.length < PAGE) return;
    fromIndex = last.index + 1;
  }
}

function addFrom(conversations: Conversations, { agent, body, kind }: Entry): void {
  if (kind !== "note" || agent === undefined) return;
  const { text, details } = body;
  if ((text !== GIVEN_TO_AGENT && text !== TAKEN_IN) || !isJsonObject(details)) return;
  const { conversation, labels } = details;
  if (typeof conversation === "string" && labels !== undefined)
    conversations.add(agent, conversation, labelsOf(labels));
}

function labelsOf(labels: Json): ReturnType<typeof parseTaint>["labels"] {
  return parseTaint(labels).labels;
}
