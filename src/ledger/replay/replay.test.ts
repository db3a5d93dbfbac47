import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { compareInputs, compareRuns, type RunOutput } from "./compare.ts";
import { makeReplayRecord, type ReplayInput, replayRecord } from "./record.ts";

const bytes = (text: string): Uint8Array => Buffer.from(text);
const RUN: RunOutput = {
  status: "ok",
  exitCode: 0,
  stdout: bytes("line one\nline two\n"),
  stderr: bytes(""),
  changes: [
    { path: "/out/b", facts: { change: "add", mode: 0o644 }, content: bytes("bbb") },
    { path: "/out/a", facts: { change: "delete" } },
  ],
};
const INPUTS: ReplayInput[] = [
  { name: "/data/a.csv", sizeBytes: 3, sha256: "a".repeat(64) },
  { name: "stdin", sizeBytes: 0, sha256: "b".repeat(64) },
];
const PLAN = {
  templateKey: "t",
  call: { tool: "python" },
  limits: { wallMs: 1000, cpuMs: null },
  seed: "00ff",
  clockMs: 0,
};

test("equal runs are the same, whatever order their changes come in", () => {
  assert.deepEqual(compareRuns(RUN, { ...RUN, changes: [...RUN.changes].reverse() }), { same: true });
});

test("the first difference is told with its place and what surrounds it, escaped", () => {
  const found = compareRuns(RUN, { ...RUN, stdout: bytes("line one\nline \u001b]0;x\u0007two\n") });
  assert.deepEqual(found, {
    same: false,
    where: "stdout",
    offset: 14,
    recorded: "line one\\nline two\\n",
    replayed: "line one\\nline \\x1b]0;x\\x07two\\n",
    message: "stdout differs from byte 14 on (18 bytes recorded, 24 replayed)",
  });
  const shorter = compareRuns(RUN, { ...RUN, stdout: bytes("line one\n") });
  assert.ok(
    !shorter.same && shorter.offset === 9 && shorter.replayed === "" && shorter.recorded.endsWith("line two\\n"),
  );
  const cases: readonly (readonly [Partial<RunOutput>, string, string | undefined])[] = [
    [{ status: "failed", exitCode: 1, stdout: bytes("") }, "status", undefined],
    [{ exitCode: null }, "exit-code", undefined],
    [{ stderr: bytes("warning") }, "stderr", undefined],
    [{ changes: RUN.changes.slice(1) }, "change", "/out/b"],
    [{ changes: [...RUN.changes, { path: "/out/A", facts: {} }] }, "change", "/out/A"],
    [{ changes: [{ path: "/out/a", facts: { change: "add" } }, ...RUN.changes.slice(0, 1)] }, "change", "/out/a"],
  ];
  for (const [change, where, path] of cases) {
    const difference = compareRuns(RUN, { ...RUN, ...change });
    assert.ok(!difference.same);
    assert.deepEqual([difference.where, difference.path], [where, path]);
  }
});

test("a changed file is told with the offset inside it", () => {
  const changes = RUN.changes.map((one) => (one.content === undefined ? one : { ...one, content: bytes("bXb") }));
  const found = compareRuns(RUN, { ...RUN, changes });
  assert.ok(!found.same);
  assert.deepEqual(
    [found.where, found.path, found.offset, found.recorded, found.replayed],
    ["change", "/out/b", 1, "bbb", "bXb"],
  );
});

test("any change of any byte is found at its offset", () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 1, maxLength: 300 }),
      fc.nat(),
      fc.integer({ min: 1, max: 255 }),
      (stdout, at, flip) => {
        const offset = at % stdout.length;
        const changed = stdout.map((byte, i) => (i === offset ? byte ^ flip : byte));
        const found = compareRuns({ ...RUN, stdout }, { ...RUN, stdout: changed });
        assert.ok(!found.same && found.offset === offset && found.where === "stdout");
        assert.match(found.recorded + found.replayed, /^[ -~]*$/);
        assert.deepEqual(compareRuns({ ...RUN, stdout }, { ...RUN, stdout: stdout.slice() }), { same: true });
      },
    ),
  );
});

test("a replay record is valid, and names the input that changed", () => {
  const record = makeReplayRecord({ ...PLAN, inputs: INPUTS });
  assert.deepEqual(replayRecord.parse(record), record);
  assert.deepEqual(compareInputs(record, [...INPUTS].reverse()), { same: true });
  const changed = INPUTS.map((one) => (one.name === "stdin" ? { ...one, sizeBytes: 5, sha256: "c".repeat(64) } : one));
  for (const [found, path] of [
    [changed, "stdin"],
    [INPUTS.slice(1), "/data/a.csv"],
    [[...INPUTS, { name: "/etc/new", sizeBytes: 1, sha256: "d".repeat(64) }], "/etc/new"],
  ] as const) {
    const difference = compareInputs(record, found);
    assert.ok(!difference.same);
    assert.deepEqual([difference.where, difference.path], ["input", path]);
  }
  assert.equal(compareInputs({ ...record, inputsSha256: "0".repeat(64) }, INPUTS).same, false);
});
