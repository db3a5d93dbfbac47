import { invariant } from "../errors.ts";
import type { GuestMemory } from "./guest-memory.ts";
import { PageTables, type PageTablesImage } from "./page-tables.ts";
import { TableArena } from "./table-arena.ts";

/** Trees made before released ones are recycled; making one is cheaper than the flush that recycling takes. */
const FRESH_TREES = 64;

/** All page-table trees of a machine. */
export class AddressSpaces {
  readonly arena = new TableArena();
  readonly #memory: GuestMemory;
  readonly #live = new Map<number, PageTables>();
  /** Cleared, but the CPU or KVM may still remember translations made from them. */
  #released: PageTables[] = [];
  /** Cleared and forgotten: as good as new. */
  #clean: PageTables[] = [];
  /** Roots of the trees in the image: kept for rollback even when released. */
  #inImage: ReadonlySet<number> = new Set();
  #made = 0;

  constructor(memory: GuestMemory) {
    this.#memory = memory;
  }

  /** An empty address space. @throws ZtlError `out-of-page-tables` */
  create(): PageTables {
    const tables = this.#clean.pop() ?? this.#fresh() ?? this.#recycle();
    this.#live.set(tables.root, tables);
    return tables;
  }

  get(root: number): PageTables {
    const tables = this.#live.get(root);
    invariant(tables, "an address space is looked up by the root of a live tree");
    return tables;
  }

  get live(): ReadonlyMap<number, PageTables> {
    return this.#live;
  }

  release(tables: PageTables): void {
    invariant(this.#live.delete(tables.root), "an address space is released once");
    // A tree of the image comes back at rollback, which compares it with the original: its entries stay until then.
    if (this.#inImage.has(tables.root)) return;
    tables.clear();
    this.#released.push(tables);
  }

  #fresh(): PageTables | undefined {
    if (this.#made >= FRESH_TREES && this.#released.length > 0) return undefined;
    this.#made++;
    return PageTables.create(this.#memory, this.arena);
  }

  #recycle(): PageTables {
    this.#memory.revokeAll();
    this.#clean = this.#released;
    this.#released = [];
    const tables = this.#clean.pop();
    invariant(tables, "there is a released tree to recycle");
    return tables;
  }

  toImage(): PageTablesImage[] {
    return [...this.#live.values()].map((tables) => tables.toImage());
  }

  /** Takes over an image's trees; the tables themselves are in memory already. */
  restore(images: readonly PageTablesImage[], arenaBump: number): void {
    this.arena.restore(arenaBump);
    for (const image of images) this.#live.set(image.root, PageTables.fromImage(this.#memory, this.arena, image));
  }
}
