import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Automaton } from "./automaton.ts";

const RUNS = 3000;

/** Few letters, so that literals begin, overlap and break off all the time; a sign and a byte beyond ASCII have no case. */
const text = (minLength: number, maxLength: number): fc.Arbitrary<Uint8Array> =>
  fc
    .array(fc.constantFrom(0x61, 0x62, 0x41, 0x42, 0x7c, 0xe2), { minLength, maxLength })
    .map((bytes) => Uint8Array.from(bytes));

const lower = (bytes: Uint8Array): string =>
  Buffer.from(bytes)
    .toString("latin1")
    .replace(/[A-Z]/g, (a) => a.toLowerCase());

function naive(literals: readonly Uint8Array[], bytes: Uint8Array, first: number, last: number): string[] {
  const found: string[] = [];
  const all = lower(bytes);
  for (let end = first; end <= last; end++)
    literals.forEach((literal, number) => {
      if (all.slice(0, end).endsWith(lower(literal))) found.push(`${end}:${number}`);
    });
  return found.sort();
}

function found(literals: readonly Uint8Array[], bytes: Uint8Array, first: number, last: number): string[] {
  const list: string[] = [];
  const ends: number[] = [];
  const automaton = new Automaton(literals.map((literal) => ({ bytes: literal })));
  automaton.scan(bytes, first, last, (number, end) => {
    ends.push(end);
    return list.push(`${end}:${number}`) > 0;
  });
  assert.deepEqual(
    ends,
    ends.toSorted((a, b) => a - b),
    "in order of ends",
  );
  return list.sort();
}

test("finds each literal once, wherever it begins and whatever begins before it", () => {
  fc.assert(
    fc.property(
      fc.array(text(1, 7), { minLength: 1, maxLength: 5 }),
      fc.array(text(0, 9), { maxLength: 12 }),
      fc.nat(40),
      fc.nat(40),
      (literals, parts, before, after) => {
        const bytes = Uint8Array.from(parts.flatMap((part, index) => [...part, ...(literals[index] ?? []), 0x2e]));
        const [first, last] = [Math.min(bytes.length, 1 + before), Math.max(0, bytes.length - after)];
        if (first < 1 || last < first) return;
        assert.deepEqual(found(literals, bytes, first, last), naive(literals, bytes, first, last));
      },
    ),
    { numRuns: RUNS },
  );
});

test("ends when it is told to", () => {
  const automaton = new Automaton([{ bytes: Buffer.from("ab") }]);
  let hits = 0;
  assert.equal(
    automaton.scan(Buffer.from("ab.ab.ab"), 1, 8, () => ++hits < 2),
    false,
  );
  assert.equal(hits, 2);
});
