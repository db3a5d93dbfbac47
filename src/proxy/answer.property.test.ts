import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { streamedAnswer } from "./answer.ts";
import type { Framing } from "./frames.ts";
import { RefusedError } from "./refusal.ts";
import type { ToolCall } from "./tool-calls.ts";
import type { Wire } from "./wires.ts";

/** Whatever a stream is and wherever the network cut it: what goes on is a beginning of it, and no part of a call goes on unjudged. */

const MARK = "SECRET-CALL";

const text = fc.string({ unit: "grapheme", maxLength: 20 }).map((content) => ({ content }));
const call = fc
  .record({ name: fc.constant(MARK), arguments: fc.string({ maxLength: 10 }) })
  .map((one) => ({ tool_calls: [{ index: 0, function: one }] }));

interface Case {
  readonly wire: Wire;
  readonly framing: Framing;
  readonly bytes: Buffer;
  readonly calls: boolean;
  readonly ends: boolean;
}

function caseOf(wire: "chat" | "ollama-chat", messages: readonly object[], ends: boolean, end: string): Case {
  const isChat = wire === "chat";
  const last = ends && messages.length > 0;
  const frames = messages.map((message, index) => {
    const isLast = last && index === messages.length - 1;
    const value = isChat
      ? { choices: [{ index: 0, delta: message, finish_reason: isLast ? "stop" : null }] }
      : { message, done: isLast };
    return isChat ? `data: ${JSON.stringify(value)}${end}${end}` : `${JSON.stringify(value)}\n`;
  });
  const calls = messages.some((message) => "tool_calls" in message);
  return { wire, framing: isChat ? "events" : "lines", bytes: Buffer.from(frames.join("")), calls, ends: last };
}

const cases = fc
  .tuple(
    fc.constantFrom("chat" as const, "ollama-chat" as const),
    fc.array(fc.oneof({ weight: 3, arbitrary: text }, { weight: 1, arbitrary: call }), { maxLength: 8 }),
    fc.boolean(),
    fc.constantFrom("\n", "\r\n", "\r"),
  )
  .map((parts) => caseOf(...parts));

async function passed(
  { wire, framing }: Case,
  chunks: readonly Buffer[],
  judge: (calls: readonly ToolCall[]) => void,
): Promise<{ bytes: Buffer; refused: RefusedError | undefined }> {
  const parts: Buffer[] = [];
  const source = (async function* () {
    yield* chunks;
  })();
  try {
    for await (const part of streamedAnswer(source, framing, { wire, judge })) parts.push(part);
    return { bytes: Buffer.concat(parts), refused: undefined };
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error;
    return { bytes: Buffer.concat(parts), refused: error };
  }
}

/** The calls that a client finds in what it got: it takes no other field for data, and no other member for calls. */
function actedOn({ framing }: Case, bytes: Buffer): unknown[] {
  const lines = bytes.toString("utf8").split(framing === "lines" ? "\n" : /\r\n|\r|\n/);
  const data = framing === "lines" ? lines : lines.flatMap((line) => /^data:(.*)$/.exec(line)?.[1] ?? []);
  return data.flatMap((text) => {
    try {
      const { choices, message } = JSON.parse(text) as {
        choices?: { delta?: { tool_calls?: unknown } }[];
        message?: { tool_calls?: unknown };
      };
      return choices?.[0]?.delta?.tool_calls ?? message?.tool_calls ?? [];
    } catch {
      return [];
    }
  });
}

function cut(bytes: Buffer, at: readonly number[]): Buffer[] {
  const places = [0, ...at.map((one) => one % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return places.slice(1).map((end, index) => bytes.subarray(places[index], end));
}

test("a stream passes byte for byte, and with a call in it as far as the step is complete", async () => {
  await fc.assert(
    fc.asyncProperty(cases, fc.array(fc.nat(), { maxLength: 12 }), async (one, at) => {
      let judged = 0;
      const { bytes, refused } = await passed(one, cut(one.bytes, at), () => judged++);
      assert.deepEqual(bytes, one.bytes.subarray(0, bytes.length));
      if (!one.calls || one.ends) assert.deepEqual([bytes.length, refused], [one.bytes.length, undefined]);
      else {
        assert.equal(refused?.refusal.code, "step_incomplete");
        assert.ok(!bytes.includes(MARK));
      }
      assert.equal(judged > 0, one.calls && one.ends);
    }),
    { numRuns: 300 },
  );
});

test("of a step that is refused nothing goes on, wherever the stream was cut or changed", async () => {
  const refuse = (): void => {
    throw new RefusedError("tool_call_withheld", "no");
  };
  const edit = fc.tuple(fc.nat(), fc.constantFrom("", "\n", "\n\n", '"', "{", "}", "data: ", "\ufeff", "\r", "[DONE]"));
  await fc.assert(
    fc.asyncProperty(
      cases,
      fc.array(fc.nat(), { maxLength: 12 }),
      fc.array(edit, { maxLength: 2 }),
      async (one, at, edits) => {
        let changed = one.bytes.toString("utf8");
        for (const [place, put] of edits) {
          const from = place % (changed.length + 1);
          changed = `${changed.slice(0, from)}${put}${changed.slice(from)}`;
        }
        const { bytes } = await passed(one, cut(Buffer.from(changed), at), refuse);
        assert.deepEqual(actedOn(one, bytes), []);
      },
    ),
    { numRuns: 500 },
  );
});
