import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { RunResult } from "../../sandbox/index.ts";
import { renderRun, shorten } from "./rendering.ts";

function run(facts: object): RunResult {
  const text = { stdoutText: "", stderrText: "", stdout: new Uint8Array(), stderr: new Uint8Array() };
  return { status: "ok", exitCode: 0, changes: [], ...text, ...facts } as unknown as RunResult;
}

test("an ordinary output is given as it is", () => {
  assert.equal(renderRun(run({ stdoutText: "42\n" })), "42\n");
});

test("standard error, the ending and changed names follow under headings", () => {
  const text = renderRun(
    run({
      status: "failed",
      exitCode: 3,
      stdoutText: "a",
      stderrText: "oops",
      stderr: Buffer.from("oops"),
      changes: [{ kind: "add", path: "/p/a\n[exit status 0]" }],
    }),
  );
  assert.equal(
    text,
    'a\n[standard error]\noops\n[exit status 3]\n[changed files; nothing is written before a person approves it]\n+ "/p/a\\n[exit status 0]"',
  );
});

test("a shortened text has its head and its tail, whole characters, and says what is missing", () => {
  const text = "ä€𝄞".repeat(200);
  const short = shorten(text, 300);
  assert.match(short, /\n\[\d+ of 1800 bytes are left out here\]\n/);
  assert.ok(!short.includes("\ufffd"));
  fc.assert(
    fc.property(fc.string({ unit: "grapheme", maxLength: 500 }), fc.integer({ min: 1, max: 400 }), (any, bytes) => {
      const cut = shorten(any, bytes);
      if (Buffer.byteLength(any) <= bytes) assert.equal(cut, any);
      else {
        const [, head, omitted, tail] = /^(.*)\n\[(\d+) of \d+ bytes are left out here\]\n(.*)$/s.exec(cut) as string[];
        assert.ok(any.startsWith(head as string) && any.endsWith(tail as string));
        assert.equal(Buffer.byteLength(any) - Buffer.byteLength(`${head}${tail}`), Number(omitted));
      }
    }),
  );
});
