import { Pace } from "./pace.ts";

/** Characters after which a piece is handed out: some 100 of them hold the largest answers. */
const PIECE_UNITS = 64 * 1024;
/**
 * What `JSON.stringify` makes of plain data, in pieces that are made in slices: for values whose lists may be as long as a change set.
 * Each item of a list is written in one piece.
 * Read `value` no more until all is written: what changes meanwhile may be in it or not.
 */
export async function* jsonPieces(value: unknown): AsyncGenerator<string> {
  const pace = new Pace();
  let piece = "";
  for (const text of texts(value)) {
    piece += text;
    if (pace.isOver) await pace.rest();
    if (piece.length < PIECE_UNITS) continue;
    yield piece;
    piece = "";
  }
  if (piece !== "") yield piece;
}

/** The same as UTF-8. */
export async function jsonBytes(value: unknown): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of jsonPieces(value)) pieces.push(Buffer.from(piece, "utf8"));
  return Buffer.concat(pieces);
}

function* texts(value: unknown): Generator<string> {
  if (Array.isArray(value)) yield* listTexts(value);
  else if (typeof value === "object" && value !== null) yield* objectTexts(value);
  else yield JSON.stringify(value);
}

function* listTexts(items: readonly unknown[]): Generator<string> {
  yield "[";
  for (const [index, item] of items.entries()) yield `${index === 0 ? "" : ","}${JSON.stringify(item) ?? "null"}`;
  yield "]";
}

function* objectTexts(value: object): Generator<string> {
  let separator = "{";
  for (const [name, member] of Object.entries(value)) {
    if (member === undefined) continue;
    yield `${separator}${JSON.stringify(name)}:`;
    yield* texts(member);
    separator = ",";
  }
  yield separator === "{" ? "{}" : "}";
}
