import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import fc from "fast-check";
import { ByteBudget } from "./budget.ts";
import { ROOT } from "./credentials.ts";
import type { Inode, SharedFilePages } from "./inode.ts";
import { MountPlan } from "./mounts.ts";
import { RamFile } from "./ram-file.ts";
import { readAll, temporaryDirectory } from "./testing/fixtures.ts";
import { OpenFlag, Vfs } from "./vfs.ts";

/** A file's content against the plainest model there is: an array of bytes. */

const PAGE_BYTES = 4096;
const SIZE_MAX = 300_000;

type Step =
  | { readonly kind: "write"; readonly position: number; readonly length: number; readonly byte: number }
  | { readonly kind: "truncate"; readonly sizeBytes: number }
  | { readonly kind: "clear"; readonly position: number; readonly length: number }
  | { readonly kind: "read"; readonly position: number; readonly length: number }
  /** The guest stores to a page it has mapped. */
  | { readonly kind: "store"; readonly position: number; readonly byte: number }
  | { readonly kind: "map" | "unmap" };

const position = fc.oneof(
  fc.nat({ max: SIZE_MAX }),
  fc.constantFrom(0, 4095, 4096, 65_535, 65_536, 65_537, 131_072, 199_999, 200_000),
);
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    kind: fc.constant("write" as const),
    position,
    length: fc.nat({ max: 140_000 }),
    byte: fc.integer({ min: 1, max: 255 }),
  }),
  fc.record({ kind: fc.constant("truncate" as const), sizeBytes: position }),
  fc.record({ kind: fc.constant("clear" as const), position, length: fc.nat({ max: 140_000 }) }),
  fc.record({ kind: fc.constant("read" as const), position, length: fc.nat({ max: 140_000 }) }),
  fc.record({ kind: fc.constant("store" as const), position, byte: fc.integer({ min: 1, max: 255 }) }),
  fc.record({ kind: fc.constantFrom("map" as const, "unmap" as const) }),
);

/** Pages of a shared mapping as the memory room holds them: filled from the file on first use. */
class GuestPages implements SharedFilePages {
  readonly #pages = new Map<number, Uint8Array>();

  page(pageIndex: number): Uint8Array | undefined {
    return this.#pages.get(pageIndex);
  }
  pages(): Iterable<number> {
    return this.#pages.keys();
  }
  writable(): ReadonlySet<number> {
    return new Set(this.#pages.keys());
  }
  written(): void {}
  /** The memory room unmaps what lies behind the end of a file that shrank. */
  endAt(pageIndex: number): void {
    for (const index of [...this.#pages.keys()]) if (index >= pageIndex) this.#pages.delete(index);
  }

  store(inode: Inode, at: number, byte: number): void {
    const index = Math.floor(at / PAGE_BYTES);
    let page = this.#pages.get(index);
    if (page === undefined) {
      page = new Uint8Array(PAGE_BYTES);
      inode.read(page, index * PAGE_BYTES);
      this.#pages.set(index, page);
    }
    page[at % PAGE_BYTES] = byte;
  }
}

describe("a file in RAM", () => {
  const lower = temporaryDirectory();
  const base = Buffer.from(Array.from({ length: 200_000 }, (_, i) => (i * 7) % 251));
  writeFileSync(join(lower.path, "file"), base);
  const plan = new MountPlan([
    { guest: "/w", kind: "overlay", host: lower.path },
    { guest: "/t", kind: "tmpfs" },
  ]);
  after(() => {
    plan.close();
    lower.dispose();
  });

  function check(path: string, start: Buffer, steps: readonly Step[]): void {
    const budget = new ByteBudget(64 * 1024 * 1024);
    const vfs = new Vfs({ plan, budget });
    const { inode } = vfs.open(vfs.root, path, OpenFlag.readWrite | OpenFlag.create, 0o644, ROOT).location;
    inode.retain();
    let model = Buffer.from(start);
    let mapped: { readonly pages: GuestPages; readonly detach: () => void } | undefined;
    for (const current of steps) {
      switch (current.kind) {
        case "write": {
          const data = Buffer.alloc(current.length, current.byte);
          assert.equal(inode.write(data, current.position), data.length);
          if (data.length > 0) model = resized(model, Math.max(model.length, current.position + data.length));
          data.copy(model, current.position);
          break;
        }
        case "truncate":
          inode.truncate(current.sizeBytes);
          model = resized(model, current.sizeBytes);
          break;
        case "clear":
          inode.clear(current.position, current.position + current.length);
          model.fill(
            0,
            Math.min(current.position, model.length),
            Math.min(current.position + current.length, model.length),
          );
          break;
        case "read": {
          const into = Buffer.alloc(current.length, 0xee);
          const bytes = inode.read(into, current.position);
          assert.deepEqual(
            into.subarray(0, bytes),
            model.subarray(current.position, current.position + current.length),
          );
          break;
        }
        case "store":
          if (mapped === undefined || current.position >= model.length) break;
          mapped.pages.store(inode, current.position, current.byte);
          model[current.position] = current.byte;
          break;
        case "map":
          if (mapped !== undefined) break;
          {
            const pages = new GuestPages();
            mapped = { pages, detach: inode.attachSharedPages(pages) };
          }
          break;
        case "unmap":
          mapped?.detach();
          mapped = undefined;
          break;
      }
      assert.equal(inode.stat().sizeBytes, model.length);
    }
    const same = (when: string): void => {
      assert.ok(readAll(vfs.resolveFromRoot(path)).equals(model), `content ${when}`);
      for (const [at, length] of [
        [0, model.length],
        [70_000, Math.max(0, model.length - 70_000)],
      ] as const)
        assert.ok(piecesOf(inode, at, length).equals(model.subarray(at, at + length)), `pieces ${when}`);
    };
    same("while mapped");
    mapped?.detach();
    same("afterwards");
    vfs.unlink(vfs.root, path, ROOT);
    assert.ok(inode.stat().sizeBytes === model.length, "an open file outlives its name");
    inode.release();
    assert.equal(budget.usedBytes, 0, "everything was given back");
  }

  const steps = fc.array(step, { maxLength: 20 });

  it("holds what was written, over a lower file", () => {
    fc.assert(
      fc.property(steps, (list) => check("/w/file", base, list)),
      { numRuns: 200 },
    );
  });

  it("holds what was written, from nothing", () => {
    fc.assert(
      fc.property(steps, (list) => check("/t/file", Buffer.alloc(0), list)),
      { numRuns: 200 },
    );
  });
});

function piecesOf(inode: Inode, position: number, length: number): Buffer {
  assert.ok(inode instanceof RamFile);
  return Buffer.concat(inode.pieces(position, length, () => {}));
}

function resized(buffer: Buffer<ArrayBuffer>, sizeBytes: number): Buffer<ArrayBuffer> {
  const next = Buffer.alloc(sizeBytes);
  buffer.copy(next);
  return next;
}
