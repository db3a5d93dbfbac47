import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Register } from "./cpu.ts";
import { sealMemfd } from "./host/memfd.ts";
import { Machine } from "./machine.ts";
import { probeHost } from "./probe.ts";
import { Code, DATA, kvmMissing, restore, seal, TEST_MEMORY_BYTES, testGuest } from "./testing.ts";

const options = { skip: kvmMissing };

const openDescriptors = () => readdirSync("/proc/self/fd").length;
const mappings = () => readFileSync("/proc/self/maps", "utf8").match(/ztl-|kvm/g)?.length ?? 0;

test("machines come and go without leaving descriptors, mappings or memory behind", options, () => {
  const cycle = () => {
    const guest = testGuest([...Code.movRbx(DATA), ...Code.storeByte, ...Code.syscall]);
    guest.machine.startTimer(50);
    assert.equal(guest.cpu.run().kind, "syscall");
    const sealed = seal(guest);
    const { machine } = restore(sealed);
    const branch = machine.branch();
    machine.close();
    branch.rollback();
    branch.close();
    branch.close();
    closeSync(sealed.fd);
  };
  for (let i = 0; i < 5; i++) cycle();
  const before = { descriptors: openDescriptors(), mappings: mappings(), rss: process.memoryUsage().rss };
  for (let i = 0; i < 60; i++) cycle();
  assert.equal(openDescriptors(), before.descriptors);
  assert.equal(mappings(), before.mappings);
  // 60 machines with a few megabytes touched each would show; the collector's own slack does not reach this.
  assert.ok(process.memoryUsage().rss - before.rss < 60 << 20, "resident memory");
});

test("a machine that cannot be made leaves nothing behind", options, () => {
  const before = openDescriptors();
  for (const memoryBytes of [0, 4096, 4095 + (32 << 20), 2 ** 32, Number.NaN]) {
    assert.throws(() => Machine.create({ memoryBytes }), { code: "bad-memory-size" });
  }
  const { image, fd } = seal(testGuest(Code.syscall));
  closeSync(fd);
  assert.throws(() => Machine.fromImage({ fd: -1, image }), { code: "host-call-failed" });
  assert.equal(openDescriptors(), before);
});

test("memory of a closed machine is out of reach, not a crash", options, () => {
  const { machine } = testGuest(Code.syscall);
  machine.close();
  assert.equal(machine.memory.bytes.length, 0);
  assert.equal(machine.memory.bytes[5000], undefined);
});

test("free pages are zero in a sealed image", options, () => {
  const guest = testGuest(Code.syscall);
  guest.cpu.run();
  const page = guest.machine.pages.allocate();
  guest.machine.memory.bytes.fill(0xab, page, page + 4096);
  guest.machine.pages.release(page);
  const sealed = seal(guest);
  const { machine } = restore(sealed);
  assert.ok(machine.memory.bytes.subarray(page, page + 4096).every((byte) => byte === 0));
  assert.throws(() => machine.seal(), { code: "not-sealable" });
  machine.close();
  closeSync(sealed.fd);
});

test("a memory file cannot be sealed while its machine lives, nor written once sealed", options, () => {
  const { machine } = testGuest(Code.syscall);
  machine.seal();
  const fd = machine.memoryFd;
  assert.throws(() => sealMemfd(fd), { code: "memory-still-mapped" });
  machine.close();
  sealMemfd(fd);
  assert.throws(() => Machine.fromImage({ fd, image: {} as never }), { code: "snapshot-incompatible" });
  closeSync(fd);
});

test("the pages a run wrote can be made present in the next machine", options, () => {
  const guest = testGuest([...Code.syscall, ...Code.movRbx(DATA), ...Code.storeByte, ...Code.syscall]);
  guest.cpu.run();
  const sealed = seal(guest);
  const first = restore(sealed);
  first.cpu.run();
  const ranges = first.machine.writtenRanges();
  assert.ok(ranges.some(([start, length]) => guest.dataPage >= start && guest.dataPage < start + length));
  const second = restore(sealed);
  second.machine.populate(ranges);
  assert.equal(second.cpu.run().kind, "syscall");
  first.machine.close();
  second.machine.close();
  closeSync(sealed.fd);
});

test("what making, sealing, restoring and rolling back cost", options, (t) => {
  const costs: Record<string, number> = {};
  const timed = <T>(name: string, work: () => T): T => {
    const start = performance.now();
    const result = work();
    costs[name] = Math.round((performance.now() - start) * 1000);
    return result;
  };
  const guest = timed("create", () => testGuest(Code.syscall));
  guest.cpu.run();
  const image = timed("seal", () => guest.machine.seal());
  const fd = guest.machine.memoryFd;
  timed("close", () => guest.machine.close());
  sealMemfd(fd);
  const machine = timed("fromImage", () => Machine.fromImage({ fd, image }));
  timed("rollback", () => machine.rollback());
  const branch = timed("branch", () => machine.branch());
  branch.close();
  machine.close();
  closeSync(fd);
  t.diagnostic(`microseconds, ${TEST_MEMORY_BYTES >> 20} MiB: ${JSON.stringify(costs)}`);
});

test("the probe finds this host usable", options, () => {
  const probe = probeHost();
  assert.deepEqual(probe.problems, []);
  assert.equal(probe.usable, true);
  assert.ok(probe.syscallRing === 0 || probe.syscallRing === 3);
});

test("exits are counted", options, () => {
  const { cpu, machine } = testGuest([...Code.syscall, 0xeb, 0xfc]);
  for (let i = 0; i < 5; i++) cpu.run();
  assert.equal(cpu.exitCount, 5);
  assert.equal(cpu.registers[Register.rax], 0n);
  machine.close();
});

test("a signal at the wrong moment does not keep a machine from being made", options, async () => {
  const ignore = (): void => {};
  process.on("SIGUSR2", ignore);
  const sender = spawn("/bin/sh", ["-c", `while kill -USR2 ${process.pid}; do sleep 0.0005; done`], {
    stdio: "ignore",
  });
  await sleep(50);
  try {
    // Without trying again, some 15 in a thousand are refused with EINTR.
    for (let made = 0; made < 1000; made++) Machine.create({ memoryBytes: TEST_MEMORY_BYTES }).close();
  } finally {
    sender.kill("SIGKILL");
    await once(sender, "close");
    process.off("SIGUSR2", ignore);
  }
});
