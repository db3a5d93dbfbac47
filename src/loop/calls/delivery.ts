import type { Verdict } from "../../guard/index.ts";
import type { AdmittedText } from "../../memory/index.ts";
import { summarise } from "../gate/examiner.ts";
import type { LoopParts } from "../parts.ts";
import { admissionBody, verdictBody } from "../recording/drafts.ts";
import type { Recorder } from "../recording/recorder.ts";
import { GIVEN_TO_AGENT } from "../records/differential.ts";
import { oneLine } from "../records/run-story.ts";
import { contentReview, joinedContent } from "../reviews/content-review.ts";
import type { FindingSummary } from "./call-result.ts";
import type { Parcel } from "./parcel.ts";
import { shorten } from "./rendering.ts";

export type Delivered =
  | { readonly status: "admitted"; readonly forModel: AdmittedText; readonly output: AdmittedText }
  | {
      readonly status: "flagged";
      readonly forModel: AdmittedText;
      readonly reviewId: string;
      readonly findings: readonly FindingSummary[];
    }
  | { readonly status: "blocked"; readonly forModel: AdmittedText; readonly findings: readonly FindingSummary[] };

/** Passes a parcel through the guard. Whatever the agent gets of it, its conversation is tainted first. */
export async function deliver(parts: LoopParts, recorder: Recorder, parcel: Parcel): Promise<Delivered> {
  const { examiner } = parts;
  const verdict = await examiner.examine(parcel.text, parcel.raw);
  const output = examiner.admit(parcel.text, verdict, parcel.scope);
  if (output === undefined) return withhold(parts, recorder, parcel, verdict);
  recorder.record({ kind: "verdict", body: verdictBody(parcel.subject, verdict) });
  recorder.record({ kind: "admission", body: admissionBody(output.admission, "memory") });
  const forModel = shortened(parts, recorder, parcel, output);
  await give(parts, recorder, parcel, forModel);
  return { status: "admitted", forModel, output };
}

/** A part of an admitted text is not admitted for that: cutting may make what was not there. */
function shortened(parts: LoopParts, recorder: Recorder, parcel: Parcel, whole: AdmittedText): AdmittedText {
  const text = shorten(whole.text, parts.outputForModelBytes);
  if (text === whole.text) return whole;
  const { examiner } = parts;
  const verdict = examiner.scan(text);
  recorder.record({ kind: "verdict", body: verdictBody(`${parcel.subject}, shortened`, verdict) });
  const part = examiner.admit(text, verdict, parcel.scope) ?? examiner.neutralised(text, verdict, parcel.scope);
  recorder.record({ kind: "admission", body: admissionBody(part.admission, "memory") });
  return part;
}

async function withhold(parts: LoopParts, recorder: Recorder, parcel: Parcel, verdict: Verdict): Promise<Delivered> {
  const content = await recorder.keep(Buffer.from(parcel.text, "utf8"));
  recorder.record({ kind: "verdict", body: verdictBody(parcel.subject, verdict, content) });
  const findings = summarise(verdict);
  const review =
    verdict.decision === "flag"
      ? parts.reviewStore.add(contentReview(parcel, content, parts, verdict), joinedContent)
      : undefined;
  const forModel = await insteadOf(parts, recorder, parcel, verdict, explainWithheld(findings, review?.id));
  if (review === undefined) return { status: "blocked", forModel, findings };
  parts.reviewsChanged();
  return { status: "flagged", forModel, findings, reviewId: review.id };
}

/** What the agent gets in place of a withheld text: the text with its structures broken, or a sentence of ours. */
async function insteadOf(
  parts: LoopParts,
  recorder: Recorder,
  parcel: Parcel,
  verdict: Verdict,
  sentence: string,
): Promise<AdmittedText> {
  const { examiner } = parts;
  const isNeutralised = parcel.onFlag === "neutralise";
  const instead = isNeutralised
    ? examiner.neutralised(parcel.text, verdict, parcel.scope)
    : examiner.say(sentence, parcel.scope);
  recorder.record({ kind: "admission", body: admissionBody(instead.admission, "memory") });
  if (!isNeutralised) return instead;
  const forModel = shortened(parts, recorder, parcel, instead);
  await give(parts, recorder, parcel, forModel);
  return forModel;
}

/** The moment content becomes the agent's. */
async function give(parts: LoopParts, recorder: Recorder, parcel: Parcel, given: AdmittedText): Promise<void> {
  const { scope, conversation, labels } = parcel;
  parts.conversations.add(scope.agent, conversation, labels);
  const contents = [await recorder.keep(Buffer.from(given.text, "utf8"))];
  recorder.record({ kind: "note", body: { text: GIVEN_TO_AGENT, contents, details: { conversation } } });
}

function explainWithheld(findings: readonly FindingSummary[], reviewId: string | undefined): string {
  const reasons = [...new Set(findings.map(({ reason }) => reason))].slice(0, 3).join("; ");
  const next =
    reviewId === undefined
      ? "It cannot be released. Go on without it."
      : `A person was asked to look at it (review ${reviewId}). Go on without it, or wait.`;
  return `The output of this call is withheld, because it holds control structures: ${oneLine(reasons)}. ${next}`;
}
