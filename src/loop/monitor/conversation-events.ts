import type { ActionEvent } from "../../entropy/index.ts";
import type { Entry } from "../../ledger/index.ts";
import type { RecordedContents } from "../history/recorded-contents.ts";
import { type EntryOf, firstOf } from "../history/run-story.ts";

/** An event of a conversation, and the run that it belongs to. */
export interface ConversationEvent {
  readonly runId: string | undefined;
  readonly event: ActionEvent;
}

/** Runs of which a retrieval brought something, and whose texts are looked at; the same are listed in its entry. */
const RETRIEVED_RUNS_MAX = 20;

/**
 * What an entry of a conversation means to the monitor of actions: what its person said, what its agent called, what came back. A
 * content that cannot be read is left out: then less is known of where arguments came from, and the more they are unasked.
 */
export async function eventsOf(contents: RecordedContents, entry: Entry): Promise<readonly ConversationEvent[]> {
  switch (entry.kind) {
    case "told": {
      const text = await contents.text(entry, entry.body.contents);
      return text === undefined ? [] : [{ runId: undefined, event: { kind: "request", text } }];
    }
    case "call": {
      if (isMessage(entry)) return [];
      const args = (await contents.input(entry)) ?? null;
      return [{ runId: entry.runId, event: { kind: "call", tool: entry.body.tool, args } }];
    }
    case "given":
      return result(contents, entry, entry.runId);
    case "taken-in": {
      const runs = (entry.body.runIds ?? []).slice(0, RETRIEVED_RUNS_MAX);
      const given = runs.flatMap((runId) => contents.ledger.query({ runId, kind: "given", limit: 4 }));
      const results = await Promise.all(given.map((one) => result(contents, one, one.runId)));
      return results.flat();
    }
    default:
      return [];
  }
}

/** What came back, under the call that it came from. */
async function result(
  contents: RecordedContents,
  entry: Entry,
  runId: string | undefined,
): Promise<readonly ConversationEvent[]> {
  if (entry.kind !== "given") return [];
  const text = await contents.text(entry, entry.body.contents);
  if (text === undefined) return [];
  const call =
    runId === undefined ? undefined : firstOf(contents.ledger.query({ runId, kind: "call", limit: 1 }), "call");
  const tool = call?.body.tool ?? "another agent";
  const args = call === undefined || isMessage(call) ? null : ((await contents.input(call)) ?? null);
  return [{ runId, event: { kind: "result", tool, args, text } }];
}

/** A message is a call of the receiver's by name only; see `call/external.ts`. */
function isMessage({ body }: EntryOf<"call">): boolean {
  return body.tool.startsWith("message from ");
}
