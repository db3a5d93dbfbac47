import assert from "node:assert/strict";
import { test } from "node:test";
import { Register, Vector } from "./cpu.ts";
import { USER_ADDRESS_LIMIT } from "./layout.ts";
import { CODE, Code, DATA, kvmMissing, testGuest } from "./testing.ts";

const options = { skip: kvmMissing };

test("an endless loop is interrupted again and again, and nothing in it changes", options, () => {
  // inc rax; jmp back
  const { cpu, machine } = testGuest([0x48, 0xff, 0xc0, 0xeb, 0xfb]);
  machine.startTimer(2);
  let last = 0n;
  for (let i = 0; i < 20; i++) {
    assert.deepEqual(cpu.run(), { kind: "interrupted" });
    const counter = cpu.registers[Register.rax] as bigint;
    assert.ok(counter >= last, "the loop goes on from where it was");
    last = counter;
    const rip = Number(cpu.registers[Register.rip]);
    assert.ok(rip === CODE || rip === CODE + 3);
  }
  assert.ok(last > 0n, "the loop ran");
  machine.close();
});

test("no interruption loses a system call, an exception or a count", options, () => {
  // Counts in RAX in a loop of loads from a page that comes and goes, a ud2 and a syscall.
  const loop = [0x48, 0xff, 0xc0, ...Code.syscall, ...Code.ud2, 0x8a, 0x13, 0xeb, 0xf5];
  const { cpu, machine, tables, dataPage } = testGuest(loop);
  cpu.registers[Register.rbx] = BigInt(DATA);
  machine.startTimer(0.1);
  const seen = { syscall: 0, invalidOpcode: 0, pageFault: 0, interrupted: 0 };
  for (let i = 0; i < 20_000 && seen.syscall < 3000; i++) {
    const trap = cpu.run();
    if (trap.kind === "interrupted") {
      seen.interrupted++;
      assert.ok(
        (cpu.registers[Register.rip] as bigint) < BigInt(USER_ADDRESS_LIMIT),
        "never inside the VMM's own pages",
      );
      // A register nobody uses: makes the VMM write all of them back, as a switch to another program would.
      cpu.registers[Register.r15] = BigInt(seen.interrupted);
    } else if (trap.kind === "syscall") {
      seen.syscall++;
      assert.equal(cpu.registers[Register.rax], BigInt(seen.syscall));
      if (seen.syscall % 100 === 0) tables.unmap(DATA);
    } else if (trap.kind === "exception" && trap.vector === Vector.invalidOpcode) {
      seen.invalidOpcode++;
      cpu.registers[Register.rip] = (cpu.registers[Register.rip] as bigint) + 2n;
    } else if (trap.kind === "exception" && trap.vector === Vector.pageFault) {
      seen.pageFault++;
      tables.map(DATA, dataPage, true, false);
    } else assert.fail(JSON.stringify(trap));
  }
  machine.close();
  assert.equal(seen.syscall, 3000);
  assert.ok(Math.abs(seen.invalidOpcode - seen.syscall) <= 1, JSON.stringify(seen));
  assert.ok(seen.pageFault >= 29, JSON.stringify(seen));
  assert.ok(seen.interrupted > 0, JSON.stringify(seen));
});

test("registers changed at an interruption are what the guest goes on with", options, () => {
  const { cpu, machine, codePage } = testGuest(Code.jumpToSelf);
  machine.memory.bytes.set(Code.syscall, codePage + 0x40);
  machine.startTimer(2);
  assert.equal(cpu.run().kind, "interrupted");
  machine.stopTimer();
  cpu.registers[Register.rip] = BigInt(CODE + 0x40);
  cpu.registers[Register.rdi] = 99n;
  assert.equal(cpu.run().kind, "syscall");
  assert.equal(cpu.registers[Register.rdi], 99n);
  machine.close();
});

test("a stopped timer interrupts no more", options, () => {
  // mov ecx, 0; dec ecx; jnz back: four thousand million steps would be long; 50 million are about 10 ms.
  const { cpu, machine } = testGuest([0xb9, 0x80, 0xf0, 0xfa, 0x02, 0xff, 0xc9, 0x75, 0xfc, ...Code.syscall]);
  machine.startTimer(1);
  machine.stopTimer();
  assert.equal(cpu.run().kind, "syscall");
  machine.close();
});
