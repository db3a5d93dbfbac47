import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type ByteString,
  below,
  byteStringOf,
  bytesOf,
  EMPTY,
  labelOf,
  nameOf,
  namesOf,
  parentOf,
  textOf,
  toByteString,
} from "./byte-string.ts";

test("every byte stands for itself, and a text for its UTF-8", () => {
  const all = Uint8Array.from({ length: 256 }, (_, byte) => byte);
  assert.deepEqual(new Uint8Array(bytesOf(byteStringOf(all))), all);
  // A part of a larger buffer is only that part.
  assert.equal(byteStringOf(all.subarray(0x61, 0x64)), "abc");
  assert.equal(toByteString("é").length, 2);
  assert.equal(textOf(toByteString("é/😀")), "é/😀");
  assert.equal(toByteString("\ufffd", Uint8Array.of(0xff)), "\xff");
  assert.equal(textOf(byteStringOf(Uint8Array.of(0xff))), "\ufffd");
});

test("a text is not taken for a byte string", () => {
  // Fails to compile, and so the type check, where the two become one type again.
  const isText: string extends ByteString ? false : true = true;
  assert.ok(isText);
});

test("paths are taken apart and put together by their bytes", () => {
  const path = toByteString("ä/b/ö");
  assert.deepEqual(namesOf(path).map(textOf), ["ä", "b", "ö"]);
  assert.equal(textOf(nameOf(path)), "ö");
  assert.equal(textOf(parentOf(path)), "ä/b");
  assert.equal(parentOf(toByteString("a")), EMPTY);
  const [root, a, b] = ["/", "a", "b"].map((text) => toByteString(text)) as [ByteString, ByteString, ByteString];
  assert.deepEqual(
    [below(EMPTY, a), below(a, EMPTY), below(root, a), below(a, b), below(root, EMPTY), below(below(root, a), b)],
    ["a", "a", "/a", "a/b", "/", "/a/b"],
  );
});

test("paths that differ in any byte have labels that differ", () => {
  const paths = [[0xff], [0xfe], [0x5c, 0x78, 0x66, 0x66], [0xff, 0x5c], [0xc3, 0xa9], [0xc3], [0xa9]];
  const labels = paths.map((bytes) => labelOf(byteStringOf(Uint8Array.from([0x2f, ...bytes]))));
  assert.equal(new Set(labels).size, paths.length);
  assert.equal(labels[4], "/é");
  assert.equal(labels[0], "bytes:/\\xff");
});
