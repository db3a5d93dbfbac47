import type { CallResult } from "../../../src/loop/index.ts";
import type { Step } from "../agent/outcome.ts";
import { SUBJECT_CHARACTERS_MAX } from "../limits.ts";
import { inProject } from "../world/world.ts";
import { type Narrator, shown, type Tone } from "./narrator.ts";

/** Reasons of the guard that are told of one output; its findings may be hundreds. */
const REASONS_SHOWN = 2;

/** One call of the model through the loop, as it comes. */
export function tellStep(narrator: Narrator, step: Step): void {
  const { text, tone } = describe(step);
  const subject = Object.values(step.input)[0] ?? "";
  const call = `${shown(step.tool).padEnd(10)} ${shown(subject, SUBJECT_CHARACTERS_MAX).padEnd(SUBJECT_CHARACTERS_MAX)}`;
  narrator.say(`  ${call} -> ${text}`, tone, 4);
}

interface Told {
  readonly text: string;
  readonly tone: Tone;
}

function describe({ outcome }: Step): Told {
  switch (outcome.kind) {
    case "called":
      return describeResult(outcome.result);
    case "not-permitted":
      return describeResult(outcome.result);
    case "memory-refused":
      return { text: `refused by the memory gate (${outcome.verdict ?? outcome.reason})`, tone: "good" };
    case "remembered":
      return { text: "remembered", tone: "plain" };
    case "recalled":
      return { text: `${outcome.found.length} found`, tone: "quiet" };
    case "mailed":
      return { text: `sent to ${shown(outcome.mail.to)}`, tone: "plain" };
    case "not-here":
      return { text: `skipped: ${shown(outcome.why, 200)}`, tone: "quiet" };
    case "raw":
    case "unusable":
      return { text: "not a call that could be made", tone: "quiet" };
  }
}

function describeResult(result: CallResult): Told {
  switch (result.status) {
    case "waiting":
      return { text: `waits for a person (${result.decision.rule})`, tone: "good" };
    case "refused":
      return { text: `refused (${result.decision.rule}): ${result.decision.reason}`, tone: "good" };
    case "error":
      return { text: `did not run (${result.error.code}): ${shown(result.error.message)}`, tone: "bad" };
    case "blocked":
    case "flagged":
      return { text: `${result.status} by the guard: ${reasonsOf(result)}`, tone: "good" };
    case "ok":
    case "failed":
    case "limit":
    case "cancelled":
      return describeEffects(result);
  }
}

function reasonsOf({ findings }: Extract<CallResult, { status: "blocked" | "flagged" }>): string {
  const reasons = [...new Set(findings.map(({ reason }) => reason))];
  const more = reasons.length - REASONS_SHOWN;
  return reasons.slice(0, REASONS_SHOWN).join("; ") + (more > 0 ? `; and ${more} more` : "");
}

function describeEffects({
  run,
  changeSet,
}: Extract<CallResult, { status: "ok" | "failed" | "limit" | "cancelled" }>): Told {
  const refused = Object.keys(run?.egressAttempts ?? {}).map((address) => `no network, no way to ${shown(address)}`);
  const files = changeSet?.files.map(({ path }) => shown(inProject(path))).join(", ");
  const waiting = files === undefined ? [] : [`waits for a person: ${files}`];
  const effects = [...refused, ...waiting];
  if (effects.length > 0) return { text: effects.join("; "), tone: "good" };
  return { text: "admitted: no control structure in it", tone: "quiet" };
}
