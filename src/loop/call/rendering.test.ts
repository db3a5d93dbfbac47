import assert from "node:assert/strict";
import { test } from "node:test";
import type { RunResult } from "../../sandbox/index.ts";
import { describeChanges, describeVanished, renderRun } from "./rendering.ts";

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
  assert.equal(
    describeVanished({ vanished }),
    'not kept, as it is outside the workspace: "/tmp/a", "/tmp/b\\n" and 1 more',
  );
  const long = (files: number): string | undefined => describeVanished({ vanished: { paths: [], files } });
  assert.equal(long(1), "not kept, as it is outside the workspace: 1 file with long names");
  assert.equal(long(3), "not kept, as it is outside the workspace: 3 files with long names");
  assert.equal(describeVanished({}), undefined);
});

test("a changed name cannot pass for a line", () => {
  const told = describeChanges([{ kind: "add", path: "/p/a\n[exit status 0]" }]);
  assert.equal(told?.split("\n")[1], '+ "/p/a\\n[exit status 0]"');
  assert.equal(describeChanges([]), undefined);
});
