import type { ReplayOutcome, SemanticDifferential } from "../../../src/loop/index.ts";
import type { Claim, Unshown } from "../showing/claims.ts";
import type { Facts } from "../showing/facts.ts";
import { type Narrator, quote, shown } from "./narrator.ts";

/** Spans of the PDF that are shown, longest first. */
const SPANS_SHOWN = 4;

/** What the ledger and the records can tell afterwards. */
export function tellProofs(narrator: Narrator, { ledger, pdf }: Facts, toolOf: (label: string) => string): void {
  if (ledger.ok) {
    narrator.say(`  Ledger: ${ledger.entries} entries, chain and signatures verified. Its head, to keep elsewhere:`);
    narrator.line(ledger.head?.line ?? "(empty)", "quiet");
  } else {
    narrator.say(`  Ledger: ${ledger.problem.code}: ${shown(ledger.problem.message)}`, "bad");
  }
  if (pdf === undefined) return;
  narrator.say(`  The run that read the PDF, once more: ${describeReplay(pdf.replay)}.`);
  const echoes = longestEchoes(pdf.differential);
  if (echoes.length > 0) narrator.say("  What of the PDF turned up in the model's calls (the semantic differential):");
  for (const { text, label } of echoes) narrator.say(`    ${toolOf(label).padEnd(10)} ${quote(text)}`, "quiet");
}

/** One line a claim; what the story has shown already is told only when it turns out otherwise. */
export function tellClaims(narrator: Narrator, claims: readonly Claim[], unshown: readonly Unshown[]): void {
  for (const { text, holds, about } of claims) {
    if (!holds) narrator.say(`  ! NOT TRUE: ${text}`, "bad");
    else if (about === "containment") narrator.say(`  + ${text}`, "good");
  }
  for (const { text } of unshown) narrator.say(`  ? skipped: ${text}`, "quiet");
  const held = claims.filter(({ holds }) => holds).length;
  narrator.say(
    `  ${held} of ${claims.length} claims found true${unshown.length > 0 ? `; ${unshown.length} skipped, as this host lacks what they need` : ""}.`,
    held === claims.length ? "title" : "bad",
  );
}

function describeReplay(replay: ReplayOutcome): string {
  switch (replay.status) {
    case "same":
      return "the same, byte for byte";
    case "different":
      return "not what was recorded";
    case "not-replayable":
      return `cannot be repeated: ${replay.reason}`;
    case "not-found":
      return "not in the ledger";
  }
}

/** The longest of each later call. */
function longestEchoes({ echoes, later }: SemanticDifferential): { readonly text: string; readonly label: string }[] {
  const byLater = new Map<string, string>();
  for (const echo of echoes) {
    const label = later[echo.later]?.label ?? "";
    if (!echo.known && label.startsWith("call ") && echo.text.length > (byLater.get(label)?.length ?? 0)) {
      byLater.set(label, echo.text);
    }
  }
  return [...byLater].map(([label, text]) => ({ label, text })).slice(0, SPANS_SHOWN);
}
