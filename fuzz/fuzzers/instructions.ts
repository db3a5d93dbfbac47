import assert from "node:assert/strict";
import { REGISTER_COUNT, Register, type Trap } from "../../src/vmm/cpu.ts";
import { PAGE_SIZE, SystemPhysical } from "../../src/vmm/layout.ts";
import { CODE, Code, DATA, type TestGuest, testGuest } from "../../src/vmm/testing.ts";
import type { Fuzzer, Random } from "../fuzzer.ts";

/** Register values that lead somewhere: the VMM's pages, the ends of the address space, the program's own pages. */
const VALUES = [
  0n,
  1n,
  -1n,
  1n << 47n,
  (1n << 47n) - 1n,
  1n << 63n,
  0x7fff_f000_0000n,
  0x7fff_f010_0000n,
  0x7fff_f000_6ff8n,
];
/** Beginnings of instructions that random bytes would seldom be: system ones, segment loads, far transfers, string moves. */
const BEGINNINGS = [
  "0f01",
  "0f00",
  "0fae",
  "0fc7",
  "0f22",
  "0f20",
  "0f30",
  "0f32",
  "8e",
  "cf",
  "48cf",
  "48cb",
  "ff",
  "f348ab",
  "f3a4",
  "cd",
  "0f05",
  "480f07",
  "9d",
  "c5",
  "c4",
  "62",
  "66",
  "f2",
  "f3",
  "65",
  "64",
];
const CODE_BYTES_MAX = 48;
const REGISTER_BYTES = 8 * REGISTER_COUNT;
/** Flags a program may set for itself, without TF: single steps would hide what comes after. */
const FLAGS = 0x24_0cd5n;
/** Long enough for every sequence that ends, short for those that do not. */
const TIMER_MS = 10;
/** A machine is made anew now and then, so that no fault of one input hides in the state another left. */
const RUNS_PER_MACHINE = 500;

let guest: TestGuest | undefined;
let runs = 0;

function machine(): TestGuest {
  if (guest !== undefined && runs++ % RUNS_PER_MACHINE !== 0) return guest;
  guest?.machine.close();
  guest = testGuest([]);
  return guest;
}

function hostileValue(random: Random): bigint {
  switch (random.below(4)) {
    case 0:
      return random.u64();
    case 1:
      return random.pick(VALUES) + BigInt(random.below(32) - 16);
    case 2:
      return BigInt(random.pick([CODE, DATA]) + random.below(PAGE_SIZE));
    default:
      return BigInt(random.below(256));
  }
}

function hostileCode(random: Random): Buffer {
  const parts: Buffer[] = [];
  for (let count = random.below(6) + 1; count > 0; count--) {
    if (random.below(3) > 0) parts.push(Buffer.from(random.pick(BEGINNINGS), "hex"));
    parts.push(random.bytes(random.below(7)));
  }
  return Buffer.concat(parts).subarray(0, CODE_BYTES_MAX);
}

/** All that a program may never change: the VMM's own pages, and memory that is mapped nowhere. */
function untouchable({ machine, codePage }: TestGuest): Buffer {
  const { bytes } = machine.memory;
  const page = (at: number): Uint8Array => bytes.subarray(at, at + PAGE_SIZE);
  const { syscallStub, gdt, tss, idt, exceptionStubs, table } = SystemPhysical;
  const beyond = codePage + 64 * PAGE_SIZE;
  return Buffer.concat([syscallStub, gdt, tss, idt, exceptionStubs, table, beyond].map(page));
}

/** The machine still works: a system call arrives. */
function assertAlive({ cpu, machine, codePage }: TestGuest, before: Trap, input: Uint8Array): void {
  machine.memory.bytes.set(Code.syscall, codePage);
  cpu.registers.fill(0n);
  cpu.registers[Register.rip] = BigInt(CODE);
  cpu.registers[Register.rax] = 77n;
  const trap = cpu.run();
  const about = `after ${JSON.stringify(before)} of ${Buffer.from(input).toString("hex")}`;
  assert.equal(trap.kind, "syscall", `the machine does not go on: ${JSON.stringify(trap)} ${about}`);
  assert.equal(cpu.registers[Register.rax], 77n);
}

/**
 * Instructions at hostile register values: whatever they are, they end in an exception, a system call or the timer, with
 * the VMM's pages as they were. On a paravirtual host 32-bit code may end the machine (layout.ts, COMPAT_SYSCALL_TARGET).
 */
export const fuzzer: Fuzzer = {
  what: "a virtual machine's processor, with any instructions at any register values",
  open: async () => async () => {
    guest?.machine.close();
    guest = undefined;
  },
  make: (random) => {
    const registers = Buffer.alloc(REGISTER_BYTES);
    for (let register = 0; register < REGISTER_COUNT; register++)
      registers.writeBigUInt64LE(BigInt.asUintN(64, hostileValue(random)), 8 * register);
    return Buffer.concat([registers, hostileCode(random)]);
  },
  check: (input) => {
    if (input.length < REGISTER_BYTES) return;
    const target = machine();
    const { cpu, machine: vm, codePage } = target;
    const before = untouchable(target);
    vm.memory.bytes.fill(0xcc, codePage, codePage + PAGE_SIZE);
    vm.memory.bytes.set(input.subarray(REGISTER_BYTES, REGISTER_BYTES + CODE_BYTES_MAX), codePage);
    const values = new DataView(input.buffer, input.byteOffset);
    for (let register = 0; register < REGISTER_COUNT; register++)
      cpu.registers[register] = values.getBigUint64(8 * register, true);
    cpu.registers[Register.rip] = BigInt(CODE);
    cpu.registers[Register.rflags] = (cpu.registers[Register.rflags] as bigint) & FLAGS;
    vm.startTimer(TIMER_MS);
    const trap = cpu.run();
    vm.stopTimer();
    if (trap.kind === "fatal" && /ring 0/.test(trap.reason)) {
      runs = 0;
      return;
    }
    assert.notEqual(trap.kind, "fatal", JSON.stringify(trap));
    assert.ok(untouchable(target).equals(before), `the VMM's pages were changed before ${JSON.stringify(trap)}`);
    cpu.writeSegmentBases(0, 0);
    assertAlive(target, trap, input);
  },
};
