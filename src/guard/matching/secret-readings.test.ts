import assert from "node:assert/strict";
import { test } from "node:test";
import type { Trigger } from "../rule.ts";
import { SECRET_TRIGGERS } from "../testing/cost.ts";
import { SHAPES, type Span } from "./shapes.ts";

/** A shape that reads on for some thousand bytes from each place reads each byte hundreds of times in so many. */
const BYTES = 2048;
/** Most is looked at some five times; what has seven different letters and wants eight, in up to 96 bytes, thirty times. */
const READINGS_MAX = 40;

/** The same bytes, and how many of them were asked for. */
function counted(bytes: Uint8Array): { readonly bytes: Uint8Array; readonly readings: () => number } {
  let readings = 0;
  const proxy = new Proxy(bytes, {
    get(target, key) {
      if (typeof key === "string" && /^-?\d/.test(key)) {
        readings++;
        return target[Number(key)];
      }
      if (key !== "subarray") return Reflect.get(target, key, target);
      return (start: number, end: number): Uint8Array => {
        readings += end - start;
        return target.subarray(start, end);
      };
    },
  });
  return { bytes: proxy, readings: () => readings };
}

/** Where a trigger's literal stands, in order of ends, as the automaton tells it. */
function placesIn(text: string, triggers: readonly Trigger[]): { readonly start: number; readonly trigger: Trigger }[] {
  const lower = text.toLowerCase();
  const places = triggers.flatMap((trigger) => {
    const [inside, wanted] = trigger.anyCase ? [lower, trigger.text.toLowerCase()] : [text, trigger.text];
    const starts: number[] = [];
    for (let at = inside.indexOf(wanted); at >= 0; at = inside.indexOf(wanted, at + 1)) starts.push(at);
    return starts.map((start) => ({ start, trigger }));
  });
  return places.sort((a, b) => a.start + a.trigger.text.length - b.start - b.trigger.text.length);
}

function readingsOfEachByte(unit: string): number {
  const text = unit.repeat(Math.ceil(BYTES / unit.length)).slice(0, BYTES);
  const { bytes, readings } = counted(new TextEncoder().encode(text));
  const span: Span = { start: 0, end: 0 };
  for (const { start, trigger } of placesIn(text, SECRET_TRIGGERS)) {
    span.start = start;
    span.end = start + trigger.text.length;
    if (trigger.shape !== undefined) SHAPES[trigger.shape](bytes, span, trigger);
  }
  return readings() / BYTES;
}

test("what secrets begin with, in a row, alone and with letters of a value between, is read a few times", () => {
  const slow: string[] = [];
  for (const text of new Set(SECRET_TRIGGERS.map((trigger) => trigger.text)))
    for (const before of ["", " ", ":", " a=", "/", '"'])
      for (const value of ["", "aB3", "aB3dEfGhIjKlMnOp0"]) {
        const readings = readingsOfEachByte(before + text + value);
        if (readings > READINGS_MAX) slow.push(`${readings.toFixed(1)} ${JSON.stringify(before + text + value)}`);
      }
  assert.deepEqual(slow, []);
});
