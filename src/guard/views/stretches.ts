/** Bytes around a span that decide whether it counts (line starts, closing quotes): edits there make it new. */
export const CONTEXT_BYTES = 2;

/** Shorter ones are looked at like what was edited: a jump costs as much as some hundred bytes. */
const STRETCH_BYTES_MIN = 512;

/** Bytes of a decoded text that were copied from its source: from `out` on, `length` of them, as they stand there from `source` on. */
export interface Stretch {
  readonly out: number;
  readonly source: number;
  readonly length: number;
}

/** The long copied stretches of a text, in ascending order: what was seen in the source need not be looked for again in them. */
export class Stretches {
  readonly #list: Stretch[] = [];

  add(out: number, source: number, length: number): void {
    if (length >= STRETCH_BYTES_MIN) this.#list.push({ out, source, length });
  }

  get list(): readonly Stretch[] {
    return this.#list;
  }
}
