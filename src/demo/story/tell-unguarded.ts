import type { Mail, Step } from "../agent/outcome.ts";
import { inProject } from "../showing/claims.ts";
import type { UnguardedAct } from "../showing/unguarded-act.ts";
import { isWantedNote, isWantedPath } from "../showing/wanted.ts";
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
      return [
        ...(outcome.changed.length === 0
          ? []
          : [
              {
                text: `would have changed ${outcome.changed.map((path) => shown(inProject(path))).join(", ")}`,
                isWanted: outcome.changed.every(isWantedPath),
              },
            ]),
        ...outcome.egress.map((to) => ({ text: `tried to run what ${shown(to)} sends`, isWanted: false })),
      ];
    case "remembered":
      return [{ text: `remembered ${quote(outcome.text)}`, isWanted: isWantedNote(outcome.text) }];
    case "mailed":
      return [{ text: `mailed ${describeMail(outcome.mail)}`, isWanted: false }];
    case "called":
      return [{ text: `${shown(tool)} did not run: ${shown(outcome.result.forModel.text)}`, isWanted: false }];
    default:
      return [];
  }
}

function describeMail({ to, subject, body }: Mail): string {
  return `${shown(subject)}, ${Buffer.byteLength(body)} bytes of it, to ${shown(to)}`;
}
