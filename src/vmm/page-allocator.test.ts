import assert from "node:assert/strict";
import { closeSync } from "node:fs";
import { afterEach, beforeEach, test } from "node:test";
import fc from "fast-check";
import { GuestMemory } from "./guest-memory.ts";
import { memfdCreate } from "./host/memfd.ts";
import { MemoryMap } from "./host/memory-map.ts";
import { DATA_START, PAGE_SIZE, TABLE_SPAN } from "./layout.ts";
import { OutOfGuestMemory, PageAllocator } from "./page-allocator.ts";

/** Room for an image's pages, the gap up to the next 2 MiB boundary, and fresh ones. */
const PAGES = 4096;
const MEMORY_BYTES = DATA_START + PAGES * PAGE_SIZE;
let fd: number;
let memory: GuestMemory;

beforeEach(() => {
  fd = memfdCreate("ztl-test", MEMORY_BYTES);
  memory = new GuestMemory(new MemoryMap(fd, MEMORY_BYTES, "shared"));
});

afterEach(() => {
  memory.close();
  closeSync(fd);
});

test("a page given back and taken again is zero", () => {
  const pages = new PageAllocator(memory);
  const page = pages.allocate();
  memory.bytes.fill(0xff, page, page + PAGE_SIZE);
  pages.retain(page);
  pages.release(page);
  assert.notEqual(pages.allocate(), page, "still one reference");
  pages.release(page);
  assert.equal(pages.allocate(), page);
  assert.ok(memory.bytes.subarray(page, page + PAGE_SIZE).every((byte) => byte === 0));
});

test("the limit and the end of memory are errors that change nothing", () => {
  const pages = new PageAllocator(memory);
  pages.limitPages = 3;
  const run = pages.allocateRun(3);
  assert.throws(() => pages.allocate(), OutOfGuestMemory);
  assert.throws(() => pages.allocateRun(1), { code: "out-of-guest-memory" });
  assert.equal(pages.pagesInUse, 3);
  pages.limitPages = Number.POSITIVE_INFINITY;
  assert.throws(() => pages.allocateRun(PAGES), OutOfGuestMemory);
  for (let i = 3; i < PAGES; i++) pages.allocate();
  assert.throws(() => pages.allocate(), OutOfGuestMemory);
  assert.equal(pages.peakPages, PAGES);
  pages.release(run);
  assert.equal(pages.allocate(), run);
});

test("releasing twice, or sharing a free page, is a broken invariant", () => {
  const pages = new PageAllocator(memory);
  const page = pages.allocate();
  pages.release(page);
  assert.throws(() => pages.release(page), { code: "invariant" });
  assert.throws(() => pages.retain(page), { code: "invariant" });
});

test("any sequence of operations agrees with a simple model, and images keep it", () => {
  const operation = fc.oneof(
    fc.record({ kind: fc.constant("allocate" as const), n: fc.integer({ min: 1, max: 4 }) }),
    fc.record({ kind: fc.constantFrom("retain" as const, "release" as const), n: fc.nat(50) }),
    fc.record({ kind: fc.constant("image" as const), n: fc.constant(0) }),
  );
  const check = (operations: readonly { kind: "allocate" | "retain" | "release" | "image"; n: number }[]) => {
    let pages = new PageAllocator(memory);
    const model = new Map<number, number>();
    for (const { kind, n } of operations) {
      if (kind === "allocate") {
        const first = n === 1 ? pages.allocate() : pages.allocateRun(n);
        for (let i = 0; i < n; i++) {
          assert.ok(!model.has(first + i * PAGE_SIZE), "a page is handed out once");
          model.set(first + i * PAGE_SIZE, 1);
        }
      } else if (kind === "image") {
        const image = JSON.parse(JSON.stringify(pages.toImage()));
        pages = new PageAllocator(memory);
        pages.restore(image);
      } else {
        const page = [...model.keys()][n];
        if (page === undefined) continue;
        const count = (model.get(page) as number) + (kind === "retain" ? 1 : -1);
        if (kind === "retain") pages.retain(page);
        else pages.release(page);
        if (count === 0) model.delete(page);
        else model.set(page, count);
      }
      assert.equal(pages.pagesInUse, model.size);
      for (const [page, count] of model) assert.equal(pages.references(page), count);
    }
  };
  fc.assert(fc.property(fc.array(operation, { maxLength: 30 }), check), { numRuns: 60 });
});

test("when fresh pages run out, the image's free ones and the gap are used", () => {
  const pages = new PageAllocator(memory);
  const freed = [pages.allocate(), pages.allocate()];
  for (const page of freed) pages.release(page);
  const image = pages.toImage();
  pages.restore(image);
  const seen = new Set<number>();
  for (let i = 0; i < PAGES; i++) seen.add(pages.allocate());
  assert.equal(seen.size, PAGES, "every page once");
  assert.throws(() => pages.allocate(), OutOfGuestMemory);
});

test("a rollback forgets what came later and keeps what was there", () => {
  const pages = new PageAllocator(memory);
  const [kept, freed] = [pages.allocate(), pages.allocate()];
  pages.retain(kept);
  pages.release(freed);
  const image = pages.toImage();
  pages.restore(image);
  const checkpoint = pages.checkpoint();
  const later = pages.allocate();
  assert.ok(later >= pages.floor && later > freed, "pages above the image's come first");
  assert.equal(pages.floor % TABLE_SPAN, 0);
  pages.release(kept);
  pages.release(kept);
  pages.rollback(checkpoint);
  assert.equal(pages.pagesInUse, 1);
  assert.equal(pages.bump, pages.floor);
  assert.equal(pages.references(kept), 2);
  assert.equal(pages.references(later), 0);
});
