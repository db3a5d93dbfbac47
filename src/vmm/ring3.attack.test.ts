import assert from "node:assert/strict";
import { test } from "node:test";
import { Register, type Trap, Vector } from "./cpu.ts";
import { SystemPhysical, SystemVa, USER_ADDRESS_LIMIT } from "./layout.ts";
import { Machine } from "./machine.ts";
import { SYSCALL_STUB_END } from "./system-pages.ts";
import { CODE, Code, DATA, kvmMissing, TEST_MEMORY_BYTES, type TestGuest, testGuest, withTrap } from "./testing.ts";

/*
 * What a hostile program in ring 3 may try against the VMM itself. Each must end in an exception of its own, or in an
 * ordinary system call, never in a stuck or confused VMM.
 */
const options = { skip: kvmMissing };

function assertException(trap: Trap, ...vectors: number[]): void {
  assert.ok(trap.kind === "exception" && vectors.includes(trap.vector), JSON.stringify(trap));
}

/** The machine still works: a fresh system call arrives. */
function assertAlive({ cpu, machine, codePage }: TestGuest): void {
  machine.memory.bytes.set(Code.syscall, codePage + 0x800);
  cpu.registers[Register.rip] = BigInt(CODE + 0x800);
  cpu.registers[Register.rax] = 77n;
  assert.equal(cpu.run().kind, "syscall");
  assert.equal(cpu.registers[Register.rax], 77n);
}

test("a store to the doorbell by hand is a fault, not a system call", options, () => {
  const stores = {
    "mov [rbx], al": Code.storeByte,
    "mov [rbx], rax": [0x48, 0x89, 0x03],
    "xchg [rbx], al": [0x86, 0x03],
    "lock inc byte [rbx]": [0xf0, 0xfe, 0x03],
    "rep stosb over the page": [0x48, 0x89, 0xdf, 0xb9, 0, 0x10, 0, 0, 0xf3, 0xaa],
    "vmovdqu [rbx], ymm0": [0xc5, 0xfe, 0x7f, 0x03],
    "fxsave [rbx]": [0x0f, 0xae, 0x03],
    push: [0x48, 0x8d, 0x63, 0x08, 0x50], // lea rsp, [rbx + 8]; push rax
  };
  for (const [name, code] of Object.entries(stores)) {
    for (const offset of [0, 8, 8 * 15]) {
      withTrap([...Code.movRbx(SystemVa.doorbell + offset), ...code, ...Code.syscall], (trap, guest) => {
        assert.ok(trap.kind === "exception", `${name} + ${offset}: ${JSON.stringify(trap)}`);
        assertAlive(guest);
      });
    }
  }
});

test("a load from the doorbell by hand is a fault", options, () => {
  for (const code of [Code.loadByte, [0x48, 0x8b, 0x03], [0xf3, 0x0f, 0x6f, 0x03], [0x02, 0x03]]) {
    withTrap([...Code.movRbx(SystemVa.doorbell), ...code, ...Code.syscall], (trap, guest) => {
      assert.ok(trap.kind === "exception", JSON.stringify(trap));
      assertAlive(guest);
    });
  }
});

test("a repeated access to the doorbell is not gone on with by whatever runs next", options, () => {
  const strings = { "rep movsb": [0xf3, 0xa4], "rep lodsq": [0xf3, 0x48, 0xad], "rep stosb": [0xf3, 0xaa] };
  for (const [name, code] of Object.entries(strings)) {
    const guest = testGuest(code);
    const { cpu, machine } = guest;
    const isStore = name === "rep stosb";
    cpu.registers[Register.rcx] = 1n << 40n;
    cpu.registers[isStore ? Register.rdi : Register.rsi] = BigInt(SystemVa.doorbell + 3);
    cpu.registers[isStore ? Register.rsi : Register.rdi] = BigInt(DATA);
    assertException(cpu.run(), Vector.generalProtection, Vector.pageFault);
    assert.equal(cpu.registers[Register.rip], BigInt(CODE), name);
    assertAlive(guest);
    assert.ok(
      machine.memory.bytes.subarray(guest.dataPage, guest.dataPage + 64).every((byte) => byte === 0),
      name,
    );
    machine.close();
  }
});

test("jumping to the system call stub is at most a system call", options, () => {
  const guest = testGuest([...Code.movRcx(CODE), ...Code.movRbx(SystemVa.syscallStub), ...Code.jumpRbx]);
  const trap = guest.cpu.run();
  if (trap.kind === "syscall") assert.equal(guest.cpu.registers[Register.rip], BigInt(CODE));
  else assertException(trap, Vector.generalProtection, Vector.pageFault);
  assertAlive(guest);
  guest.machine.close();
});

test("jumping anywhere else into the stub page is a fault or a system call, from every offset", options, () => {
  const guest = testGuest([]);
  const { cpu } = guest;
  for (let offset = 1; offset < 24; offset++) {
    cpu.registers.fill(0n);
    cpu.registers[Register.rcx] = BigInt(CODE);
    cpu.registers[Register.rip] = BigInt(SystemVa.syscallStub + offset);
    const trap = cpu.run();
    assert.ok(trap.kind === "exception" || trap.kind === "syscall", `${offset}: ${JSON.stringify(trap)}`);
  }
  // The tail of the stub's address operand is `add [rax], al`, which ends where a system call's store ends.
  cpu.registers[Register.rax] = BigInt(SystemVa.doorbell);
  cpu.registers[Register.rip] = BigInt(SYSCALL_STUB_END - 2);
  assertException(cpu.run(), Vector.generalProtection, Vector.pageFault);
  assertAlive(guest);
  guest.machine.close();
});

test("system pages cannot be read, written or run, except the stub", options, () => {
  for (const va of [SystemVa.gdt, SystemVa.tss, SystemVa.idt, SystemVa.exceptionStubs, SystemVa.interruptStack]) {
    for (const code of [Code.loadByte, Code.storeByte, Code.jumpRbx]) {
      withTrap([...Code.movRbx(va), ...code], (trap) => {
        assertException(trap, Vector.pageFault);
        assert.equal(trap.kind === "exception" && trap.address, va);
      });
    }
  }
  withTrap([...Code.movRbx(SystemVa.syscallStub), ...Code.storeByte], (trap) =>
    assertException(trap, Vector.pageFault),
  );
  withTrap([...Code.movRbx(SystemVa.doorbell), ...Code.jumpRbx], (trap) => assertException(trap, Vector.pageFault));
});

test("a stack pointer into the system pages does no harm", options, () => {
  for (const rsp of [SystemVa.interruptStack + 4096, SystemVa.doorbell + 64, USER_ADDRESS_LIMIT, 2 ** 47, 0]) {
    const guest = testGuest([0x50]); // push rax
    guest.cpu.registers[Register.rsp] = BigInt(rsp);
    const trap = guest.cpu.run();
    assert.ok(trap.kind === "exception", `${rsp.toString(16)}: ${JSON.stringify(trap)}`);
    assertAlive(guest);
    guest.machine.close();
  }
});

test("a non-canonical return address never reaches the CPU", options, () => {
  const guest = testGuest(Code.syscall);
  guest.cpu.run();
  for (const rip of [0x8000_0000_0000n, 0xffff_7fff_ffff_ffffn, 0xffff_8000_0000_0000n, 0xffff_ffff_ffff_ffffn]) {
    const exits = guest.cpu.exitCount;
    guest.cpu.registers[Register.rip] = rip;
    guest.cpu.registers[Register.rcx] = rip;
    assertException(guest.cpu.run(), Vector.generalProtection);
    assert.equal(guest.cpu.exitCount, exits, "KVM was not entered");
  }
  assertAlive(guest);
  guest.machine.close();
});

test("user mappings cannot cover the VMM's own addresses", options, () => {
  const machine = Machine.create({ memoryBytes: TEST_MEMORY_BYTES });
  const tables = machine.newAddressSpace();
  const page = machine.pages.allocate();
  for (const va of [0, 0x1000, 0xf000, USER_ADDRESS_LIMIT, SystemVa.interruptStack, -4096]) {
    assert.throws(() => tables.map(va, page, true, true), { code: "invariant" });
  }
  machine.close();
});

test("32-bit mode through the host's descriptors gives no ring 0", options, () => {
  // push SS, RSP; pushfq; push CS, RIP; iretq: to every selector, at a `syscall` that would run what CSTAR points to.
  for (const selector of [0x08, 0x10, 0x18, 0x1b, 0x20, 0x23, 0x28, 0x2b, 0x30, 0x33, 0x38, 0x3b]) {
    const frame = [0x6a, 0x2b, 0x68, 0x80, 0x0f, 0x50, 0, 0x9c, 0x6a, selector, 0x68, 0x20, 0, 0x40, 0, 0x48, 0xcf];
    const guest = testGuest(frame);
    const { cpu, machine, tables, codePage } = guest;
    machine.memory.bytes.set(Code.syscall, codePage + 0x20);
    // Code that would show ring 0 by reading CR3, wherever the low half of our own entry points may lead.
    const trap = machine.pages.allocate();
    machine.memory.bytes.set([0x0f, 0x20, 0xd8, ...Code.ud2], trap);
    for (const va of [0x10000, SystemVa.syscallStub % 2 ** 32]) tables.map(va, trap, false, true);
    cpu.registers[Register.rax] = 5n;
    // On a busy host the timer may come before the program does; two seconds of interruptions are a program that loops.
    machine.startTimer(20);
    let found = cpu.run();
    for (let count = 0; found.kind === "interrupted" && count < 100; count++) found = cpu.run();
    machine.stopTimer();
    assert.equal(cpu.registers[Register.rax], 5n, `selector ${selector.toString(16)}: ${JSON.stringify(found)}`);
    assert.notEqual(found.kind, "interrupted");
    machine.close();
  }
});

test("an exception frame forged on the interrupt stack is not believed", options, () => {
  // The frame of an old exception is still there; a ring-0 exception would push elsewhere and must not reuse it.
  withTrap(Code.ud2, (trap, { machine }) => {
    assertException(trap, Vector.invalidOpcode);
    const saved = machine.memory.bytes.slice(SystemPhysical.interruptStack, SystemPhysical.interruptStack + 4096);
    assert.ok(
      saved.some((byte) => byte !== 0),
      "the CPU pushed its frame where the VMM reads it",
    );
  });
});

test("vmcall and vmmcall do nothing for a program", options, () => {
  for (const code of [
    [0x0f, 0x01, 0xc1],
    [0x0f, 0x01, 0xd9],
  ]) {
    const guest = testGuest([...Code.movRax(1), ...code, ...Code.syscall]);
    const trap = guest.cpu.run();
    assert.ok(trap.kind === "exception" || trap.kind === "syscall", JSON.stringify(trap));
    assertAlive(guest);
    guest.machine.close();
  }
});

test("wild segment bases survive a round trip", options, () => {
  const guest = testGuest(Code.syscall);
  const { cpu } = guest;
  cpu.writeSegmentBases(-4096, 0x7fff_ffff_f000);
  assert.equal(cpu.run().kind, "syscall");
  const bases = cpu.readSegmentBases();
  cpu.writeSegmentBases(bases.fs, bases.gs);
  assert.deepEqual(cpu.readSegmentBases(), { fs: -4096, gs: 0x7fff_ffff_f000 });
  assert.throws(() => cpu.writeSegmentBases(2 ** 47, 0), { code: "bad-segment-base" });
  assertAlive(guest);
  guest.machine.close();
});

test("the data page is what the program wrote and nothing else", options, () => {
  withTrap(
    [...Code.movRbx(DATA), ...Code.movRax(0x41), ...Code.storeByte, ...Code.syscall],
    (_, { machine, dataPage }) => {
      assert.equal(machine.memory.bytes[dataPage], 0x41);
      assert.ok(machine.memory.bytes.subarray(dataPage + 1, dataPage + 4096).every((byte) => byte === 0));
    },
  );
});

test(
  "an exception that a program asked for when it was interrupted is not given to whatever runs next",
  options,
  () => {
    const guest = testGuest([0xcc]); // int3
    const { cpu, machine } = guest;
    machine.startTimer(1);
    // Without dropping what KVM holds, one interruption in a hundred leaves one behind; a second sees hundreds of them.
    let interruptions = 0;
    for (const endMs = performance.now() + 1500; performance.now() < endMs; ) {
      machine.memory.bytes[guest.codePage] = 0xcc;
      cpu.registers.fill(0n);
      cpu.registers[Register.rip] = BigInt(CODE);
      if (cpu.run().kind !== "interrupted") continue;
      interruptions++;
      let next: Trap;
      do {
        machine.memory.bytes.set(Code.syscall, guest.codePage + 0x800);
        cpu.registers[Register.rip] = BigInt(CODE + 0x800);
        next = cpu.run();
      } while (next.kind === "interrupted");
      assert.equal(next.kind, "syscall", JSON.stringify(next));
    }
    machine.stopTimer();
    machine.close();
    assert.ok(interruptions > 0);
  },
);
