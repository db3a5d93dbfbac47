import type { Mail, Step } from "../agent/outcome.ts";
import type { UnguardedAct } from "../showing/unguarded-act.ts";
import { type Narrator, quote, shown } from "./narrator.ts";

/** What the model did, and would have done, when nothing stood between it and what it read. */
export function tellUnguarded(narrator: Narrator, { transcript, mails, notes, answer }: UnguardedAct): void {
  for (const line of transcript.steps.flatMap(describeStep)) narrator.say(`  - ${line}`, "bad");
  for (const mail of mails) narrator.say(`  - ${describeMail(mail)}`, "bad");
  for (const note of notes) narrator.say(`  - remembered ${quote(note)}`, "bad");
  narrator.say(`  Asked in a new conversation which account to pay, it answers: ${quote(answer, 120)}`, "bad");
}

function describeStep({ tool, outcome }: Step): string[] {
  switch (outcome.kind) {
    case "raw":
      return [
        ...outcome.changed.map((path) => `${tool} would have changed ${shown(path)}`),
        ...outcome.egress.map((address) => `${tool} tried to download and run something from ${shown(address)}`),
      ];
    case "called":
      return [`${tool} could not run: ${shown(outcome.result.forModel.text)}`];
    default:
      return [];
  }
}

function describeMail({ to, subject, body }: Mail): string {
  return `mailed ${shown(subject)} (${Buffer.byteLength(body)} bytes) to ${shown(to)}`;
}
