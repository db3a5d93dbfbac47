import { releaseOf, type Verdict } from "../../guard/index.ts";
import type { AdmittedText } from "../../memory/index.ts";
import type { Label, Severity } from "../../policy/index.ts";
import type { RunResult } from "../../sandbox/index.ts";
import { summarise } from "../gate/examiner.ts";
import { admissionBody, verdictBody } from "../history/drafts.ts";
import type { Recorder } from "../history/recorder.ts";
import { oneLine } from "../history/run-story.ts";
import type { LoopParts } from "../parts.ts";
import { contentReview, joinedContent } from "../reviews/content-review.ts";
import { labelsJson } from "../state/taking-in.ts";
import type { Answer } from "./call.ts";
import type { FindingSummary } from "./call-result.ts";
import { frame } from "./frame.ts";
import { type Parcel, textOf } from "./parcel.ts";
import { actingIn } from "./severance.ts";

export type Delivered =
  | {
      readonly status: "admitted";
      readonly forModel: AdmittedText;
      readonly output: AdmittedText;
      /** Of a content from trusted mounts. */
      readonly findings?: readonly FindingSummary[];
    }
  | {
      readonly status: "flagged";
      readonly forModel: AdmittedText;
      readonly reviewId: string;
      readonly findings: readonly FindingSummary[];
    }
  | {
      readonly status: "blocked";
      readonly forModel: AdmittedText;
      readonly reviewId?: string;
      readonly findings: readonly FindingSummary[];
    };

type Ending = Exclude<RunResult["status"], "error">;
type AdmittedStatus = "ok" | "failed" | "limit" | "cancelled";
type Ended =
  | Extract<Answer, { readonly status: AdmittedStatus }>
  | Extract<Answer, { readonly status: "flagged" | "blocked" }>;

/** An admitted output says how its run ended; of a withheld one that comes first. */
export function withStatus(delivered: Delivered, ending: Ending): Ended {
  if (delivered.status !== "admitted") return delivered;
  const { status: _, ...given } = delivered;
  return { status: ending === "signaled" ? "failed" : ending, ...given };
}

/** Passes a parcel through the guard, whole, before any of it is cut. Whatever the agent gets of it, its conversation is tainted first. */
export async function deliver(parts: LoopParts, recorder: Recorder, parcel: Parcel): Promise<Delivered> {
  const { examiner } = parts;
  const { names } = parcel;
  const text = textOf(parcel);
  const looked = names === undefined ? text : `${text}\n${names}`;
  const verdict = await examiner.examine(looked, parcel.raw);
  // Nothing is waited for until it is given: what the conversation has taken in stays as it is meanwhile.
  const labels = labelsWith(parts, parcel);
  const whole = admitted(parts, parcel, looked, { verdict, labels });
  if (whole === undefined) return withhold(parts, recorder, parcel, { text: looked, verdict });
  recorder.record({ kind: "verdict", body: verdictBody(parcel.subject, verdict) });
  // Without the names it may, at its joint with them, be another text to the guard; then it is given with them.
  const output =
    names === undefined ? whole : (admitted(parts, parcel, text, { verdict: examiner.scan(text), labels }) ?? whole);
  recorder.record({ kind: "admission", body: admissionBody(output.admission, "memory") });
  const findings = verdict.decision === "admit" ? [] : summarise(verdict);
  const forModel = framed(parts, recorder, withFindings(parcel, findings), labels);
  await give(parts, recorder, parcel, forModel);
  return { status: "admitted", forModel, output, ...(findings.length > 0 && { findings }) };
}

/** By its verdict, or because all it came from is trusted. */
function admitted(
  { examiner }: LoopParts,
  { scope, isFromTrusted = false }: Parcel,
  text: string,
  { verdict, labels }: { readonly verdict: Verdict; readonly labels: readonly Label[] },
): AdmittedText | undefined {
  const own = examiner.admit(text, verdict, scope, labels);
  return own ?? (isFromTrusted ? examiner.admitTrusted(text, verdict, scope, labels) : undefined);
}

/** With a line that says what was found, and why it is there all the same. */
function withFindings(parcel: Parcel, findings: readonly FindingSummary[]): Parcel {
  if (findings.length === 0) return parcel;
  const note = `this holds what looks like control structures, and comes from trusted files: ${reasonsOf(findings)}`;
  return { ...parcel, framed: { ...parcel.framed, notes: [...parcel.framed.notes, note] } };
}

/** Admitted for itself: cutting may make what was not there, and so may a frame. */
function framed(parts: LoopParts, recorder: Recorder, parcel: Parcel, labels: readonly Label[]): AdmittedText {
  const { examiner, outputForModelBytes } = parts;
  const { scope } = parcel;
  const text = frame(parcel.framed, examiner.markOf(scope), outputForModelBytes);
  const verdict = examiner.scanFramed(text, scope);
  if (verdict.decision !== "admit")
    recorder.record({ kind: "verdict", body: verdictBody(`${parcel.subject}, framed`, verdict) });
  const given =
    admitted(parts, parcel, text, { verdict, labels }) ?? examiner.neutralised(text, verdict, scope, labels);
  recorder.record({ kind: "admission", body: admissionBody(given.admission, "memory") });
  return given;
}

interface Withheld {
  readonly text: string;
  readonly verdict: Verdict;
}

async function withhold(parts: LoopParts, recorder: Recorder, parcel: Parcel, withheld: Withheld): Promise<Delivered> {
  const { text, verdict } = withheld;
  const content = await recorder.keep(Buffer.from(text, "utf8"));
  recorder.record({ kind: "verdict", body: verdictBody(parcel.subject, verdict, content) });
  const findings = summarise(verdict);
  noticeFindings(parts, { ...parcel, caller: parcel.from ?? parcel.caller }, findings);
  const review =
    releaseOf(verdict) !== "never"
      ? parts.reviewStore.add(contentReview(parcel, content, parts, verdict), joinedContent)
      : undefined;
  const forModel = await insteadOf(parts, recorder, parcel, withheld, explainWithheld(findings, review?.id));
  if (review === undefined) return { status: "blocked", forModel, findings };
  parts.reviewsChanged();
  return { status: verdict.decision === "block" ? "blocked" : "flagged", forModel, findings, reviewId: review.id };
}

/** What the guard withholds may be a sign of trouble that opens a breaker. */
export function noticeFindings(
  { breaker }: LoopParts,
  { caller, scope, tool, subject }: Pick<Parcel, "caller" | "scope" | "tool" | "subject">,
  findings: readonly FindingSummary[],
): void {
  const [gravest] = findings;
  if (gravest === undefined) return;
  breaker.notice({
    ...{ ...actingIn({ caller, scope }), kind: "finding", severity: gravest.severity as Severity, tool },
    reason: `The guard withheld the ${subject} of a call: ${gravest.rule}.`,
    evidence: { findings: findings.map((one) => ({ ...one })) },
  });
}

/** What the agent gets in place of a withheld text: the text with its structures broken, or a sentence of ours. */
async function insteadOf(
  parts: LoopParts,
  recorder: Recorder,
  parcel: Parcel,
  { text, verdict }: Withheld,
  sentence: string,
): Promise<AdmittedText> {
  const { examiner } = parts;
  const { scope } = parcel;
  if (parcel.onFlag !== "neutralise") {
    const said = examiner.say(sentence, scope);
    recorder.record({ kind: "admission", body: admissionBody(said.admission, "memory") });
    return said;
  }
  const labels = labelsWith(parts, parcel);
  const harmless = examiner.neutralised(text, verdict, scope, labels);
  const heading = `${parcel.subject}; what looked like control structures is broken`;
  const given = { ...parcel, framed: { sections: [{ heading, text: harmless.text }], notes: parcel.framed.notes } };
  const forModel = framed(parts, recorder, given, labels);
  await give(parts, recorder, parcel, forModel);
  return forModel;
}

/** The moment content becomes the agent's. */
async function give(parts: LoopParts, recorder: Recorder, parcel: Parcel, given: AdmittedText): Promise<void> {
  const { caller, labels } = parcel;
  const { agent, conversation } = caller;
  parts.conversations.add(agent, conversation, labels);
  // The entry of an admission says only who released what was withheld.
  const how = given.admission.claims.grant === "trusted" && { grant: "trusted" };
  const contents = [await recorder.keep(Buffer.from(given.text, "utf8"))];
  recorder.record({
    kind: "given",
    body: { contents, details: { conversation, labels: labelsJson(labels), ...how } },
  });
}

/**
 * A content's own labels and those of the conversation it goes to: whatever was taken in before may have had a hand in it, so that
 * it carries all of them wherever it is taken next.
 */
function labelsWith({ conversations }: LoopParts, { caller, labels }: Parcel): readonly Label[] {
  return conversations.taintOf(caller.agent, caller.conversation).join(...labels).labels;
}

function explainWithheld(findings: readonly FindingSummary[], reviewId: string | undefined): string {
  const next =
    reviewId === undefined
      ? "It cannot be released. Go on without it."
      : `A person was asked to look at it (review ${reviewId}). Go on without it, or wait.`;
  return `The output of this call is withheld, because it holds control structures: ${reasonsOf(findings)}. ${next}`;
}

function reasonsOf(findings: readonly FindingSummary[]): string {
  return oneLine([...new Set(findings.map(({ reason }) => reason))].slice(0, 3).join("; "));
}
