import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { PAGE_SIZE } from "../../vmm/index.ts";
import { unlimitedAllowance } from "../allowance.ts";
import { FixedFile } from "../vfs/fixed.ts";
import type { PageSharer } from "./shared-pages.ts";
import { type MappedFile, Protection, releaseSources, retainSources, type Vma, VmaList } from "./vma.ts";

const PAGES = 24;
const RW = Protection.read | Protection.write;

/** Files alone are counted here, and shared pages are what an address space is asked about. */
const SPACE: PageSharer = { dropShared: () => assert.fail("no pages are shared") };

/** A file that counts who holds it. */
class CountedFile implements MappedFile {
  readonly inode = new FixedFile(new Uint8Array(), 0o644);
  readonly path: string;
  holders = 0;

  constructor(path: string) {
    this.path = path;
  }

  retain(): void {
    this.holders++;
  }

  release(): void {
    assert.ok(this.holders > 0, "released more often than held");
    this.holders--;
  }
}

/** What one page shows: a page of a file, with rights. */
interface Shown {
  readonly file: number;
  readonly page: number;
  readonly protection: number;
}

const range = fc
  .tuple(fc.integer({ min: 0, max: PAGES - 1 }), fc.integer({ min: 1, max: 8 }))
  .map(([first, count]) => ({ first, end: Math.min(first + count, PAGES) }));
const operation = fc.oneof(
  fc.record({ kind: fc.constant("map" as const), range, file: fc.nat(2), page: fc.nat(5) }),
  fc.record({ kind: fc.constant("unmap" as const), range }),
  fc.record({ kind: fc.constant("protect" as const), range, protection: fc.constantFrom(Protection.read, RW) }),
);

/** Says what each page shows, from the list. */
function shownBy(list: VmaList, files: readonly MappedFile[]): (Shown | undefined)[] {
  return Array.from({ length: PAGES }, (_, page) => {
    const vma = list.find(page * PAGE_SIZE);
    if (vma?.file === undefined) return undefined;
    const offset = vma.file.offset + page * PAGE_SIZE - vma.start;
    return { file: files.indexOf(vma.file.mapped), page: offset / PAGE_SIZE, protection: vma.protection };
  });
}

function unmap(list: VmaList, start: number, end: number): void {
  for (const piece of list.cut(start, end)) releaseSources(piece, SPACE);
}

test("however mappings are cut and joined, pages show what they did and each mapping holds its file once", () => {
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 40 }), (operations) => {
      const files = [new CountedFile("a"), new CountedFile("b"), new CountedFile("c")];
      const list = new VmaList(SPACE, unlimitedAllowance());
      const model: (Shown | undefined)[] = new Array<Shown | undefined>(PAGES).fill(undefined);
      for (const one of operations) {
        const [start, end] = [one.range.first * PAGE_SIZE, one.range.end * PAGE_SIZE];
        if (one.kind === "map") {
          const mapped = files[one.file] as CountedFile;
          const vma: Vma = { start, end, protection: RW, file: { mapped, offset: one.page * PAGE_SIZE } };
          unmap(list, start, end);
          retainSources(vma, SPACE);
          list.insert(vma);
          for (let i = one.range.first; i < one.range.end; i++)
            model[i] = { file: one.file, page: one.page + i - one.range.first, protection: RW };
        } else if (one.kind === "unmap") {
          unmap(list, start, end);
          model.fill(undefined, one.range.first, one.range.end);
        } else {
          const { protection } = one;
          for (const piece of list.cut(start, end)) list.insert({ ...piece, protection });
          for (let i = one.range.first; i < one.range.end; i++) {
            const shown = model[i];
            if (shown !== undefined) model[i] = { ...shown, protection };
          }
        }
        assert.deepEqual(shownBy(list, files), model);
        for (const file of files)
          assert.equal(file.holders, list.all.filter((vma) => vma.file?.mapped === file).length);
      }
      unmap(list, 0, PAGES * PAGE_SIZE);
      for (const file of files) assert.equal(file.holders, 0);
    }),
  );
});

test("a mapping that is whole again is one mapping", () => {
  const mapped = new CountedFile("a");
  const vma: Vma = { start: 0, end: 8 * PAGE_SIZE, protection: RW, file: { mapped, offset: 0 } };
  retainSources(vma, SPACE);
  const list = new VmaList(SPACE, unlimitedAllowance());
  list.insert(vma);
  for (const protection of [Protection.read, RW])
    for (const piece of list.cut(2 * PAGE_SIZE, 5 * PAGE_SIZE)) list.insert({ ...piece, protection });
  assert.deepEqual(
    list.all.map(({ start, end }) => [start, end]),
    [[vma.start, vma.end]],
  );
  assert.equal(mapped.holders, 1);
});
