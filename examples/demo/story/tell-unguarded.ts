import type { Mail, Step } from "../agent/outcome.ts";
import type { UnguardedAct } from "../showing/unguarded-act.ts";
import { isWantedNote, isWantedPath } from "../showing/wanted.ts";
import { inProject } from "../world/world.ts";
import { type Narrator, quote, shown } from "./narrator.ts";

interface Deed {
  readonly text: string;
  readonly isWanted: boolean;
}

/** What the model did, and would have done, when nothing stood between it and what it read. */
export function tellUnguarded(narrator: Narrator, { transcript, answer }: UnguardedAct): void {
  for (const { text, isWanted } of transcript.steps.flatMap(deedsOf)) {
    narrator.say(`  ${isWanted ? "-" : "!"} ${text}`, isWanted ? "plain" : "bad");
  }
  narrator.say(`  Asked in a new conversation which account to pay, it answers: ${quote(answer, 100)}`, "bad");
}

function deedsOf({ tool, outcome }: Step): Deed[] {
  switch (outcome.kind) {
    case "raw":
      return [...describeChanges(outcome.changed), ...outcome.egress.map(describeDownload)];
    case "remembered":
      return [{ text: `remembered ${quote(outcome.text)}`, isWanted: isWantedNote(outcome.text) }];
    case "mailed":
      return [{ text: `mailed ${describeMail(outcome.mail)}`, isWanted: false }];
    case "called":
      return [{ text: `${shown(tool)} did not run: ${shown(outcome.result.forModel.text)}`, isWanted: false }];
    case "not-here":
      return [{ text: `${shown(tool)} was skipped: ${shown(outcome.why, 200)}`, isWanted: true }];
    default:
      return [];
  }
}

function describeChanges(paths: readonly string[]): Deed[] {
  if (paths.length === 0) return [];
  const names = paths.map((path) => shown(inProject(path))).join(", ");
  return [{ text: `would have changed ${names}`, isWanted: paths.every(isWantedPath) }];
}

function describeDownload(address: string): Deed {
  return { text: `tried to run what ${shown(address)} sends`, isWanted: false };
}

function describeMail({ to, subject, body }: Mail): string {
  return `${shown(subject)}, ${Buffer.byteLength(body)} bytes of it, to ${shown(to)}`;
}
