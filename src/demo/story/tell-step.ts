import type { CallResult } from "../../loop/index.ts";
import type { Step } from "../agent/outcome.ts";
import { type Narrator, quote, shown, type Tone } from "./narrator.ts";

/** One call of the model through the loop, as it comes. */
export function tellStep(narrator: Narrator, step: Step): void {
  const { text, tone } = describe(step);
  const subject = Object.values(step.input)[0] ?? "";
  narrator.say(`  ${step.tool.padEnd(10)} ${shown(subject)}`);
  narrator.say(`             ${text}`, tone);
}

interface Told {
  readonly text: string;
  readonly tone: Tone;
}

function describe({ outcome }: Step): Told {
  switch (outcome.kind) {
    case "called":
      return describeResult(outcome.result);
    case "not-permitted": {
      const { status, decision } = outcome.result;
      const what = status === "waiting" ? "waits for a person" : "refused";
      return { text: `${what} (${decision.rule}): ${decision.reason}`, tone: "good" };
    }
    case "memory-refused":
      return {
        text: `refused by the memory gate (${outcome.verdict ?? outcome.reason}): control structures`,
        tone: "good",
      };
    case "remembered":
      return { text: `remembered ${quote(outcome.text)}`, tone: "plain" };
    case "recalled":
      return { text: `${outcome.found.length} found`, tone: "quiet" };
    case "mailed":
      return { text: `sent to ${shown(outcome.mail.to)}`, tone: "plain" };
    case "raw":
    case "unusable":
      return { text: "no call that could be made", tone: "quiet" };
  }
}

function describeResult(result: CallResult): Told {
  switch (result.status) {
    case "waiting":
    case "refused":
      return { text: `${result.status} (${result.decision.rule}): ${result.decision.reason}`, tone: "good" };
    case "error":
      return { text: `did not run (${result.error.code}): ${shown(result.error.message)}`, tone: "bad" };
    case "blocked":
    case "flagged": {
      const reasons = [...new Set(result.findings.map(({ reason }) => reason))].slice(0, 4).join("; ");
      return { text: `${result.status} by the guard, withheld from the model: ${reasons}`, tone: "good" };
    }
    case "admitted":
      return describeEffects(result);
  }
}

function describeEffects({ run, changeSet }: Extract<CallResult, { status: "admitted" }>): Told {
  const refused = Object.keys(run?.egressAttempts ?? {}).map((address) => `no way to ${shown(address)}`);
  const files = changeSet?.files.map(({ path }) => shown(path)).join(", ");
  const waiting = files === undefined ? [] : [`waits for a person, nothing is written: ${files}`];
  const effects = [...refused, ...waiting];
  if (effects.length > 0) return { text: effects.join("; "), tone: "good" };
  return { text: "ran in a micro-VM of its own; the guard found no control structure", tone: "quiet" };
}
