import type { TextRow } from "./text-rows.ts";

/** A stretch of a content to be marked: bytes, end exclusive. */
export interface Mark {
  readonly start: number;
  readonly end: number;
  /** The class of the mark, which the style sheet knows. */
  readonly tone: string;
  /** Shown below the row in which the stretch begins; ours. */
  readonly note?: string;
  /** Makes the place a target of links. */
  readonly id?: string;
}

export interface Segment {
  readonly text: string;
  /** The first of the marks on it, which come in order of importance; undefined for plain text. */
  readonly tone: string | undefined;
}

export interface MarkedRow {
  readonly row: TextRow;
  readonly segments: readonly Segment[];
  /** Marks that begin here. */
  readonly beginning: readonly Mark[];
}

/** Lays marks over rows. Marks of more importance come first. */
export function markRows(rows: readonly TextRow[], marks: readonly Mark[]): MarkedRow[] {
  return rows.map((row, index) => {
    const { offset, text } = row;
    if (offset === undefined || marks.length === 0)
      return { row, segments: [{ text, tone: undefined }], beginning: [] };
    const end = offset + Buffer.byteLength(text);
    const touching = marks.filter((mark) => mark.start <= end && mark.end >= offset);
    // A line end belongs to the row before it; a part of a long line ends where the next one begins.
    const last = rows[index + 1]?.offset === end ? end - 1 : end;
    const beginning = touching.filter(({ start }) => start >= offset && start <= last);
    return { row, segments: segmentsOf(text, offset, touching), beginning };
  });
}

function segmentsOf(text: string, offset: number, marks: readonly Mark[]): Segment[] {
  if (marks.length === 0) return [{ text, tone: undefined }];
  const places = unitsAt(
    text,
    marks.flatMap(({ start, end }) => [start - offset, end - offset]),
  );
  const cuts = [...new Set([0, ...places.values(), text.length])].sort((a, b) => a - b);
  const ranges = marks.map(({ start, end, tone }) => ({
    from: places.get(start - offset) as number,
    to: places.get(end - offset) as number,
    tone,
  }));
  return cuts.slice(0, -1).map((from, index) => {
    const to = cuts[index + 1] as number;
    const over = ranges.find((range) => range.from <= from && range.to >= to);
    return { text: text.slice(from, to), tone: over?.tone };
  });
}

/** Byte offsets of a text as UTF-16 units; one inside a character counts as the character's beginning. */
function unitsAt(text: string, bytes: readonly number[]): Map<number, number> {
  const wanted = [...new Set(bytes)].sort((a, b) => a - b);
  const found = new Map<number, number>();
  let next = 0;
  let byte = 0;
  let unit = 0;
  for (const character of text) {
    const width = Buffer.byteLength(character);
    while (next < wanted.length && (wanted[next] as number) < byte + width) found.set(wanted[next++] as number, unit);
    byte += width;
    unit += character.length;
  }
  while (next < wanted.length) found.set(wanted[next++] as number, unit);
  return found;
}
