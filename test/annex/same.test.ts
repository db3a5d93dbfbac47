import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { type RunResult, Sandbox } from "../../src/index.ts";
import { TEST_CACHE } from "../../src/sandbox/testing.ts";
import { Random } from "../attack/random.ts";
import { annexMissing } from "./missing.ts";
import { MIXED_PROGRAMS } from "./mixed-programs.ts";

const deterministic = { seed: "5c".repeat(32), clockMs: Date.UTC(2031, 0, 1) };
const LIMITS = { wallMs: 60_000, cpuMs: 60_000 };

/** All that a run of counted time gives. */
function outcomeOf(run: RunResult) {
  return {
    status: run.status,
    stdout: run.stdoutText.split("\n"),
    stderr: run.stderrText,
    reads: run.reads.map(({ path, sha256, parts }) => [path, sha256, parts]),
    changes: run.changes.map(({ kind, path }) => [kind, path]),
    syscalls: run.diagnostics.syscalls,
  };
}

/**
 * Whether a call is answered inside the guest, what earlier runs left in the cell's caches and how busy the host is are nothing
 * that a run of counted time may show. Each program runs first with all of its calls answered by the host, in a cell of its own.
 */
suite("a run is the same, whoever answers its calls and whatever ran before", { skip: annexMissing() }, () => {
  let directory: string;
  let used: Sandbox;
  const expected = new Map<string, ReturnType<typeof outcomeOf>>();
  const names = Object.keys(MIXED_PROGRAMS);

  const open = (): Promise<Sandbox> => {
    const mounts = [{ kind: "overlay", host: join(directory, "work"), guest: "/project" } as const];
    return Sandbox.open({ cells: 1, cacheDirectory: TEST_CACHE, mounts });
  };
  const run = async (sandbox: Sandbox, name: string, isTold = false) => {
    const call = { tool: "shell", code: `cd /project; ${MIXED_PROGRAMS[name]}`, limits: LIMITS } as const;
    const result = await sandbox.run(call, { deterministic, ...(isTold && { trace: { onCall: () => undefined } }) });
    assert.equal(result.diagnostics.notRepeatable, undefined);
    return outcomeOf(result);
  };

  before(async () => {
    directory = mkdtempSync(join(tmpdir(), "ztl-same-"));
    const work = join(directory, "work");
    mkdirSync(work);
    for (let i = 0; i < 50; i++) writeFileSync(join(work, String(i)), `${i % 2 ? "odd" : "even"} ${i}\n`.repeat(i * 9));
    for (let i = 0; i < 60; i++) {
      mkdirSync(join(work, "deep", String(i % 6)), { recursive: true });
      writeFileSync(join(work, "deep", String(i % 6), String(Math.floor(i / 6))), `${i}`);
    }
    used = await open();
  });
  after(async () => {
    await used.close();
    rmSync(directory, { recursive: true, force: true });
  });

  for (const name of names) {
    test(`${name}: alone, and all calls answered outside`, async () => {
      const fresh = await open();
      try {
        const outcome = await run(fresh, name, true);
        assert.notEqual(outcome.status, "failed", outcome.stderr);
        expected.set(name, outcome);
      } finally {
        await fresh.close();
      }
      assert.deepEqual(await run(used, name), expected.get(name));
    });
  }

  for (const seed of [1, 2]) {
    for (const name of shuffled(names, seed)) {
      test(`${name}: in another order (${seed})`, async () => {
        assert.deepEqual(await run(used, name, seed === 2), expected.get(name));
      });
    }
  }
});

function shuffled(names: readonly string[], seed: number): string[] {
  const random = new Random(seed);
  return names
    .map((name) => ({ name, at: random.below(1_000_000) }))
    .sort((a, b) => a.at - b.at)
    .map(({ name }) => name);
}
