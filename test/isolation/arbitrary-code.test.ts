import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { TEST_CACHE } from "../../src/sandbox/testing.ts";
import { LAYERS } from "../../src/vmm/index.ts";
import { kvmMissing } from "../kvm.ts";
import { patiently } from "../patience.ts";
import { Captive, type Doing } from "./captive/captive.ts";

/*
 * Code of an attacker's choosing in the product's own cell, behind its jail: JavaScript, machine code, and machine code in
 * the process's other threads. Many more ways to use it are tried by `npm run attack -- --class d`.
 */

type Call = readonly [number, ...(number | string)[]];

/** One system call (asm/unistd_64.h) for each thing that a cell must not have. */
const FORBIDDEN: Readonly<Record<string, Call>> = {
  "a file to write": [257, -100, "/dev/null", 2],
  "a file in memory": [319, "x", 0],
  "a process": [57],
  "a thread": [56, 0x50f00, 0, 0, 0, 0],
  "a program": [59, "/bin/sh", 0, 0],
  "a signal": [62, -1, 9],
  "a network": [41, 2, 1, 0],
  "a device": [257, -100, "/dev/kvm", 2],
  "shared memory": [29, 0x7a, 4096, 0o1666],
  "a message queue": [240, "x", 0o102, 0o600, 0],
  "a futex of other processes": [202, "xxxx", 1, 1],
  "a clock of other processes": [228, (~1 << 3) | 2, "xxxxxxxxxxxxxxxx"],
};

const make: Doing<{ call: Call; from: "javascript" | "machine code" | "another thread" }> = (
  powers,
  { call, from },
) => {
  const [number, ...values] = call;
  const given = values.map((value) => (typeof value === "string" ? powers.text(value) : value));
  if (from === "javascript") return powers.call(number, ...given);
  if (from === "machine code") return powers.enter("syscall", number, ...given);
  return powers.onOtherThreads(powers.entryCode("syscall", number, given), 1);
};

describe("arbitrary code in a cell", { skip: kvmMissing() }, () => {
  let base: string;
  let outside: string;
  let captive: Captive;

  before(() => {
    base = mkdtempSync(join(tmpdir(), "ztl-captive-"));
    outside = mkdtempSync(join(tmpdir(), "ztl-outside-"));
    writeFileSync(join(base, "file"), "shown");
    captive = new Captive({ cacheDirectory: TEST_CACHE, mounts: [{ kind: "ro", host: base, guest: "/data" }] });
  });

  after(async () => {
    await captive.pool.close();
    for (const directory of [base, outside]) rmSync(directory, { recursive: true, force: true });
  });

  test("is really run: in JavaScript, as machine code, and in each other thread of Node's", async () => {
    const others = await captive.says(({ onOtherThreads, entryCode, enter, call }) => {
      // gettid
      const threads = new Set(onOtherThreads(entryCode("syscall", 186, []), 5));
      return `${threads.size} ${threads.has(call(186))} ${enter("syscall", 186) === call(186)}`;
    }, null);
    // Four of V8's, and the one for delayed tasks.
    assert.equal(others, "5 false true");
  });

  for (const [what, call] of Object.entries(FORBIDDEN)) {
    test(`gets no ${what.replace(/^an? /, "")}`, async () => {
      for (const from of ["javascript", "another thread"] as const)
        await captive.assertKilled(make, { call, from }, from);
    });
  }

  test("is held by the filter alone, where the host has no other wall", async () => {
    await using bare = new Captive({ cacheDirectory: TEST_CACHE, without: LAYERS });
    for (const call of Object.values(FORBIDDEN)) await bare.assertKilled(make, { call, from: "machine code" });
  });

  test("reads what is mounted, and finds nothing else of the host", async () => {
    const find: Doing<readonly string[]> = ({ call, descriptors, text }, paths) => {
      const open = (path: string): boolean =>
        descriptors().some(
          (fd) => call(257, fd, text(path), 0o2000000) >= 0 || call(257, fd, text(path), 0o12000000) >= 0,
        );
      return paths.filter(open).join();
    };
    const secret = join(outside, "secret");
    writeFileSync(secret, "secret");
    const paths = [secret, "/etc/shadow", "/proc/self/mem", `/proc/${process.pid}/mem`, "/dev/kvm", "/sys/kernel"];
    // Of these only /etc/shadow may be missing, as on an emulated machine.
    const certain = paths.slice(0, 4).filter((path) => path !== "/etc/shadow");
    assert.deepEqual(
      certain.filter((path) => !existsSync(path)),
      [],
    );
    assert.equal(await captive.says(find, ["file", ...paths]), "file");
  });

  test("that talks without end costs its cell, at work or idle", async () => {
    const talk: Doing<null> = ({ call, memory }) => {
      const words = memory(Buffer.alloc(65536, "words "));
      for (;;) call(1, 2, words, 65536);
    };
    assert.equal((await captive.tries(talk, null, { limits: { wallMs: patiently(20_000) } })).code, "cell-misbehaved");
    const { said, pid } = await captive.tries(() => "an answer", null, { later: talk });
    assert.equal(said, "an answer");
    await gone(pid);
  });

  test("that closes its channel while it is idle costs its cell, and no call", async () => {
    const close: Doing<null> = ({ call }) => {
      call(3, 3);
      call(7, 0, 0, -1);
    };
    const { said, pid } = await captive.tries(() => "an answer", null, { later: close });
    assert.equal(said, "an answer");
    await gone(pid);
    assert.equal(await captive.honestly("echo hello"), "hello\n");
  });
});

async function gone(pid: number): Promise<void> {
  for (const untilMs = performance.now() + patiently(5000); existsSync(`/proc/${pid}`); await sleep(20))
    assert.ok(performance.now() < untilMs, "the cell lives on");
}
