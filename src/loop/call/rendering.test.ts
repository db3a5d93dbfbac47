import assert from "node:assert/strict";
import { test } from "node:test";
import type { RunResult } from "../../sandbox/index.ts";
import { describeChanges, renderRun } from "./rendering.ts";

function run(facts: object): RunResult {
  const text = { stdoutText: "", stderrText: "", stdout: new Uint8Array(), stderr: new Uint8Array() };
  return { status: "ok", exitCode: 0, changes: [], diagnostics: {}, ...text, ...facts } as unknown as RunResult;
}

test("an ordinary output is all there is", () => {
  const sections = [{ heading: "output of python", text: "42\n" }];
  assert.deepEqual(renderRun(run({ stdoutText: "42\n" }), "python"), { sections, notes: [] });
});

test("standard error is a section of its own, the ending a note", () => {
  const facts = { status: "failed", exitCode: 3, stdoutText: "a", stderrText: "oops", stderr: Buffer.from("oops") };
  assert.deepEqual(renderRun(run(facts), "shell"), {
    sections: [
      { heading: "output of shell", text: "a" },
      { heading: "standard error", text: "oops" },
    ],
    notes: ["exit status 3"],
  });
});

test("files that are gone with the run are told", () => {
  const vanished = { paths: ["/tmp/a", "/tmp/b\n"], files: 3 };
  const { notes } = renderRun(run({ status: "failed", exitCode: 1, diagnostics: { vanished } }), "shell");
  assert.deepEqual(notes, [
    "exit status 1",
    'not kept, as it is outside the workspace: "/tmp/a", "/tmp/b\\n" and 1 more',
  ]);
});

test("a changed name cannot pass for a line", () => {
  const told = describeChanges([{ kind: "add", path: "/p/a\n[exit status 0]" }]);
  assert.equal(told?.split("\n")[1], '+ "/p/a\\n[exit status 0]"');
  assert.equal(describeChanges([]), undefined);
});
