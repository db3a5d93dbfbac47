import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Trigger } from "../rule.ts";
import { BUILT_IN_RULES } from "../rules/index.ts";
import { LITERALS } from "../testing.ts";
import { NEXT_BYTE } from "./next-byte.ts";
import { SHAPES, type ShapeName } from "./shapes.ts";

/** The first look at the next byte must never refuse what the shape would take. */

const triggers = BUILT_IN_RULES.flatMap(({ patterns }) =>
  patterns.flatMap((pattern): readonly Trigger[] => {
    if (pattern.kind === "trigger") return [pattern.trigger];
    return pattern.kind === "sequence" ? [...pattern.leads, ...pattern.follows] : [];
  }),
);
const shaped = Object.keys(NEXT_BYTE).map((shape) => triggers.filter((trigger) => trigger.shape === shape));

const tail = fc.array(
  fc.oneof(
    fc.constantFrom(
      " ",
      "\t",
      "\n",
      ":",
      "1",
      "Input",
      "input",
      "8",
      ";",
      "m",
      "n",
      "c",
      "t",
      "//h?q={",
      "https://h#$",
    ),
    fc.constantFrom(
      " 1 Input 2:",
      ': [{"a":1}]',
      "1;8m",
      '"system"',
      '"',
      "'",
      "{",
      "[",
      "a".repeat(40),
      "system|>",
      "user",
      ">",
      "|>",
      "name",
      "</s>",
    ),
    fc.constantFrom("\u200b".repeat(9), "\ufe01".repeat(5), "\u{e0041}\u{e0042}", "\u{e0101}\u{e0102}\u{e0103}"),
    fc.constantFrom(...Object.values(LITERALS).flat()),
    fc.string({ unit: "binary", maxLength: 3 }),
  ),
  { maxLength: 5 },
);

test("every shape that asks about the next byte is used by some rule", () => {
  assert.ok(shaped.every((some) => some.length > 0));
});

test("a shape that holds has a next byte that is let through, and none of these holds at the end of the text", () => {
  const held = new Set<string>();
  for (const some of shaped)
    fc.assert(
      fc.property(fc.constantFrom(...some), tail, (trigger, pieces) => {
        const name = trigger.shape as ShapeName;
        const before = Buffer.from(`x\n\n${trigger.text}`);
        // Values of the rule itself, as random text would hardly hit one.
        const values = [...(trigger.values ?? [])].map((value) => `: "${value}"`);
        for (const rest of [pieces.join(""), ...values, ""]) {
          const bytes = Buffer.concat([before, Buffer.from(rest)]);
          const span = { start: 3, end: before.length };
          if (!SHAPES[name](bytes, span, trigger)) continue;
          held.add(name);
          assert.ok(before.length < bytes.length, `${name} at the end`);
          assert.ok(NEXT_BYTE[name]?.(bytes[before.length] as number), `${name} ${JSON.stringify(rest)}`);
        }
      }),
      { numRuns: 400 },
    );
  assert.deepEqual([...held].sort(), Object.keys(NEXT_BYTE).sort());
});
