import assert from "node:assert/strict";
import { test } from "node:test";
import { isJsonObject, type Json } from "./json.ts";
import { parseStored, type StoredFormat, shapeOf } from "./stored-json.ts";

const FORMAT: StoredFormat = {
  what: "The note",
  limits: { bytesMax: 1000, depthMax: 4 },
  shape: shapeOf((value) => (isJsonObject(value) && typeof value.text === "string" ? undefined : "it has no text")),
  code: "note-damaged",
  remedy: "Write another one.",
};

const said = (source: string | Uint8Array): string => {
  try {
    parseStored(source, FORMAT);
  } catch (error) {
    const { code, message, details } = error as { code: string; message: string; details: { remedy: string } };
    assert.equal(code, "note-damaged");
    assert.equal(details.remedy, "Write another one.");
    return message;
  }
  return "read";
};

test("what fits is what was read, every member of it", () => {
  const value: Json = parseStored('{"text":"a","__proto__":{"b":1},"more":[null]}', FORMAT);
  assert.deepEqual(Object.keys(value as object), ["text", "__proto__", "more"]);
  assert.equal((value as { b?: unknown }).b, undefined);
});

test("what does not says what, how it is wrong, and what to do", () => {
  assert.equal(said('{"text":1}'), "The note cannot be read: it has no text. Write another one.");
  assert.match(said('{"text":"a"'), /^The note cannot be read: Expected JSON; .* Write another one\.$/);
  assert.match(said('{"text":"a","text":"b"}'), /found "text" twice\. Write another one\.$/);
  assert.match(said("[".repeat(1_000)), /may nest 4 levels here/);
  assert.match(said(new Uint8Array(1_001)), /may take 1000 bytes here/);
  assert.ok(said(`{"text":"a" ${"\ud800".repeat(300)}`).isWellFormed());
});
