import assert from "node:assert/strict";
import { closeSync } from "node:fs";
import { test } from "node:test";
import fc from "fast-check";
import { DirtyPages } from "./dirty-pages.ts";
import { GuestMemory } from "./guest-memory.ts";
import { KvmVm } from "./host/kvm.ts";
import { memfdCreate } from "./host/memfd.ts";
import { MemoryMap } from "./host/memory-map.ts";
import { DATA_START, PAGE_SIZE, TABLE_ARENA_END, TABLE_ARENA_START } from "./layout.ts";
import { kvmMissing } from "./testing.ts";

const PAGES_OF_DATA = 512;
const MEMORY_BYTES = DATA_START + PAGES_OF_DATA * PAGE_SIZE;

test("runs of written pages come out exactly, without page tables", { skip: kvmMissing }, () => {
  const fd = memfdCreate("ztl-test", MEMORY_BYTES);
  const memory = new GuestMemory(new MemoryMap(fd, MEMORY_BYTES, "private-with-pristine"));
  const vm = new KvmVm();
  vm.enableManualDirtyLog();
  vm.setMemory(memory.hostAddress, MEMORY_BYTES, true);
  const dirty = new DirtyPages(memory, vm);
  dirty.refresh();
  const page = fc.oneof(fc.nat(40), fc.integer({ min: DATA_START / PAGE_SIZE - 3, max: MEMORY_BYTES / PAGE_SIZE - 1 }));
  const length = fc.integer({ min: 1, max: 70 });
  const check = (writes: [number, number][], from: number, to: number) => {
    memory.hostWrites.fill(0);
    const expected = new Set<number>();
    for (const [first, count] of writes) {
      const end = Math.min(first + count, MEMORY_BYTES / PAGE_SIZE);
      memory.markWritten(first * PAGE_SIZE + 5, (end - first - 1) * PAGE_SIZE + 1);
      for (let i = first; i < end; i++) {
        const isTable = i >= TABLE_ARENA_START / PAGE_SIZE && i < TABLE_ARENA_END / PAGE_SIZE;
        if (!isTable && i >= from && i < to) expected.add(i);
      }
    }
    const found: number[] = [];
    let previousEnd = -1;
    const count = dirty.forEachRun(from * PAGE_SIZE, to * PAGE_SIZE, (start, end) => {
      assert.ok(start > previousEnd && end > start, "runs are ascending, apart and not empty");
      previousEnd = end;
      for (let i = start; i < end; i += PAGE_SIZE) found.push(i / PAGE_SIZE);
    });
    assert.deepEqual(
      found,
      [...expected].sort((a, b) => a - b),
    );
    assert.equal(count, expected.size);
  };
  fc.assert(fc.property(fc.array(fc.tuple(page, length), { maxLength: 8 }), page, page, check), { numRuns: 300 });
  vm.close();
  memory.close();
  closeSync(fd);
});
