import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ZtlError } from "../errors.ts";
import { encodeFrame, NONCE_BYTES } from "./frames.ts";
import { parseLongHeader } from "./long-header.ts";
import { ReplyReader, readLong } from "./reply-reader.ts";

const LIMITS = { depth: 64, containers: 1_000_000, values: 1_000_000 };

/** What the whole text is, or that it is none: what a header in one piece would have been. */
function inOnePiece(json: Uint8Array): unknown {
  try {
    const value: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(json));
    return typeof value === "object" && value !== null && !Array.isArray(value) ? value : "refused";
  } catch {
    return "refused";
  }
}

async function inPieces(json: Uint8Array, bytesAtOnce: number): Promise<unknown> {
  try {
    return await parseLongHeader(json, LIMITS, bytesAtOnce);
  } catch (error) {
    assert.ok(ZtlError.isInstance(error) && error.code === "frame-malformed", String(error));
    return "refused";
  }
}

const header = fc.dictionary(fc.string({ unit: "binary" }), fc.oneof(fc.jsonValue(), fc.array(fc.jsonValue())));

test("a JSON part is the same read in pieces, wherever it is cut", async () => {
  await fc.assert(
    fc.asyncProperty(header, fc.integer({ min: 1, max: 40 }), async (value, bytesAtOnce) => {
      const json = Buffer.from(JSON.stringify(value));
      assert.deepEqual(await inPieces(json, bytesAtOnce), JSON.parse(json.toString()));
    }),
    { numRuns: 1000 },
  );
});

test("what is no JSON in one piece is none in pieces, and what is means the same", async () => {
  const character = fc.constantFrom(...'[]{},:"\\ 1a', "\u00e9");
  const damage = fc.array(fc.tuple(fc.nat(), character, fc.boolean()), { minLength: 1, maxLength: 3 });
  const list = fc.array(fc.constantFrom(1, "a,b", "]", [1, [2]], { a: [1] }, null), { maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(list, damage, fc.integer({ min: 1, max: 8 }), async (items, places, bytesAtOnce) => {
      let text = JSON.stringify({ type: "result", changes: items, reads: items, more: { list: items } });
      for (const [at, what, isMore] of places) {
        const place = at % text.length;
        text = text.slice(0, place) + what + text.slice(isMore ? place : place + 1);
      }
      const json = Buffer.from(text);
      assert.deepEqual(await inPieces(json, bytesAtOnce), inOnePiece(json), text);
    }),
    { numRuns: 5000 },
  );
});

test("what is between commas is not left out", async () => {
  for (const text of ['{"a":[1,]}', '{"a":[,1]}', '{"a":[1,,2]}', '{"a":[ , ]}', '{"a":[1}', '{"a":[1},"b":[2]]'])
    for (const bytesAtOnce of [1, 2, 3, 100])
      assert.equal(await inPieces(Buffer.from(text), bytesAtOnce), "refused", text);
});

test("more than the limits say is refused before it is parsed", async () => {
  const lists = Buffer.from(JSON.stringify({ changes: Array.from({ length: 100 }, () => [[]]) }));
  for (const limits of [{ depth: 2 }, { containers: 50 }, { values: 50 }])
    await assert.rejects(parseLongHeader(lists, { ...LIMITS, ...limits }, 10), { code: "frame-malformed" });
});

test("a reply with very many files is read in slices, and others come in between", async () => {
  const nonce = Buffer.alloc(NONCE_BYTES, 1);
  const reader = new ReplyReader(nonce);
  reader.expect(1, { headerBytes: 2 ** 30, bodyBytes: 100, json: LIMITS });
  const changes = Array.from({ length: 100_000 }, (_, number) => ({
    path: `/project/f${number}`,
    kind: "add",
    mode: 420,
  }));
  const body = Buffer.from("body");
  const frame = reader.push(Buffer.concat(encodeFrame({ nonce, id: 1 }, { type: "result", changes }, [body])));
  assert.ok(frame !== undefined && "json" in frame);
  let others = 0;
  let isOver = false;
  const other = (): void => {
    others++;
    if (!isOver) setImmediate(other);
  };
  setImmediate(other);
  const read = await readLong(frame);
  isOver = true;
  assert.deepEqual(read.header, { type: "result", changes });
  assert.ok(body.equals(read.body) && others > 5, `${others} times something else`);
});
