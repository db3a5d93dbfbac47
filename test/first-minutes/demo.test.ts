import assert from "node:assert/strict";
import { homedir } from "node:os";
import { describe, test } from "node:test";
import { kvmMissing } from "../kvm.ts";
import { plainEnvironment, poorHostsMissing, WITHOUT, ztl } from "./host.ts";

/** `npm start` where something is missing: what that is is named first, what needs it is skipped, and nothing fails. */

interface Summary {
  readonly ok: boolean;
  readonly skipped: readonly string[];
  readonly lacks: object;
}

const env = plainEnvironment(homedir());

test("without micro-VMs", { skip: poorHostsMissing(WITHOUT.kvm) }, () => {
  const { stdout, stderr, status } = ztl(["demo", "--json", "--fast"], { env, without: [WITHOUT.kvm] });
  assert.equal(status, 0, stderr);
  const { ok, skipped, lacks } = JSON.parse(stdout) as Summary;
  assert.deepEqual([ok, Object.keys(lacks)[0]], [true, "microVms"]);
  assert.ok(skipped.includes("work-done"));
});

describe("without Python", { skip: poorHostsMissing(WITHOUT.python) || kvmMissing() }, () => {
  const without = [WITHOUT.python];
  test("the demo skips what needs it", () => {
    const { stdout, stderr, status } = ztl(["demo", "--json", "--fast"], { env, without });
    assert.equal(status, 0, stderr);
    const { ok, skipped, lacks } = JSON.parse(stdout) as Summary;
    assert.deepEqual([ok, Object.keys(lacks), skipped.includes("work-done")], [true, ["python"], true]);
  });

  test("other programs run, and a call for Python says what is missing", () => {
    assert.equal(ztl(["run", "--shell", "echo hello"], { env, without }).stdout, "hello\n");
    const { stderr, status } = ztl(["run", "--python", "1"], { env, without });
    assert.equal(status, 125);
    assert.match(stderr, /no python3 on this host's PATH/);
    assert.match(ztl(["doctor"], { env, without }).stdout, /^note {2}Python: there is no python3 on PATH/m);
  });
});
