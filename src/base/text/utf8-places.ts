/** For places in a text in UTF-16 units, those in its UTF-8. The table is made once, so that many places cost no more than few. */
export class Utf8Places {
  readonly #places: Uint32Array | undefined;

  constructor(text: string) {
    // What is as long in bytes as in units is ASCII: its places are the same.
    this.#places = Buffer.byteLength(text) === text.length ? undefined : placesOf(text);
  }

  at(unit: number): number {
    return this.#places === undefined ? unit : (this.#places[unit] as number);
  }
}

function placesOf(text: string): Uint32Array {
  const places = new Uint32Array(text.length + 1);
  let at = 0;
  for (let unit = 0; unit < text.length; unit++) {
    places[unit] = at;
    const code = text.charCodeAt(unit);
    if (code < 0x80) at += 1;
    else if (code < 0x800 || isOfPair(text, unit)) at += 2;
    else at += 3;
  }
  places[text.length] = at;
  return places;
}

/** Each half of a surrogate pair stands for two of its four bytes; a lone one is written as U+FFFD, of three. */
function isOfPair(text: string, unit: number): boolean {
  const code = text.charCodeAt(unit);
  if (code < 0xd800 || code > 0xdfff) return false;
  return code < 0xdc00 ? isLow(text.charCodeAt(unit + 1)) : isHigh(text.charCodeAt(unit - 1));
}

function isHigh(code: number): boolean {
  return code >= 0xd800 && code < 0xdc00;
}

function isLow(code: number): boolean {
  return code >= 0xdc00 && code < 0xe000;
}
