import { lettersOf } from "./secret-alphabets.ts";

/** A run of one alphabet's letters, as far as it has been read. */
interface LetterRun {
  bytes: Uint8Array;
  first: number;
  end: number;
  /** The byte at `end` is none of the letters. */
  isClosed: boolean;
}

/** The last run read of each alphabet, so that a text full of beginnings is not read on from each of them. */
export type LetterRuns = Map<string, LetterRun>;

/** As `runEnd` (`secret-values.ts`), reading each byte once for all that begins inside one run. */
export function runEndOnce(
  holder: { runs?: LetterRuns },
  bytes: Uint8Array,
  first: number,
  alphabet: string,
  most: number,
): number {
  holder.runs ??= new Map();
  const limit = Math.min(bytes.length, first + most);
  let run = holder.runs.get(alphabet);
  if (run === undefined) {
    run = { bytes, first, end: first, isClosed: false };
    holder.runs.set(alphabet, run);
  } else if (run.bytes !== bytes || first < run.first || first > run.end) {
    run.bytes = bytes;
    run.first = run.end = first;
    run.isClosed = false;
  }
  if (!run.isClosed && run.end < limit) {
    const letters = lettersOf(alphabet);
    let at = run.end;
    while (at < limit && letters[bytes[at] as number] === 1) at++;
    run.end = at;
    run.isClosed = at < limit;
  }
  return Math.max(first, Math.min(run.end, limit));
}
