import { randomUUID } from "node:crypto";
import { defined } from "../../base/optional.ts";
import type { AdmittedText } from "../../memory/index.ts";
import { summarise } from "../gate/examiner.ts";
import type { Caller } from "../handles/caller.ts";
import { admissionBody, verdictBody } from "../history/drafts.ts";
import { Recorder } from "../history/recorder.ts";
import type { LoopParts } from "../parts.ts";
import { parseRequest, type SaidRequest, toJsonValue } from "../requests.ts";
import { noticeFindings } from "./delivery.ts";

/**
 * `conversation.said`: what a model said and plans to call, for the record, the semantic differential and its memory. Undefined for
 * words that the guard blocks.
 */
export async function takeOwnWords(
  parts: LoopParts,
  caller: Caller,
  request: SaidRequest,
): Promise<AdmittedText | undefined> {
  const said = parseRequest("said", request);
  await recordSaid(parts, caller, said);
  const scope = { runId: randomUUID(), agent: caller.agent, purpose: "own-words" as const };
  const { labels } = parts.conversations.taintOf(caller.agent, caller.conversation);
  const verdict = parts.examiner.scan(said.text);
  const admitted = parts.examiner.admit(said.text, verdict, scope, labels);
  const recorder = new Recorder(parts.ledger, scope, parts.told);
  if (admitted === undefined) {
    recorder.record({ kind: "verdict", body: verdictBody("own-words", verdict) });
    noticeFindings(parts, { caller, scope, tool: "said", subject: "own words" }, summarise(verdict));
  } else recorder.record({ kind: "admission", body: admissionBody(admitted.admission, "memory") });
  await recorder.settle();
  return admitted;
}

/** What a model said and plans to call, for the record and the semantic differential. */
export async function recordSaid(parts: LoopParts, caller: Caller, request: SaidRequest): Promise<void> {
  const { text, planned } = request;
  const { agent, conversation } = caller;
  const contents = [await parts.ledger.keep(Buffer.from(text, "utf8"))];
  const plan = defined({ planned: planned && toJsonValue(planned).value });
  const body = { contents, ...plan, details: { conversation } };
  parts.told(await parts.ledger.append({ kind: "said", agent, body }));
}
