import type { Fact } from "./fact.ts";
import { factsOf } from "./facts.ts";
import { BITS_IN_TEXT, BITS_WHOLE, BITS_WHOLE_NAME } from "./limits.ts";
import { Wording } from "./wording.ts";

/** Whether a value says enough where it stands: as the whole of an argument, or inside a text. */
export function isTellingFact({ kind, bits }: Fact, isWhole: boolean): boolean {
  if (!isWhole) return bits >= BITS_IN_TEXT;
  return bits >= (kind === "identifier" || kind === "host" ? BITS_WHOLE_NAME : BITS_WHOLE);
}

/** Whether a text that turned up again says anything: it holds a value, or more words of its own than a formula does. */
export function isTelling(text: string, isWhole: boolean): boolean {
  if (factsOf(text).some((fact) => isTellingFact(fact, isWhole))) return true;
  const wording = new Wording(text);
  return wording.sharedWith(wording).length > 0;
}
