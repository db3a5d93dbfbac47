import { isJsonObject, type Json, pointer } from "../../base/json.ts";
import type { Entry } from "../../ledger/index.ts";
import type { RecordedContents } from "../history/recorded-contents.ts";
import { detail, type EntryOf } from "../history/run-story.ts";

/** Who had a text before them, or wrote it. */
export type TextRole = "given" | "said" | "argument" | "told" | "file";

/** A text of the ledger in which values can turn up. */
export interface RecordedText {
  readonly entry: Entry;
  readonly role: TextRole;
  readonly conversation: string;
  readonly leaves: readonly Leaf[];
}

/** A string inside arguments, or the whole of another text. */
export interface Leaf {
  /** JSON pointer (RFC 6901) into the input; the beginning of a long one, with "…" and a number. */
  readonly place: string;
  readonly text: string;
}

/** Strings of one input that are looked at. */
const LEAVES_MAX = 10_000;
/** Real arguments nest a few names of some ten letters. */
const PLACE_UNITS_MAX = 512;

/** Undefined for an entry that holds no such text, or none that can be read. */
export async function recordedText(contents: RecordedContents, entry: Entry): Promise<RecordedText | undefined> {
  const conversation = detail(entry, "conversation") ?? "";
  if (entry.kind === "call") {
    // A message is what its receiver is given; what its sender said stands in a note of its own.
    if (entry.body.tool.startsWith("message from ")) return undefined;
    const value = await contents.input(entry);
    return value === undefined ? undefined : { entry, role: "argument", conversation, leaves: leavesOf(value) };
  }
  if (!isSpoken(entry)) return undefined;
  const text = await contents.text(entry, entry.body.contents);
  return text === undefined ? undefined : { entry, role: entry.kind, conversation, leaves: [{ place: "", text }] };
}

/** Whether an entry is of a text that an agent had before it, or wrote. */
export function isSpoken(entry: Entry): entry is EntryOf<"given" | "said" | "told"> {
  return entry.kind === "given" || entry.kind === "said" || entry.kind === "told";
}

/**
 * Names of members are the model's choice: a long one would be told again for all that stands below it. Cut, a place is still one of
 * its own.
 */
function placeUnder(place: string, name: string, number: number): string {
  const whole = place + name.slice(0, PLACE_UNITS_MAX);
  return whole.length < PLACE_UNITS_MAX
    ? pointer(place, name)
    : `${whole.slice(0, PLACE_UNITS_MAX).toWellFormed()}… (${number})`;
}

/** All strings and numbers in a value, and the names of its members, in their order. */
export function leavesOf(value: Json): Leaf[] {
  const leaves: Leaf[] = [];
  // By hand and not by recursion: arguments may be nested deeper than the stack.
  let places = 0;
  const waiting: { value: Json; place: string }[] = [{ value, place: "" }];
  for (let next = waiting.pop(); next !== undefined && leaves.length < LEAVES_MAX; next = waiting.pop()) {
    const { value: one, place } = next;
    if (typeof one === "string") leaves.push({ place, text: one });
    else if (typeof one === "number") leaves.push({ place, text: String(one) });
    else if (Array.isArray(one) || isJsonObject(one)) {
      const members = Object.entries(one).map(([name, inside]) => {
        return { name, value: inside as Json, place: placeUnder(place, name, ++places) };
      });
      if (!Array.isArray(one))
        for (const { name, place: inside } of members) if (name.length >= 6) leaves.push({ place: inside, text: name });
      waiting.push(...members.reverse());
    }
  }
  return leaves;
}
