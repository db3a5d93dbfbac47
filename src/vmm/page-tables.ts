import { invariant } from "../errors.ts";
import type { GuestMemory } from "./guest-memory.ts";
import { PAGE_SIZE, SystemPhysical, TABLE_SPAN, USER_ADDRESS_LIMIT, USER_ADDRESS_START } from "./layout.ts";
import type { TableArena } from "./table-arena.ts";

/** Bits of a page-table entry's low word (Intel SDM vol. 3, 4.5). */
const PRESENT = 0x1;
const WRITABLE = 0x2;
const USER = 0x4;
/** Set by us in advance: on hosts with shadow paging a first touch without them costs six times as much. */
const ACCESSED_DIRTY = 0x60;
const ACCESSED = 0x20;
const LINK = PRESENT | WRITABLE | USER | ACCESSED;
/** Bit 63, in the high word. */
const NO_EXECUTE_HIGH = 0x80000000;

/** Flags of the packed entries {@link PageTables.entry} returns. */
export const EntryFlag = { present: 1, writable: 2, noExecute: 4 } as const;

/** A packed entry: 0 when absent, else the physical page plus {@link EntryFlag} bits. */
export type Entry = number;

export function physicalOf(entry: Entry): number {
  return (entry & 0xfffff000) >>> 0;
}

export function isWritable(entry: Entry): boolean {
  return (entry & EntryFlag.writable) !== 0;
}

export function isExecutable(entry: Entry): boolean {
  return (entry & EntryFlag.noExecute) === 0;
}

/** Packs the two words of a page-table entry. */
export function packEntry(low: number, high: number): Entry {
  if ((low & PRESENT) === 0) return 0;
  return ((low & 0xfffff003) | (high >>> 31 === 1 ? EntryFlag.noExecute : 0)) >>> 0;
}

/** True when a translation made from `before` may allow what `after` does not, so it must be dropped. */
export function isNarrowed(before: Entry, after: Entry): boolean {
  if (before === 0 || before === after) return false;
  if (after === 0 || physicalOf(before) !== physicalOf(after)) return true;
  return (isWritable(before) && !isWritable(after)) || (isExecutable(before) && !isExecutable(after));
}

/** One address space's page tables in the image of a machine. */
export interface PageTablesImage {
  readonly root: number;
  /** Leaf tables: the index of the 2 MiB span each covers, its physical page. */
  readonly leaves: readonly (readonly [span: number, physical: number])[];
}

/**
 * The page-table tree of one address space. Links between tables are only ever added; what changes is leaf entries.
 *
 * Removing or tightening an entry revokes its old target in {@link GuestMemory} by itself, so that no translation survives
 * into the guest's next instruction.
 */
export class PageTables {
  /** Physical address of the top-level table: the value of CR3. */
  readonly root: number;
  readonly #memory: GuestMemory;
  readonly #arena: TableArena;
  /** Leaf table by span; authoritative, because the guest cannot reach its own tables. */
  readonly #leaves: Map<number, number>;
  /** How many of {@link leaves}, in order, were in the image this tree came from. */
  readonly #leavesInImage: number;
  #lastSpan = -1;
  #lastLeaf = 0;

  private constructor(memory: GuestMemory, arena: TableArena, root: number, leaves: Map<number, number>) {
    this.#memory = memory;
    this.#arena = arena;
    this.root = root;
    this.#leaves = leaves;
    this.#leavesInImage = leaves.size;
  }

  /** An empty tree that maps nothing but the system pages. */
  static create(memory: GuestMemory, arena: TableArena): PageTables {
    const tables = new PageTables(memory, arena, arena.allocate(), new Map());
    tables.#linkLeaf(spanOf(USER_ADDRESS_LIMIT), SystemPhysical.table);
    return tables;
  }

  /** A tree whose tables are in memory already. */
  static fromImage(memory: GuestMemory, arena: TableArena, image: PageTablesImage): PageTables {
    return new PageTables(memory, arena, image.root, new Map(image.leaves));
  }

  /** Forgets every table this tree got since the image; the tables themselves are the caller's. */
  forgetNewTables(): void {
    let index = 0;
    for (const span of this.#leaves.keys()) if (index++ >= this.#leavesInImage) this.#leaves.delete(span);
    this.#lastSpan = -1;
  }

  toImage(): PageTablesImage {
    return { root: this.root, leaves: [...this.#leaves] };
  }

  /** Takes over the leaf tables another machine's copy of this tree got since the image. */
  adoptLeaves(other: PageTables): void {
    for (const [span, leaf] of other.#leaves) this.#leaves.set(span, leaf);
  }

  /** Maps one user page; replaces what was there. */
  map(va: number, physical: number, writable: boolean, executable: boolean): void {
    assertUserAddress(va);
    const word = this.#entryWord(va, true);
    const low = (physical | PRESENT | USER | ACCESSED_DIRTY | (writable ? WRITABLE : 0)) >>> 0;
    this.#store(word, low, executable ? 0 : NO_EXECUTE_HIGH);
  }

  /**
   * Points a read-only page that the guest has just failed to write to its writable copy, without revoking: retrying the
   * write makes KVM (and the CPU's TLB, which drops an address when it faults) read the new entry. Only for that case.
   */
  mapCopy(va: number, physical: number, executable: boolean): void {
    assertUserAddress(va);
    const word = this.#entryWord(va, true);
    this.#memory.words[word] = (physical | PRESENT | USER | ACCESSED_DIRTY | WRITABLE) >>> 0;
    this.#memory.words[word + 1] = executable ? 0 : NO_EXECUTE_HIGH;
    this.#arena.touched[word >>> 10] = 1;
  }

  /** Removes the mapping of one page, if there is one. */
  unmap(va: number): void {
    const word = this.#entryWord(va, false);
    if (word !== 0) this.#store(word, 0, 0);
  }

  /** Changes the rights of one mapped page; does nothing for an absent one. */
  protect(va: number, writable: boolean, executable: boolean): void {
    const word = this.#entryWord(va, false);
    if (word === 0) return;
    const low = this.#memory.words[word] as number;
    if ((low & PRESENT) === 0) return;
    this.#store(word, ((low & ~WRITABLE) | (writable ? WRITABLE : 0)) >>> 0, executable ? 0 : NO_EXECUTE_HIGH);
  }

  /** The entry that translates `va`, packed; 0 when nothing is mapped there. */
  entry(va: number): Entry {
    const word = this.#entryWord(va, false);
    if (word === 0) return 0;
    const words = this.#memory.words;
    return packEntry(words[word] as number, words[word + 1] as number);
  }

  /** Calls back for each present page in [start, end), in ascending order. The callback may change entries. */
  forEach(start: number, end: number, fn: (va: number, entry: Entry) => void): void {
    const first = spanOf(start);
    const last = spanOf(end - 1);
    if (end <= start) return;
    if (last - first < 2 * this.#leaves.size) {
      for (let span = first; span <= last; span++) this.#forEachIn(span, start, end, fn);
      return;
    }
    const spans = [...this.#leaves.keys()].filter((span) => span >= first && span <= last).sort((a, b) => a - b);
    for (const span of spans) this.#forEachIn(span, start, end, fn);
  }

  #forEachIn(span: number, start: number, end: number, fn: (va: number, entry: Entry) => void): void {
    const leaf = this.#leaves.get(span);
    if (leaf === undefined) return;
    const base = span * TABLE_SPAN;
    const words = this.#memory.words;
    const from = Math.max(start, base);
    const to = Math.min(end, base + TABLE_SPAN);
    let word = (leaf + ((from - base) >>> 12) * 8) >>> 2;
    for (let va = from - (from % PAGE_SIZE); va < to; va += PAGE_SIZE, word += 2) {
      const low = words[word] as number;
      if ((low & PRESENT) !== 0) fn(va, packEntry(low, words[word + 1] as number));
    }
  }

  /** Empties every leaf without revoking: for a tree that will not be loaded before every translation was dropped. */
  clear(): void {
    for (const leaf of this.#leaves.values()) {
      this.#memory.bytes.fill(0, leaf, leaf + PAGE_SIZE);
      this.#arena.touched[leaf >>> 12] = 1;
    }
  }

  /**
   * Puts every entry written since the image back, from the pristine copy behind the memory. Targets that the guest could
   * reach and should not any more are revoked if they lie below `floor`; the caller drops all above.
   */
  rollback(floor: number): void {
    let index = 0;
    for (const leaf of this.#leaves.values()) {
      const inImage = index++ < this.#leavesInImage;
      if (this.#arena.touched[leaf >>> 12] === 1) this.#rollbackLeaf(leaf, inImage, floor);
    }
  }

  #rollbackLeaf(leaf: number, inImage: boolean, floor: number): void {
    const words = this.#memory.allWords;
    const pristine = this.#memory.sizeBytes >>> 2;
    const end = (leaf + PAGE_SIZE) >>> 2;
    for (let word = leaf >>> 2; word < end; word += 2) {
      const low = words[word] as number;
      const high = words[word + 1] as number;
      const oldLow = inImage ? (words[pristine + word] as number) : 0;
      const oldHigh = inImage ? (words[pristine + word + 1] as number) : 0;
      if (low === oldLow && high === oldHigh) continue;
      const target = physicalOf(low);
      if (target < floor && isNarrowed(packEntry(low, high), packEntry(oldLow, oldHigh))) {
        this.#memory.revoke(target, PAGE_SIZE);
      }
      words[word] = oldLow;
      words[word + 1] = oldHigh;
    }
  }

  /** Word index of the entry for `va`; 0 when its leaf table does not exist and is not to be made. */
  #entryWord(va: number, create: boolean): number {
    const span = spanOf(va);
    if (span !== this.#lastSpan) {
      const leaf = this.#leaves.get(span) ?? (create ? this.#addLeaf(span) : undefined);
      if (leaf === undefined) return 0;
      this.#lastSpan = span;
      this.#lastLeaf = leaf;
    }
    return (this.#lastLeaf + ((va - span * TABLE_SPAN) >>> 12) * 8) >>> 2;
  }

  #addLeaf(span: number): number {
    const leaf = this.#arena.allocate();
    this.#linkLeaf(span, leaf);
    this.#leaves.set(span, leaf);
    return leaf;
  }

  /** Makes the path from the root to a leaf table. */
  #linkLeaf(span: number, leaf: number): void {
    const pointers = this.#follow(this.root, span >>> 18);
    const directory = this.#follow(pointers, (span >>> 9) & 511);
    this.#setLink(directory, span & 511, leaf);
  }

  #follow(table: number, index: number): number {
    const low = this.#memory.words[(table + index * 8) >>> 2] as number;
    if ((low & PRESENT) !== 0) return physicalOf(low);
    const next = this.#arena.allocate();
    this.#setLink(table, index, next);
    return next;
  }

  #setLink(table: number, index: number, target: number): void {
    const word = (table + index * 8) >>> 2;
    invariant(this.#memory.words[word] === 0, "links between page tables are only ever added");
    this.#memory.words[word] = (target | LINK) >>> 0;
  }

  #store(word: number, low: number, high: number): void {
    const words = this.#memory.words;
    const before = packEntry(words[word] as number, words[word + 1] as number);
    if (before !== 0 && isNarrowed(before, packEntry(low, high))) this.#memory.revoke(physicalOf(before), PAGE_SIZE);
    words[word] = low;
    words[word + 1] = high;
    this.#arena.touched[word >>> 10] = 1;
  }
}

function assertUserAddress(va: number): void {
  // Below as above this range, a mapping would put the program's code where ring 0 may look for ours.
  invariant(va >= USER_ADDRESS_START && va < USER_ADDRESS_LIMIT, "user mappings keep off the VMM's own addresses");
}

/** Index of the 2 MiB span an address lies in; fits 32 bits for every canonical user address. */
function spanOf(va: number): number {
  return Math.floor(va / TABLE_SPAN);
}
