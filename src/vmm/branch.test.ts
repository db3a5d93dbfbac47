import assert from "node:assert/strict";
import { test } from "node:test";
import { Register } from "./cpu.ts";
import { PAGE_SIZE } from "./layout.ts";
import type { Machine } from "./machine.ts";
import { Code, DATA, kvmMissing, testGuest, withRestored } from "./testing.ts";

const options = { skip: kvmMissing };

/** inc qword [rbx]; mov rax, [rbx]; syscall; jmp back */
const COUNTER = [0x48, 0xff, 0x03, 0x48, 0x8b, 0x03, ...Code.syscall, 0xeb, 0xf6];

function count(machine: Machine): bigint {
  assert.equal(machine.cpu.run().kind, "syscall");
  return machine.cpu.registers[Register.rax] as bigint;
}

test("a branch goes on from the same state, and neither side sees the other's writes", options, () => {
  const { machine, cpu } = testGuest(COUNTER);
  cpu.registers[Register.rbx] = BigInt(DATA);
  cpu.writeSegmentBases(0x5000, 0x6000);
  for (const expected of [1n, 2n]) assert.equal(count(machine), expected);
  const branch = machine.branch();
  assert.deepEqual(branch.cpu.readSegmentBases(), { fs: 0x5000, gs: 0x6000 });
  for (const expected of [3n, 4n, 5n]) assert.equal(count(branch), expected);
  assert.equal(count(machine), 3n);
  const second = branch.branch();
  machine.close();
  branch.close();
  assert.equal(count(second), 6n, "a branch lives on without its parent");
  second.close();
});

test("a branch of a machine from an image has its state, and rolls back to the image", options, () => {
  withRestored(
    COUNTER,
    ({ machine, cpu }) => {
      cpu.registers[Register.rbx] = BigInt(DATA);
      assert.equal(count(machine), 1n);
    },
    ({ machine, tables }, { image }) => {
      assert.equal(count(machine), 2n);
      const other = machine.newAddressSpace();
      other.map(DATA, machine.pages.allocate(), true, false);
      tables.map(0x3000_0000, machine.pages.allocate(), true, false);
      const branch = machine.branch();
      assert.equal(branch.pages.pagesInUse, machine.pages.pagesInUse);
      assert.equal(branch.addressSpace(image.cpu.root).entry(0x3000_0000), tables.entry(0x3000_0000));
      assert.equal(branch.addressSpace(other.root).entry(DATA), other.entry(DATA));
      for (const expected of [3n, 4n]) assert.equal(count(branch), expected);
      assert.equal(count(machine), 3n);
      branch.rollback();
      assert.equal(branch.addressSpace(image.cpu.root).entry(0x3000_0000), 0);
      assert.throws(() => branch.addressSpace(other.root));
      assert.equal(count(branch), 2n);
      const { memory } = branch;
      branch.rollback();
      const pristine = memory.allBytes.subarray(memory.sizeBytes + image.pages.bump - PAGE_SIZE);
      const last = memory.bytes.subarray(image.pages.bump - PAGE_SIZE, image.pages.bump);
      assert.deepEqual(last, pristine.subarray(0, PAGE_SIZE));
      branch.close();
    },
  );
});

test("a branch taken at an interruption loses nothing", options, () => {
  // inc rax; jmp back
  const { machine, cpu } = testGuest([0x48, 0xff, 0xc0, 0xeb, 0xfb]);
  machine.startTimer(2);
  assert.equal(cpu.run().kind, "interrupted");
  machine.stopTimer();
  const before = cpu.registers[Register.rax] as bigint;
  const branch = machine.branch();
  assert.equal(branch.cpu.registers[Register.rax], before);
  branch.startTimer(2);
  // The first interruption can come before the first instruction, whose pages are not mapped in the new machine yet.
  for (let i = 0; i < 50 && branch.cpu.registers[Register.rax] === before; i++) {
    assert.equal(branch.cpu.run().kind, "interrupted");
  }
  assert.ok((branch.cpu.registers[Register.rax] as bigint) > before);
  branch.close();
  machine.close();
});
