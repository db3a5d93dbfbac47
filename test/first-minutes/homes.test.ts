import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { kvmMissing } from "../kvm.ts";
import { plainEnvironment, poorHostsMissing, WITHOUT, ztl, ztlOfNobody } from "./host.ts";

/** Users without a home directory, or with one in which nothing can be made. */

const directory = mkdtempSync(join(tmpdir(), "ztl-homes-"));
after(() => rmSync(directory, { recursive: true, force: true }));
writeFileSync(join(directory, "file"), "");

const HELLO = ["run", "--shell", "echo hello"];
const STACK = /\n\s+at .*:\d+/;

describe("a home in which nothing can be kept", { skip: poorHostsMissing() || kvmMissing() }, () => {
  // In /proc nothing can be made, and Node's own recursive mkdir never returns there.
  for (const home of ["/proc", join(directory, "file")])
    test(`${home}: calls run all the same, and why they start slower is told`, () => {
      const { stdout, stderr, status } = ztl(HELLO, { env: plainEnvironment(home) });
      assert.deepEqual([status, stdout], [0, "hello\n"], stderr);
      assert.match(stderr, /^ztl: nothing is kept for the next start: .*XDG_CACHE_HOME\.\n$/);
    });

  test("the same for a directory that XDG_CACHE_HOME names", () => {
    const env = { ...plainEnvironment(directory), XDG_CACHE_HOME: "/proc" };
    const { stdout, stderr, status } = ztl(HELLO, { env });
    assert.deepEqual([status, stdout], [0, "hello\n"], stderr);
  });

  test("a loop, whose state has to be kept, says what to do", () => {
    const cwd = mkdtempSync(join(directory, "project-"));
    assert.equal(ztl(["policy", "init"], { env: plainEnvironment("/proc"), cwd }).status, 0);
    const { stderr, status } = ztl(["runs"], { env: plainEnvironment("/proc"), cwd });
    assert.equal(status, 125);
    assert.match(stderr, /\[state-directory\]\n {5}.*stateDirectory/);
    assert.doesNotMatch(stderr, STACK);
  });

  test("and doctor notes it, as nothing is missing that a call needs", () => {
    const { stdout, status } = ztl(["doctor"], { env: plainEnvironment("/proc") });
    assert.equal(status, 0, stdout);
    assert.match(stdout, /^note {2}Template cache: none, .*\n {7}-> .*XDG_CACHE_HOME/m);
  });
});

describe("a user that is a number only, without HOME", { skip: poorHostsMissing() || kvmMissing() }, () => {
  test("can run calls", () => {
    const { stdout, stderr, status } = ztlOfNobody(HELLO, plainEnvironment(undefined), directory);
    assert.deepEqual([status, stdout], [0, "hello\n"], stderr);
  });

  test("gets answers of every command, no stack traces", () => {
    const cwd = mkdtempSync(join(directory, "project-"));
    assert.equal(ztlOfNobody(["policy", "init"], plainEnvironment(undefined), cwd).status, 0);
    const env = plainEnvironment(undefined);
    for (const args of [["doctor"], ["runs"], ["serve"], ["ledger", "verify"]]) {
      const { stderr, stdout } = ztlOfNobody(args, env, cwd);
      assert.doesNotMatch(stderr + stdout, STACK, args.join(" "));
    }
    const kept = { ...env, XDG_STATE_HOME: join(cwd, "..", "state"), XDG_CACHE_HOME: join(cwd, "..", "cache") };
    const { stderr, status } = ztlOfNobody(["review"], kept, cwd);
    assert.equal(status, 0, stderr);
  });
});

describe("a read-only /tmp", { skip: poorHostsMissing(WITHOUT.writableTmp) || kvmMissing() }, () => {
  const without = [WITHOUT.writableTmp];
  test("is no obstacle, not even without a home", () => {
    for (const home of ["/proc", directory]) {
      const { stdout, stderr, status } = ztl(HELLO, { env: plainEnvironment(home), without, cwd: "/" });
      assert.deepEqual([status, stdout], [0, "hello\n"], stderr);
    }
  });

  test("is none for the demo, which takes another place", () => {
    const env = plainEnvironment(homedir());
    const { stdout, stderr, status } = ztl(["demo", "--json", "--fast"], { env, without, cwd: "/" });
    assert.equal(status, 0, stderr);
    assert.equal((JSON.parse(stdout) as { ok: boolean }).ok, true);
  });
});
