import assert from "node:assert/strict";
import type { Attack } from "../attack.ts";
import { type Doing, withCaptive } from "./captive.helper.ts";

/** Sets the machine to states with random bits, ring 0 included, and gives it memory that is none; then runs it. */
const run: Doing<number> = ({ call, descriptors, memory, koffi }, seed) => {
  // linux/kvm.h
  const Request = {
    run: 0xae80,
    getSregs: 0x8138ae83,
    setSregs: 0x4138ae84,
    setEvents: 0x4040aea0,
    setMemory: 0x4020ae46,
  };
  let state = seed;
  const random = (below: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  const sregs = memory(312);
  const cpu = descriptors().find((fd) => call(16, fd, Request.getSregs, sregs) === 0);
  if (cpu === undefined) return "there is no machine";
  const before = Uint8Array.from(new Uint8Array(koffi.view(BigInt(sregs), 312)));
  const registers = new Uint8Array(koffi.view(BigInt(sregs), 312));
  const events = memory(64);
  const eventBytes = new Uint8Array(koffi.view(BigInt(events), 64));
  // A timer that a cell has for its runs interrupts the machine: struct itimerspec, 2 ms again and again.
  call(223, 0, 0, memory(new Uint8Array(BigInt64Array.of(0n, 2_000_000n, 0n, 2_000_000n).buffer)), 0);
  const addresses = [
    0n,
    0x1000n,
    0xffff_8880_0000_0000n,
    0xffff_ffff_ff60_0000n,
    0x7fff_ffff_f000n,
    BigInt(sregs) & ~0xfffn,
  ];
  let taken = 0;
  for (let turn = 0; turn < 40; turn++) {
    registers.set(before);
    for (let flips = random(6); flips >= 0; flips--) {
      const at = random(312);
      registers[at] = (registers[at] ?? 0) ^ (1 << random(8));
    }
    if (call(16, cpu, Request.setSregs, sregs) === 0) taken++;
    for (let at = 0; at < 64; at++) eventBytes[at] = random(4) === 0 ? random(256) : 0;
    if (call(16, cpu, Request.setEvents, events) === 0) taken++;
    // struct kvm_userspace_memory_region: slot, flags, where in the guest, length, where in the process.
    const region = new DataView(new ArrayBuffer(32));
    region.setUint32(0, random(40), true);
    region.setUint32(4, random(2), true);
    region.setBigUint64(8, BigInt(random(2 ** 20)) << 12n, true);
    region.setBigUint64(16, BigInt(random(16)) << 12n, true);
    region.setBigUint64(24, addresses[random(addresses.length)] ?? 0n, true);
    const bytes = memory(new Uint8Array(region.buffer));
    for (const fd of descriptors()) if (fd !== cpu && call(16, fd, Request.setMemory, bytes) === 0) taken++;
    call(16, cpu, Request.run, 0);
  }
  return taken;
};

export const attack: Attack = {
  promise: 22,
  must: "Whatever state and memory a cell that was taken over gives its machine, ring 0 included, the host goes on.",
  needs: ["kvm"],
  run: (stage) =>
    withCaptive(stage, async (captive) => {
      const outcomes = await Promise.all(
        [1, 2, 3, 4].map((seed) => captive.tries(run, seed, { limits: { wallMs: 1000 } })),
      );
      const said = outcomes.flatMap((outcome) => (outcome.said === undefined ? [] : [outcome.said]));
      for (const text of said) assert.ok(Number(text) > 0, text);
      assert.ok(said.length > 0 || outcomes.some(({ code }) => code === "wall-limit"), JSON.stringify(outcomes));
    }),
};
