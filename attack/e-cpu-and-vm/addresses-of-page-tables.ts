import assert from "node:assert/strict";
import { Register, Vector } from "../../src/vmm/cpu.ts";
import { CODE, Code, TEST_MEMORY_BYTES, testGuest } from "../../src/vmm/testing.ts";
import type { Attack } from "../attack.ts";

/** Where kernels, hypervisors and page tables that name themselves are found. */
function addresses(): bigint[] {
  const recursive = Array.from({ length: 256 }, (_, slot) => 0xffff_0000_0000_0000n | (BigInt(slot + 256) << 39n));
  const low = Array.from({ length: 256 }, (_, slot) => BigInt(slot) << 39n).slice(1);
  const physical = [0x1000n, 0x7000n, 0x1_0000n, 0xfee0_0000n, 0xfec0_0000n, 0xf000_0000n, BigInt(TEST_MEMORY_BYTES)];
  const kernels = [0xffff_8880_0000_0000n, 0xffff_ffff_8000_0000n, 0xffff_ffff_ff60_0000n, 0xffff_ffff_ffff_f000n];
  const around = Array.from({ length: 0x110 }, (_, page) => 0x7fff_f000_0000n + 0x1000n * BigInt(page + 1));
  return [...recursive, ...low, ...physical, ...kernels, ...around];
}

export const attack: Attack = {
  promise: 25,
  must: "No address leads to a page table, a device or another memory: reads, writes and jumps to each are page faults.",
  needs: ["kvm"],
  hardware: true,
  run() {
    const guest = testGuest([]);
    const { cpu, machine, codePage } = guest;
    const shapes = { read: Code.loadByte, write: Code.storeByte, jump: Code.jumpRbx };
    try {
      for (const [name, code] of Object.entries(shapes)) {
        machine.memory.bytes.set(code, codePage);
        for (const address of addresses()) {
          cpu.registers.fill(0n);
          cpu.registers[Register.rbx] = BigInt.asUintN(64, address);
          cpu.registers[Register.rip] = BigInt(CODE);
          const trap = cpu.run();
          const about = `${name} of ${address.toString(16)}: ${JSON.stringify(trap)}`;
          assert.ok(trap.kind === "exception", about);
          assert.ok([Vector.pageFault, Vector.generalProtection].includes(trap.vector as never), about);
        }
      }
    } finally {
      machine.close();
    }
  },
};
