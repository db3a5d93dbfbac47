import { characterStart } from "../../base/utf8.ts";
import { BACKSLASH, codePointAt, ESC, hexValue, isHex, utf8Length } from "../matching/bytes.ts";
import { readEntity, type Unit } from "./entities.ts";
import { readEscape } from "./escapes.ts";
import { DROP, type FoldTable, foldTable, KEEP } from "./fold.ts";
import { isInvisible } from "./invisible.ts";
import { EDIT, OffsetMap } from "./offset-map.ts";
import { type Stretch, Stretches } from "./stretches.ts";

const AMPERSAND = 0x26;
const PERCENT = 0x25;
/** Longest CSI sequence taken out, ECMA-48 sets no bound; terminals take 16 parameters of a few digits. */
const CSI_MAX = 64;

/** Bytes at which the fast loop stops: controls, the three signs that start an encoding, everything beyond ASCII. */
const SPECIAL = new Uint8Array(256);
for (let byte = 0; byte < 256; byte++)
  SPECIAL[byte] = (byte < 0x20 && byte !== 9 && byte !== 10 && byte !== 13) || byte >= 0x7f ? 1 : 0;
SPECIAL[AMPERSAND] = SPECIAL[PERCENT] = SPECIAL[BACKSLASH] = 1;

/**
 * No encoded unit is longer, but for rows of backslashes and of `%25`, and of those none is left in what was copied: where none begins
 * in the source, none does in the copy so far from its ends.
 */
const UNIT_BYTES_MAX = 256;

export interface Decoded {
  readonly bytes: Uint8Array;
  readonly map: OffsetMap;
  /** What was copied as it was. */
  readonly stretches: readonly Stretch[];
  /** True when an encoding was undone, not only something invisible taken out or a letter folded. */
  readonly encoded: boolean;
}

/**
 * One level of normalisation in one pass: invalid UTF-8, control and invisible characters go; compatibility forms and
 * confusable letters become ASCII; character references, percent encoding and escapes become what they stand for.
 * All at once, so that a mixture of encodings is undone like a single one. Nothing when there was nothing to undo.
 * `copied` are the stretches that the level before copied: nothing is left to undo in them.
 */
export function decodeLevel(
  bytes: Uint8Array,
  collapse: boolean,
  copied: readonly Stretch[] = [],
): Decoded | undefined {
  return new Level(bytes, collapse).run(copied);
}

class Level {
  readonly #bytes: Uint8Array;
  readonly #collapse: boolean;
  readonly #unit: Unit = { point: 0, length: 0 };
  readonly #map = new OffsetMap();
  readonly #stretches = new Stretches();
  #fold: FoldTable | undefined;
  #out = new Uint8Array(0);
  /** Source up to here has been handled, output up to there written. */
  #copied = 0;
  #written = 0;
  #encoded = false;

  constructor(bytes: Uint8Array, collapse: boolean) {
    this.#bytes = bytes;
    this.#collapse = collapse;
  }

  run(copied: readonly Stretch[]): Decoded | undefined {
    const length = this.#bytes.length;
    let at = 0;
    for (const { out, length: copiedBytes } of copied) {
      const [from, to] = [out + UNIT_BYTES_MAX, out + copiedBytes - UNIT_BYTES_MAX];
      if (from >= to) continue;
      at = this.#undo(at, from);
      at = Math.max(at, characterStart(this.#bytes, to));
    }
    this.#undo(at, length);
    if (this.#map.edits === 0) return undefined;
    this.#copyTo(length);
    const stretches = this.#stretches.list;
    return { bytes: this.#out.subarray(0, this.#written), map: this.#map, stretches, encoded: this.#encoded };
  }

  /** Undoes what begins from `from` on and before `end`; gives where it ends. */
  #undo(from: number, end: number): number {
    const bytes = this.#bytes;
    let at = from;
    while (true) {
      at = firstSpecial(bytes, at, end);
      if (at >= end) return at;
      const byte = bytes[at] as number;
      if (byte >= 0x80) at += this.#beyondAscii(at);
      else if (byte === AMPERSAND) at += this.#entity(at);
      else if (byte === PERCENT) at += this.#percent(at);
      else if (byte === BACKSLASH) at += this.#escape(at);
      else at += this.#control(at);
    }
  }

  #beyondAscii(at: number): number {
    const point = codePointAt(this.#bytes, at);
    if (point < 0) return this.#invalid(at);
    const length = utf8Length(point);
    this.#fold ??= foldTable();
    const action = this.#fold.action(point);
    if (action === KEEP) return length;
    if (action === DROP) return this.#replace(isInvisible(point) ? EDIT.invisible : EDIT.compatibility, at, length);
    const kind = this.#fold.isConfusable(action) ? EDIT.confusable : EDIT.compatibility;
    return this.#replace(kind, at, length, this.#fold.replacement(action));
  }

  /** Overlong two-byte forms of ASCII are read as lenient decoders read them; other invalid bytes are left out. */
  #invalid(at: number): number {
    const lead = this.#bytes[at] as number;
    const next = this.#bytes[at + 1];
    if ((lead === 0xc0 || lead === 0xc1) && next !== undefined && (next & 0xc0) === 0x80)
      return this.#decoded(EDIT["overlong-utf8"], at, 2, ((lead & 1) << 6) | (next & 0x3f));
    return this.#replace(EDIT["invalid-utf8"], at, 1);
  }

  #entity(at: number): number {
    if (this.#collapse) {
      // `&amp;amp;lt;` is `&lt;` encoded twice more; at the last level all of it is undone. The name after the last
      // `amp;` is read as if the `;` before it were its `&`.
      let last = at;
      while (startsWithAmp(this.#bytes, last + 1)) last += 4;
      if (last > at && readEntity(this.#bytes, last, this.#unit))
        return this.#decoded(EDIT["html-entity"], at, this.#unit.length + last - at, this.#unit.point);
    }
    if (!readEntity(this.#bytes, at, this.#unit)) return 1;
    return this.#decoded(EDIT["html-entity"], at, this.#unit.length, this.#unit.point);
  }

  #percent(at: number): number {
    const bytes = this.#bytes;
    let digits = at + 1;
    // `%253C` is `%3C` encoded once more.
    if (this.#collapse)
      while (bytes[digits] === 0x32 && bytes[digits + 1] === 0x35 && isHexPair(bytes, digits + 2)) digits += 2;
    if (!isHexPair(bytes, digits)) return 1;
    this.#encoded = true;
    const value = hexValue(bytes[digits] as number) * 16 + hexValue(bytes[digits + 1] as number);
    return this.#replace(EDIT.percent, at, digits + 2 - at, ONE_BYTE[value] as Uint8Array);
  }

  #escape(at: number): number {
    if (readEscape(this.#bytes, at, this.#collapse, this.#unit))
      return this.#decoded(EDIT.escape, at, this.#unit.length, this.#unit.point);
    // A row of backslashes is looked at once.
    let length = 1;
    if (this.#collapse) while (this.#bytes[at + length] === BACKSLASH) length++;
    return length;
  }

  #control(at: number): number {
    const bytes = this.#bytes;
    if (bytes[at] !== ESC || bytes[at + 1] !== 0x5b) return this.#replace(EDIT["control-character"], at, 1);
    let end = at + 2;
    const limit = at + CSI_MAX;
    while (end < limit && (bytes[end] as number) >= 0x20 && (bytes[end] as number) < 0x40) end++;
    const final = bytes[end];
    const complete = final !== undefined && final >= 0x40 && final <= 0x7e;
    return this.#replace(EDIT["terminal-sequence"], at, complete ? end + 1 - at : 2);
  }

  #decoded(kind: number, at: number, length: number, point: number): number {
    this.#encoded = true;
    return this.#replace(kind, at, length, point < 0x80 ? (ONE_BYTE[point] as Uint8Array) : utf8Of(point));
  }

  #replace(kind: number, at: number, length: number, by: Uint8Array = NOTHING): number {
    this.#copyTo(at);
    for (let index = 0; index < by.length; index++) this.#out[this.#written + index] = by[index] as number;
    this.#map.edit(kind, this.#written, by.length, at, length);
    this.#written += by.length;
    this.#copied = at + length;
    return length;
  }

  #copyTo(end: number): void {
    if (this.#out.length === 0) this.#out = new Uint8Array(this.#bytes.length);
    const length = end - this.#copied;
    this.#stretches.add(this.#written, this.#copied, length);
    // A call of `set` costs more than some tens of single stores.
    if (length > 48) this.#out.set(this.#bytes.subarray(this.#copied, end), this.#written);
    else
      for (let index = 0; index < length; index++)
        this.#out[this.#written + index] = this.#bytes[this.#copied + index] as number;
    this.#written += length;
    this.#copied = end;
  }
}

/** Four bytes with one branch: there is nothing special in most. */
function firstSpecial(bytes: Uint8Array, from: number, end: number): number {
  let at = from;
  for (; at + 4 <= end; at += 4) {
    const first = (SPECIAL[bytes[at] as number] as number) | (SPECIAL[bytes[at + 1] as number] as number);
    const second = (SPECIAL[bytes[at + 2] as number] as number) | (SPECIAL[bytes[at + 3] as number] as number);
    if ((first | second) !== 0) break;
  }
  while (at < end && SPECIAL[bytes[at] as number] === 0) at++;
  return at;
}

const NOTHING = new Uint8Array(0);
const ONE_BYTE = Array.from({ length: 256 }, (_, byte) => Uint8Array.of(byte));

function utf8Of(point: number): Uint8Array {
  const last = 0x80 | (point & 0x3f);
  if (point < 0x800) return Uint8Array.of(0xc0 | (point >> 6), last);
  const middle = 0x80 | ((point >> 6) & 0x3f);
  if (point < 0x10000) return Uint8Array.of(0xe0 | (point >> 12), middle, last);
  return Uint8Array.of(0xf0 | (point >> 18), 0x80 | ((point >> 12) & 0x3f), middle, last);
}

function isHexPair(bytes: Uint8Array, at: number): boolean {
  return isHex(bytes[at]) && isHex(bytes[at + 1]);
}

function startsWithAmp(bytes: Uint8Array, at: number): boolean {
  return bytes[at] === 0x61 && bytes[at + 1] === 0x6d && bytes[at + 2] === 0x70 && bytes[at + 3] === 0x3b;
}
