import assert from "node:assert/strict";
import { test } from "node:test";
import { Register } from "./cpu.ts";
import { DATA_START, PAGE_SIZE, TABLE_ARENA_END, TABLE_ARENA_START } from "./layout.ts";
import type { Machine } from "./machine.ts";
import type { PageTables } from "./page-tables.ts";
import { CODE, Code, DATA, kvmMissing, type TestGuest, withRestored } from "./testing.ts";

const options = { skip: kvmMissing };

/** A region of old pages, mapped when the image is sealed, and one for pages mapped later. */
const OLD = 0x1000_0000;
const OLD_PAGES = 64;
const NEW = 0x2000_0000;

/**
 * L0: syscall
 * L1: mov [rdi], rax; mov [rdi + 4088], rax; add rdi, 4096; dec rsi; jnz L1; jmp L0
 * Writes RAX into RSI pages from RDI on, then asks for more.
 */
const WRITER = [
  ...Code.syscall,
  ...[0x48, 0x89, 0x07, 0x48, 0x89, 0x87, 0xf8, 0x0f, 0, 0, 0x48, 0x81, 0xc7, 0, 0x10, 0, 0],
  ...[0x48, 0xff, 0xce, 0x75, 0xea, 0xeb, 0xe6],
];

function prepareWriter({ machine, tables, cpu }: TestGuest): void {
  const first = machine.pages.allocateRun(OLD_PAGES);
  for (let i = 0; i < OLD_PAGES; i++) tables.map(OLD + i * PAGE_SIZE, first + i * PAGE_SIZE, true, false);
  machine.memory.bytes.fill(0x11, first, first + OLD_PAGES * PAGE_SIZE);
  cpu.writeSegmentBases(0x1000, 0x2000);
  assert.equal(cpu.run().kind, "syscall");
}

function writePages(machine: Machine, va: number, count: number, value: bigint): void {
  const { registers } = machine.cpu;
  registers[Register.rax] = value;
  registers[Register.rdi] = BigInt(va);
  registers[Register.rsi] = BigInt(count);
  assert.equal(machine.cpu.run().kind, "syscall");
}

function mapFresh(machine: Machine, tables: PageTables, va: number, count: number): void {
  for (let i = 0; i < count; i++) tables.map(va + i * PAGE_SIZE, machine.pages.allocate(), true, false);
}

function entries(tables: PageTables): Map<number, number> {
  const found = new Map<number, number>();
  tables.forEach(0, 0x7fff_0000_0000, (va, entry) => found.set(va, entry));
  return found;
}

/** Compares all of memory but the page tables, which are compared by their entries, with the pristine copy. */
function assertPristine({ memory }: Machine): void {
  const all = Buffer.from(memory.allBytes.buffer);
  for (const [start, end] of [
    [0, TABLE_ARENA_START],
    [TABLE_ARENA_END, memory.sizeBytes],
  ] as const) {
    const size = memory.sizeBytes;
    assert.equal(all.compare(all, size + start, size + end, start, end), 0, "memory equals the image");
  }
}

const SECRET = 0x5ec2_e75e_c2e7_5ec3n;

test("after a rollback no secret is left anywhere", options, () => {
  withRestored(WRITER, prepareWriter, ({ machine, cpu, tables }, { image }) => {
    const entriesBefore = entries(tables);
    const { bytes } = machine.memory;
    const secret = Buffer.alloc(8);
    secret.writeBigUInt64LE(SECRET);
    for (let round = 0; round < 3; round++) {
      // Guest memory, old and new; pages the host wrote; a page given back; another address space; the page tables.
      writePages(machine, OLD, OLD_PAGES, SECRET);
      mapFresh(machine, tables, NEW, 40);
      writePages(machine, NEW, 40, SECRET);
      const hostPage = machine.pages.allocate();
      bytes.set(secret, hostPage + 100);
      machine.memory.markWritten(hostPage + 100, 8);
      bytes.set(secret, image.pages.bump - 50);
      machine.memory.markWritten(image.pages.bump - 50, 8);
      machine.pages.release(hostPage);
      const other = machine.newAddressSpace();
      mapFresh(machine, other, NEW + 0x4000_0000 * round, 4);
      // The interrupt stack, through an exception with the secret in RSP; registers, vector registers, segment bases.
      cpu.registers.fill(SECRET);
      cpu.registers[Register.rip] = BigInt(DATA);
      assert.equal(cpu.run().kind, "exception");
      const fpu = new Uint8Array(cpu.fpuBytes);
      cpu.readFpu(fpu);
      for (let offset = 160; offset < 416; offset += 8) fpu.set(secret, offset);
      cpu.writeFpu(fpu);
      cpu.writeSegmentBases(Number(SECRET >> 20n), Number(SECRET >> 24n));
      assert.ok(Buffer.from(bytes.buffer, 0, machine.memory.sizeBytes).includes(secret), "the secret was there");

      const { pages } = machine.rollback();
      assert.ok(pages >= OLD_PAGES + 40);
      assert.ok(!Buffer.from(bytes.buffer, 0, machine.memory.sizeBytes).includes(secret), "no secret in memory");
      assertPristine(machine);
      assert.deepEqual(entries(tables), entriesBefore);
      assert.deepEqual(
        Array.from(cpu.registers, (value) => `0x${value.toString(16)}`),
        image.cpu.registers,
      );
      cpu.readFpu(fpu);
      assert.equal(Buffer.from(fpu).toString("base64"), image.cpu.fpu);
      assert.deepEqual(cpu.readSegmentBases(), { fs: 0x1000, gs: 0x2000 });
      assert.equal(machine.pages.bump, machine.pages.floor);
      assert.equal(machine.pages.references(hostPage), 0);
      assert.throws(() => machine.addressSpace(other.root));
    }
  });
});

test("the guest goes on from the image after each rollback, with FPU and segment bases", options, () => {
  withRestored(WRITER, prepareWriter, ({ machine, cpu }) => {
    for (let round = 0; round < 5; round++) {
      writePages(machine, OLD, 3, BigInt(round));
      const fpu = new Uint8Array(cpu.fpuBytes);
      cpu.readFpu(fpu);
      assert.equal(cpu.registers[Register.rip], BigInt(CODE + 2));
      machine.rollback();
    }
  });
});

test("rollback undoes unmapping, tightening, widening and retargeting, in what the guest can do", options, () => {
  // syscall; mov rax, [rdi]; syscall; mov [rdi], rsi; syscall
  const code = [...Code.syscall, 0x48, 0x8b, 0x07, ...Code.syscall, 0x48, 0x89, 0x37, ...Code.syscall];
  const READ = 2;
  const WRITE = 7;
  const VALUE = 0x1111_1111_1111_1111n;
  const prepare = (guest: TestGuest) => {
    prepareWriter(guest);
    guest.tables.protect(OLD + 3 * PAGE_SIZE, false, false);
  };
  withRestored(code, prepare, ({ machine, cpu, tables }) => {
    const attempt = (at: number, va: number) => {
      cpu.registers[Register.rip] = BigInt(CODE + at);
      cpu.registers[Register.rdi] = BigInt(va);
      cpu.registers[Register.rsi] = 7n;
      return cpu.run().kind === "syscall";
    };
    const [unmapped, tightened, retargeted, widened] = [0, 1, 2, 3].map((i) => OLD + i * PAGE_SIZE) as [
      number,
      number,
      number,
      number,
    ];
    for (let round = 0; round < 3; round++) {
      tables.unmap(unmapped);
      tables.protect(tightened, false, false);
      tables.map(retargeted, machine.pages.allocate(), true, false);
      tables.protect(widened, true, false);
      tables.map(NEW, machine.pages.allocate(), true, false);
      assert.equal(attempt(READ, unmapped), false);
      assert.equal(attempt(WRITE, tightened), false);
      assert.equal(attempt(READ, retargeted), true);
      assert.equal(cpu.registers[Register.rax], 0n);
      assert.equal(attempt(WRITE, widened), true);
      assert.equal(attempt(WRITE, NEW), true);
      machine.rollback();
      assert.equal(attempt(READ, unmapped), true);
      assert.equal(cpu.registers[Register.rax], VALUE);
      assert.equal(attempt(WRITE, tightened), true);
      assert.equal(attempt(READ, retargeted), true);
      assert.equal(cpu.registers[Register.rax], VALUE);
      assert.equal(attempt(WRITE, widened), false, "read-only again");
      assert.equal(attempt(READ, NEW), false, "gone again");
      machine.rollback();
    }
  });
});

test("pages come zeroed after a rollback, and the count of pages in use is the image's", options, () => {
  withRestored(WRITER, prepareWriter, ({ machine, tables }) => {
    const inUse = machine.pages.pagesInUse;
    for (let round = 0; round < 4; round++) {
      mapFresh(machine, tables, NEW, 30);
      tables.forEach(NEW, NEW + 30 * PAGE_SIZE, (_, entry) => {
        const page = entry & ~0xfff;
        assert.ok(machine.memory.bytes.subarray(page, page + PAGE_SIZE).every((byte) => byte === 0));
      });
      writePages(machine, NEW, 30, SECRET);
      assert.equal(machine.pages.pagesInUse, inUse + 30);
      machine.rollback();
      assert.equal(machine.pages.pagesInUse, inUse);
    }
  });
});

test("a run that used much memory is given back as a whole", options, () => {
  withRestored(WRITER, prepareWriter, ({ machine, tables }) => {
    const count = 3000; // 12 MB: above what is zeroed in place
    for (let round = 0; round < 2; round++) {
      mapFresh(machine, tables, NEW, count);
      writePages(machine, NEW, count, SECRET);
      machine.rollback();
      assertPristine(machine);
    }
  });
});

test("an address space of the image that was released is back after rollback", options, () => {
  withRestored(WRITER, prepareWriter, ({ machine, tables, cpu }, { image }) => {
    for (let round = 0; round < 3; round++) {
      const next = machine.newAddressSpace();
      tables.forEach(0, 0x7fff_0000_0000, (va, entry) => next.map(va, entry & ~0xfff, (entry & 2) !== 0, va === CODE));
      cpu.loadAddressSpace(next.root);
      machine.releaseAddressSpace(tables);
      writePages(machine, OLD, 5, SECRET);
      machine.rollback();
      assert.equal(machine.addressSpace(image.cpu.root), tables);
      writePages(machine, OLD, 5, SECRET);
      machine.rollback();
      assertPristine(machine);
    }
  });
});

test("hundreds of address spaces come and go over many rollbacks", options, () => {
  withRestored(WRITER, prepareWriter, ({ machine, tables, cpu }) => {
    for (let round = 0; round < 40; round++) {
      for (let i = 0; i < 8; i++) {
        const space = machine.newAddressSpace();
        tables.forEach(CODE, CODE + PAGE_SIZE, (va, entry) => space.map(va, entry & ~0xfff, false, true));
        // Ever other regions, so that page tables are used up and must be taken back.
        const va = 0x1_0000_0000 + (round * 8 + i) * 0x4000_0000;
        mapFresh(machine, space, va, 2);
        cpu.loadAddressSpace(space.root);
        writePages(machine, va, 2, SECRET);
        cpu.registers[Register.rdi] = BigInt(OLD);
        cpu.registers[Register.rsi] = 1n;
        assert.equal(cpu.run().kind, "exception", "the other space's pages are not there");
        cpu.registers[Register.rip] = BigInt(CODE);
        assert.equal(cpu.run().kind, "syscall");
        if (i % 2 === 0) machine.releaseAddressSpace(space);
      }
      machine.rollback();
      writePages(machine, OLD, 2, SECRET);
    }
    machine.rollback();
    assertPristine(machine);
  });
});

test("running out of page tables in one run is an error, and the next run has them again", options, () => {
  withRestored(WRITER, prepareWriter, ({ machine, tables }) => {
    for (let round = 0; round < 3; round++) {
      const page = machine.pages.allocate();
      const exhaust = () => {
        for (let i = 0; i < (TABLE_ARENA_END - TABLE_ARENA_START) / PAGE_SIZE; i++) {
          tables.map(0x10_0000_0000 + i * 0x20_0000, page, true, false);
        }
      };
      assert.throws(exhaust, { code: "out-of-page-tables" });
      machine.rollback();
      writePages(machine, OLD, 2, SECRET);
      mapFresh(machine, tables, NEW + round * 0x4000_0000, 2);
      writePages(machine, NEW + round * 0x4000_0000, 2, SECRET);
      machine.rollback();
      assertPristine(machine);
    }
  });
});

test("a rollback in the middle of anything works: interrupted, faulted, fresh", options, () => {
  withRestored(WRITER, prepareWriter, ({ machine, cpu }) => {
    machine.rollback();
    cpu.registers[Register.rip] = 0xffff_ffff_ffffn;
    cpu.run();
    machine.rollback();
    machine.memory.bytes.set(Code.jumpToSelf, DATA_START);
    machine.memory.markWritten(DATA_START, 2);
    cpu.registers[Register.rip] = BigInt(CODE);
    machine.startTimer(2);
    assert.equal(cpu.run().kind, "interrupted");
    machine.stopTimer();
    machine.rollback();
    writePages(machine, OLD, 2, SECRET);
    machine.rollback();
    assertPristine(machine);
  });
});
