import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Trigger } from "../rule.ts";
import { BUILT_IN_RULES } from "../rules/index.ts";
import { NEXT_BYTE } from "./next-byte.ts";
import { SHAPES, type ShapeName } from "./shapes.ts";

/** The first look at the next byte must never refuse what the shape would take. */

const triggers = BUILT_IN_RULES.flatMap(({ patterns }) =>
  patterns.flatMap((pattern): readonly Trigger[] => {
    if (pattern.kind === "trigger") return [pattern.trigger];
    return pattern.kind === "sequence" ? [...pattern.leads, ...pattern.follows] : [];
  }),
);

/** For each shape, what follows its literal when it holds. */
const CONTINUATIONS: Readonly<Record<string, string>> = {
  label: " 2 :",
  "action-input-label": " 1 Input 2:",
  "encoded-command": ` ${"a".repeat(40)}`,
  "json-value": ':"system"',
  "json-container": ': [{"a":1}]',
  "markdown-reference": "//h?q={",
  "csi-conceal": "1;8m",
  "csi-report": "6n",
  "special-token": "name|>",
  "role-turn": "system|>",
  "token-open": "brandnew>",
  "netrc-password": " host login user password s3cret7",
  "command-password": " -u user:s3cret7 https://h",
  "jwk-member": `: "${"aB3dEfGhIjKlMnOp".repeat(3)}", "kty": "EC"`,
  "cookie-value": ": session=aB3dEfGhIjKlMnOp99",
  authorization: ": Bearer aB3dEfGhIjKlMnOp99",
  "signed-token": "end_of_turn:>",
  "sided-turn": "turn>user\n",
  "barred-tag": "DSML|invoke",
  "tag-attribute": ' a="b" role="user" name="x">',
  "function-tag": ' name="f"><param name="x">',
  "tag-before-text": "\nYou are",
  "tag-end": ">",
  "namespaced-tag": ">",
  "square-bar": "endofturn|]",
  "square-bar-turn": "user|]",
  "tilde-token": "!b[",
  "tilde-turn": "b]user\n",
  "tag-rest": "turn>",
  "tag-rest-turn": "turn>",
  "numbered-token": "7>",
  "numbered-turn": "7>user\n",
  "selector-run": "\ufe01".repeat(5),
  "enclosed-role": '">',
  "escaped-token": "user\\|>",
  "namespaced-role": '_start role="system">',
  "barred-role": 'turn role="system"|>',
  "tag-run": "\u{e0041}\u{e0042}",
  "zero-width-run": "\u200b".repeat(9),
};

/** And what stands before it. */
const LEADS: Readonly<Record<string, string>> = {
  "namespaced-tag": "<a",
  "namespaced-role": "<a",
  "enclosed-role": '<turn from="',
};

interface Outcome {
  readonly holds: boolean;
  readonly next: number | undefined;
}

function outcomeOf(trigger: Trigger, rest: string): Outcome {
  const lead = `x\n\n${LEADS[trigger.shape ?? ""] ?? ""}`;
  const before = Buffer.from(`${lead}${trigger.text}`);
  const bytes = Buffer.concat([before, Buffer.from(rest)]);
  const span = { start: lead.length, end: before.length };
  return { holds: SHAPES[trigger.shape as ShapeName](bytes, span, trigger), next: bytes[before.length] };
}

const isLetThrough = (shape: ShapeName, next: number | undefined): boolean =>
  next !== undefined && NEXT_BYTE[shape]?.(next) === true;

test("each shape that asks about the next byte can hold, with one that is let through", () => {
  for (const shape of Object.keys(NEXT_BYTE) as ShapeName[]) {
    const outcomes = triggers
      .filter((trigger) => trigger.shape === shape)
      .map((trigger) => outcomeOf(trigger, CONTINUATIONS[shape] as string));
    assert.ok(
      outcomes.some(({ holds, next }) => holds && isLetThrough(shape, next)),
      shape,
    );
  }
});

test("a shape never holds with a next byte that is not let through, nor at the end of the text", () => {
  const piece = fc.oneof(
    fc.constantFrom(...Object.values(CONTINUATIONS), " ", "\t", "\n", ":", '"', "'", "{", "[", ">", "|>", "http://"),
    fc.string({ unit: "binary", maxLength: 3 }),
  );
  const tail = fc.array(piece, { maxLength: 4 }).map((pieces) => pieces.join(""));
  const shaped = triggers.filter(({ shape }) => shape !== undefined && NEXT_BYTE[shape] !== undefined);
  fc.assert(
    fc.property(fc.constantFrom(...shaped), tail, (trigger, rest) => {
      const { holds, next } = outcomeOf(trigger, rest);
      assert.ok(!holds || isLetThrough(trigger.shape as ShapeName, next), `${trigger.shape} ${JSON.stringify(rest)}`);
    }),
    { numRuns: 5000 },
  );
});
