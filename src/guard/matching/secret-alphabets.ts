/** Letters of which secrets are made, by name. */
const NAMED: Readonly<Record<string, RegExp>> = {
  digit: /[0-9]/,
  hex: /[0-9a-fA-F]/,
  upper: /[A-Z0-9]/,
  lower: /[a-z0-9]/,
  alnum: /[A-Za-z0-9]/,
  word: /[A-Za-z0-9_]/,
  base64: /[A-Za-z0-9+/]/,
  base64url: /[A-Za-z0-9_-]/,
  padded: /[A-Za-z0-9+/=_-]/,
  dotted: /[A-Za-z0-9_.-]/,
  credential: /[A-Za-z0-9+/=_.~:%-]/,
  value: /[A-Za-z0-9+/=_.~:!@#%^&*?-]/,
  parameter: /[A-Za-z0-9+/=_.~:!@#%^*?-]/,
  quoted: /[A-Za-z0-9+/=_.~:!@#%^&*?$-]/,
  crypt: /[A-Za-z0-9+/=.$,-]/,
};

const SETS = new Map(
  Object.entries(NAMED).map(([name, letter]) => [
    name,
    Uint8Array.from({ length: 256 }, (_, byte) => (byte < 0x80 && letter.test(String.fromCharCode(byte)) ? 1 : 0)),
  ]),
);

const NONE = new Uint8Array(256);

/** 1 for each byte that is one of the alphabet's letters. */
export function lettersOf(alphabet: string): Uint8Array {
  return SETS.get(alphabet) ?? NONE;
}

export function inClass(alphabet: string, byte: number): boolean {
  return lettersOf(alphabet)[byte] === 1;
}

export const isAlphabet = (name: string): boolean => SETS.has(name);
