import assert from "node:assert/strict";
import { test } from "node:test";
import { Register, Vector } from "./cpu.ts";
import { probeHost } from "./probe.ts";
import { CODE, Code, DATA, kvmMissing, quad, testGuest, withTrap } from "./testing.ts";

const options = { skip: kvmMissing };
const PAGE_FAULT_WRITE = 2;
const PAGE_FAULT_USER = 4;
const PAGE_FAULT_FETCH = 16;
const PAGE_FAULT_PRESENT = 1;

test("a system call brings every register out and back in", options, () => {
  const guest = testGuest([...Code.syscall, ...Code.syscall]);
  const { registers } = guest.cpu;
  const kept = [0, 1, 3, 4, 5, 6, 7, 8, 9, 10, 12, 13, 14, 15];
  for (const i of kept) registers[i] = 0x1111_2222_3333_0000n + BigInt(i);
  assert.equal(guest.cpu.run().kind, "syscall");
  for (const i of kept) assert.equal(registers[i], 0x1111_2222_3333_0000n + BigInt(i), `register ${i}`);
  assert.equal(registers[Register.rip], BigInt(CODE + 2));
  assert.equal(registers[Register.rcx], BigInt(CODE + 2), "RCX holds the return address, as on Linux");
  for (const i of kept) registers[i] = 0xaaaa_bbbb_cccc_0000n + BigInt(i);
  assert.equal(guest.cpu.run().kind, "syscall");
  for (const i of kept) assert.equal(registers[i], 0xaaaa_bbbb_cccc_0000n + BigInt(i), `register ${i}`);
  assert.equal(registers[Register.rip], BigInt(CODE + 4));
  guest.machine.close();
});

test("RCX, R11 and RIP can be set freely after a system call, as a signal return does", options, () => {
  // At +0: syscall. At +0x20: syscall.
  const guest = testGuest([...Code.syscall, ...Array(30).fill(0x90), ...Code.syscall]);
  const { registers } = guest.cpu;
  guest.cpu.run();
  // At +0x20: mov rax, rcx; mov rbx, r11; syscall
  guest.machine.memory.bytes.set([0x48, 0x89, 0xc8, 0x4c, 0x89, 0xdb, ...Code.syscall], guest.codePage + 0x20);
  registers[Register.rip] = BigInt(CODE + 0x20);
  registers[Register.rcx] = 0x1234_5678_9abcn;
  registers[Register.r11] = 0xdef0n;
  assert.equal(guest.cpu.run().kind, "syscall");
  assert.equal(registers[Register.rax], 0x1234_5678_9abcn);
  assert.equal(registers[Register.rbx], 0xdef0n);
  guest.machine.close();
});

test("flags survive a system call, and privileged ones cannot be set", options, () => {
  // stc; syscall; pushfq; pop rax; syscall
  const guest = testGuest([0xf9, ...Code.syscall, 0x9c, 0x58, ...Code.syscall]);
  const { registers } = guest.cpu;
  guest.cpu.run();
  assert.equal((registers[Register.rflags] as bigint) & 1n, 1n, "carry was set by the program");
  registers[Register.rflags] = 0xffff_ffffn & ~0x100n; // everything but the trap flag, IOPL 3 and VM included
  guest.cpu.run();
  const seen = registers[Register.rax] as bigint;
  assert.equal(seen & 0x3000n, 0n, "IOPL stays 0");
  assert.equal(seen & 0x20000n, 0n, "virtual-8086 mode stays off");
  assert.equal(seen & 0x1n, 1n);
  guest.machine.close();
});

/** `int n` without a gate: general protection in the manuals; the paravirtual KVM's emulator says invalid opcode. */
const NO_GATE = [Vector.generalProtection, Vector.invalidOpcode];

const faults: readonly (readonly [
  name: string,
  code: readonly number[],
  vector: number | readonly number[],
  ripOffset: number,
])[] = [
  ["divide by zero", [0x31, 0xc9, 0xf7, 0xf1], Vector.divideError, 2],
  ["int3", [0xcc], Vector.breakpoint, 1],
  ["ud2", Code.ud2, Vector.invalidOpcode, 0],
  ["hlt", [0xf4], Vector.generalProtection, 0],
  ["cli", [0xfa], Vector.generalProtection, 0],
  ["sti", [0xfb], Vector.generalProtection, 0],
  ["in al, dx", [0xec], Vector.generalProtection, 0],
  ["out 0x80, al", [0xe6, 0x80], Vector.generalProtection, 0],
  ["mov rax, cr0", [0x0f, 0x20, 0xc0], Vector.generalProtection, 0],
  ["mov cr3, rax", [0x0f, 0x22, 0xd8], Vector.generalProtection, 0],
  ["mov rax, dr7", [0x0f, 0x21, 0xf8], Vector.generalProtection, 0],
  ["swapgs", [0x0f, 0x01, 0xf8], Vector.generalProtection, 0],
  ["rdpmc", [0x0f, 0x33], Vector.generalProtection, 0],
  ["rdmsr", [0x0f, 0x32], Vector.generalProtection, 0],
  ["wrmsr", [0x0f, 0x30], Vector.generalProtection, 0],
  ["lgdt [rsp-16]", [0x0f, 0x01, 0x54, 0x24, 0xf0], Vector.generalProtection, 0],
  ["invlpg [rsp]", [0x0f, 0x01, 0x3c, 0x24], Vector.generalProtection, 0],
  ["sysretq", [0x48, 0x0f, 0x07], Vector.generalProtection, 0],
  ["iretq to ring 0", [0x6a, 0x10, 0x6a, 0x00, 0x9c, 0x6a, 0x08, 0x6a, 0x00, 0x48, 0xcf], Vector.generalProtection, 9],
  ["int 0x80", [0xcd, 0x80], NO_GATE, 0],
  ["int 14", [0xcd, 0x0e], NO_GATE, 0],
  ["sgdt [rsp-32]", [0x0f, 0x01, 0x44, 0x24, 0xe0], Vector.generalProtection, 0],
  ["sidt [rsp-32]", [0x0f, 0x01, 0x4c, 0x24, 0xe0], Vector.generalProtection, 0],
  ["str eax", [0x0f, 0x00, 0xc8], Vector.generalProtection, 0],
  ["int 4", [0xcd, 0x04], Vector.overflow, 2],
  ["mov ds, kernel selector", [0xb8, 0x10, 0, 0, 0, 0x8e, 0xd8], Vector.generalProtection, 5],
  ["non-canonical load", [...Code.movRbx(0x8000_0000_0000), ...Code.loadByte], Vector.generalProtection, 10],
];

for (const [name, code, vector, ripOffset] of faults) {
  test(`ring 3: ${name} traps with vector ${vector}`, options, () => {
    withTrap(code, (trap, guest) => {
      assert.ok(trap.kind === "exception", JSON.stringify(trap));
      assert.ok([vector].flat().includes(trap.vector), JSON.stringify(trap));
      // QEMU's emulated AMD-V leaves RIP behind an `int n` it refuses.
      if (vector !== NO_GATE) assert.equal(guest.cpu.registers[Register.rip], BigInt(CODE + ripOffset));
    });
  });
}

test("a page fault tells address and kind of access, and the instruction is retried", options, () => {
  const missing = DATA + 0x1_0008;
  const guest = testGuest([...Code.movRbx(missing), ...Code.loadByte, ...Code.storeByte, ...Code.syscall]);
  const { cpu, machine, tables } = guest;
  const page = machine.pages.allocate();
  assert.deepEqual(cpu.run(), { kind: "exception", vector: 14, errorCode: PAGE_FAULT_USER, address: missing });
  assert.equal(cpu.registers[Register.rip], BigInt(CODE + 10));
  machine.memory.bytes[page + 8] = 0x5a;
  tables.map(missing - 8, page, false, false);
  const write = PAGE_FAULT_USER | PAGE_FAULT_WRITE | PAGE_FAULT_PRESENT;
  assert.deepEqual(cpu.run(), { kind: "exception", vector: 14, errorCode: write, address: missing });
  assert.equal((cpu.registers[Register.rax] as bigint) & 0xffn, 0x5an, "the load was retried and saw the page");
  tables.protect(missing - 8, true, false);
  assert.equal(cpu.run().kind, "syscall");
  machine.close();
});

test("no-execute is enforced and reported as an instruction fetch", options, () => {
  const guest = testGuest([...Code.movRbx(DATA), ...Code.jumpRbx]);
  const { cpu, machine, tables, dataPage } = guest;
  machine.memory.bytes.set(Code.syscall, dataPage);
  const trap = cpu.run();
  assert.deepEqual(trap, {
    kind: "exception",
    vector: Vector.pageFault,
    errorCode: PAGE_FAULT_USER | PAGE_FAULT_FETCH | PAGE_FAULT_PRESENT,
    address: DATA,
  });
  tables.protect(DATA, true, true);
  assert.equal(cpu.run().kind, "syscall");
  machine.close();
});

test("read-only is enforced", options, () => {
  withTrap([...Code.movRbx(CODE), ...Code.storeByte], (trap) => {
    const errorCode = PAGE_FAULT_USER | PAGE_FAULT_WRITE | PAGE_FAULT_PRESENT;
    assert.deepEqual(trap, { kind: "exception", vector: 14, errorCode, address: CODE });
  });
});

test("the trap flag gives one debug exception per instruction", options, () => {
  const guest = testGuest([0x90, 0x90, 0x90, ...Code.syscall]);
  const { cpu, machine } = guest;
  cpu.registers[Register.rflags] = 0x102n;
  for (const offset of [1, 2]) {
    const trap = cpu.run();
    assert.equal(trap.kind === "exception" && trap.vector, Vector.debug, JSON.stringify(trap));
    assert.equal(cpu.registers[Register.rip], BigInt(CODE + offset));
    assert.equal((cpu.registers[Register.rflags] as bigint) & 0x100n, 0x100n);
  }
  cpu.registers[Register.rflags] = 0x2n;
  assert.equal(cpu.run().kind, "syscall");
  machine.close();
});

test("a system call under the trap flag arrives as a system call", options, () => {
  // pushfq; or dword [rsp], 0x100; popfq; syscall; nop; nop
  const guest = testGuest([0x9c, 0x81, 0x0c, 0x24, 0, 1, 0, 0, 0x9d, ...Code.syscall, 0x90, 0x90, ...Code.ud2]);
  const kinds: string[] = [];
  for (let i = 0; i < 5; i++) {
    const trap = guest.cpu.run();
    kinds.push(trap.kind === "exception" ? `exception ${trap.vector}` : trap.kind);
    if (kinds.at(-1) === "exception 6") break;
  }
  assert.ok(kinds.includes("syscall"), kinds.join(", "));
  assert.ok(kinds.includes("exception 1"), `single steps go on after it: ${kinds.join(", ")}`);
  guest.machine.close();
});

test("an x87 and an SSE error become exceptions 16 and 19", options, (t) => {
  const emulated = /QEMU TCG/.test(probeHost().cpuModel ?? "");
  if (emulated) return t.skip("QEMU's emulated CPU raises no SIMD exceptions");
  // mov dword [rsp-8], MXCSR without the divide-by-zero mask; ldmxcsr [rsp-8]; 1.0 / 0.0
  const mxcsr = 0x1f80 & ~0x200;
  const sse = [
    ...[0xc7, 0x44, 0x24, 0xf8, mxcsr & 255, mxcsr >> 8, 0, 0, 0x0f, 0xae, 0x54, 0x24, 0xf8],
    ...[0xb8, 1, 0, 0, 0, 0xf3, 0x0f, 0x2a, 0xc0, 0x0f, 0x57, 0xc9, 0xf3, 0x0f, 0x5e, 0xc1],
  ];
  withTrap(sse, (trap) => assert.equal(trap.kind === "exception" && trap.vector, Vector.simd, JSON.stringify(trap)));
  // fninit; mov word [rsp-8], 0x37b; fldcw [rsp-8]; fld1; fldz; fdivp; fwait
  const x87 = [0xdb, 0xe3, 0x66, 0xc7, 0x44, 0x24, 0xf8, 0x7b, 3, 0xd9, 0x6c, 0x24, 0xf8, 0xd9, 0xe8, 0xd9, 0xee];
  withTrap([...x87, 0xde, 0xf9, 0x9b], (trap) => {
    assert.equal(trap.kind === "exception" && trap.vector, Vector.x87, JSON.stringify(trap));
  });
});

test("FS and GS bases survive system calls and exceptions, and `wrfsbase` is seen", options, () => {
  const guest = testGuest([
    ...Code.movRax(0x1234_5000),
    ...[0xf3, 0x48, 0x0f, 0xae, 0xd0], // wrfsbase rax
    ...Code.syscall,
    ...Code.ud2,
    ...[0xf3, 0x48, 0x0f, 0xae, 0xc0, 0xf3, 0x48, 0x0f, 0xae, 0xcb], // rdfsbase rax; rdgsbase rbx
    ...Code.syscall,
  ]);
  const { cpu, machine } = guest;
  cpu.writeSegmentBases(0, 0x7777_0000);
  assert.equal(cpu.run().kind, "syscall");
  assert.deepEqual(cpu.readSegmentBases(), { fs: 0x1234_5000, gs: 0x7777_0000 });
  assert.equal(cpu.run().kind, "exception");
  cpu.registers[Register.rip] = (cpu.registers[Register.rip] as bigint) + 2n;
  assert.equal(cpu.run().kind, "syscall");
  assert.equal(cpu.registers[Register.rax], 0x1234_5000n);
  assert.equal(cpu.registers[Register.rbx], 0x7777_0000n);
  machine.close();
});

test("switching address spaces switches what an address means", options, () => {
  const guest = testGuest([...Code.movRbx(DATA), ...Code.loadByte, ...Code.syscall, 0xeb, 0xfa]); // loops to the load
  const { cpu, machine, tables, codePage, dataPage } = guest;
  const other = machine.newAddressSpace();
  const otherData = machine.pages.allocate();
  other.map(CODE, codePage, false, true);
  other.map(DATA, otherData, true, false);
  machine.memory.bytes[dataPage] = 1;
  machine.memory.bytes[otherData] = 2;
  for (let i = 0; i < 10; i++) {
    cpu.loadAddressSpace((i % 2 === 0 ? tables : other).root);
    assert.equal(cpu.run().kind, "syscall");
    assert.equal((cpu.registers[Register.rax] as bigint) & 0xffn, i % 2 === 0 ? 1n : 2n);
  }
  machine.close();
});

test("quad encodes little-endian", () => {
  assert.deepEqual(quad(0x0102_0304_0506), [6, 5, 4, 3, 2, 1, 0, 0]);
});
