import assert from "node:assert/strict";
import { test } from "node:test";
import { type Frame, FrameReader, type Framing } from "./frames.ts";

function read(framing: Framing, chunks: readonly Buffer[]): { frames: Frame[]; rest: Buffer } {
  const reader = new FrameReader(framing, 1000);
  const frames: Frame[] = [];
  for (const chunk of chunks) {
    const pushed = reader.push(chunk);
    assert.ok(pushed.ok);
    frames.push(...pushed.frames);
  }
  return { frames, rest: reader.rest() };
}

const dataOf = (frames: readonly Frame[]): string[] => frames.flatMap((frame) => frame.data ?? []);
const bytesOf = (text: string): Buffer[] => [...Buffer.from(text)].map((byte) => Buffer.of(byte));

for (const [name, end] of [
  ["LF", "\n"],
  ["CRLF", "\r\n"],
  ["CR", "\r"],
] as const) {
  test(`events that end in ${name} are the same wherever the stream was split, and no byte is lost`, () => {
    const text = `: hello${end}${end}event: x${end}data: {"a":"ä😀"}${end}${end}data:1${end}data: 2${end}${end}data: [DONE]${end}${end}`;
    const whole = Buffer.from(text);
    const splits = [[whole], bytesOf(text)];
    for (let at = 1; at < whole.length; at++) splits.push([whole.subarray(0, at), whole.subarray(at)]);
    for (const chunks of splits) {
      const { frames, rest } = read("events", chunks);
      assert.deepEqual(dataOf(frames), ['{"a":"ä😀"}', "1\n2", "[DONE]"]);
      assert.deepEqual(Buffer.concat(frames.map((frame) => frame.bytes)), whole);
      assert.equal(rest.length, 0, "the last frame ended, so that nothing waits for more");
    }
  });
}

test("lines of JSON are frames, blanks carry nothing, an unended line is no frame", () => {
  const { frames, rest } = read("lines", bytesOf('{"a":1}\n\r\n{"b":"ö"}\r\n{"c"'));
  assert.deepEqual(dataOf(frames), ['{"a":1}', '{"b":"ö"}']);
  assert.equal(rest.toString(), '{"c"');
});

test("a frame longer than its bound is refused, ended or not, and so is what is not UTF-8", () => {
  for (const framing of ["events", "lines"] as const) {
    const tooLong = { ok: false, code: "frame_too_long" };
    assert.deepEqual(new FrameReader(framing, 10).push(Buffer.from("data: 123456")), tooLong);
    assert.deepEqual(new FrameReader(framing, 10).push(Buffer.from("data: 123456\n\n")), tooLong);
    const notUtf8 = { ok: false, code: "not_utf8" };
    assert.deepEqual(new FrameReader(framing, 10).push(Buffer.from([0x61, 0xff, 0x0a, 0x0a])), notUtf8);
  }
});

test("a byte order mark is none of the text at the start of the stream, and part of it anywhere else", () => {
  const mark = "\ufeff";
  for (const chunks of [
    [Buffer.from(`${mark}data: 1\n\n${mark}data: 2\n\ndata: ${mark}3\n\n`)],
    bytesOf(`${mark}data: 1\n\n${mark}data: 2\n\ndata: ${mark}3\n\n`),
  ]) {
    const { frames } = read("events", chunks);
    assert.deepEqual(dataOf(frames), ["1", `${mark}3`], "a field whose name begins with it is another field");
    assert.deepEqual(Buffer.concat(frames.map(({ bytes }) => bytes)), Buffer.concat(chunks));
  }
  assert.deepEqual(dataOf(read("lines", [Buffer.from(`${mark}1\n${mark}2\n`)]).frames), ["1", `${mark}2`]);
});

test("a frame that comes in single bytes takes memory of its own length", () => {
  const reader = new FrameReader("lines", 1 << 20);
  const before = process.memoryUsage();
  for (let count = 0; count < 1 << 20; count++) reader.push(Buffer.of(0x61));
  const after = process.memoryUsage();
  assert.ok(after.arrayBuffers - before.arrayBuffers < 64 << 20, "no buffer is kept for each byte");
  assert.equal(reader.rest().length, 1 << 20);
});
