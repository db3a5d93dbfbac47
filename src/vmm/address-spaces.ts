import { invariant } from "../errors.ts";
import type { GuestMemory } from "./guest-memory.ts";
import { TABLE_ARENA_START } from "./layout.ts";
import type { AddressSpacesImage } from "./machine-image.ts";
import { PageTables } from "./page-tables.ts";
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
  /** The trees of the image by root: kept for rollback even when released. */
  #inImage: ReadonlyMap<number, PageTables> = new Map();
  #made = 0;

  constructor(memory: GuestMemory) {
    this.#memory = memory;
  }

  /** An empty address space. @throws OutOfPageTables */
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

  toImage(): AddressSpacesImage {
    return {
      live: [...this.#live.values()].map((tables) => tables.toImage()),
      spare: [...this.#released, ...this.#clean].map((tables) => tables.toImage()),
      arenaBump: this.arena.bump,
    };
  }

  /** Takes over an image's trees, whose tables are in memory already; they are what {@link rollback} goes back to. */
  restore(image: AddressSpacesImage): void {
    for (const tables of image.live) {
      this.#live.set(tables.root, PageTables.fromImage(this.#memory, this.arena, tables));
    }
    this.#inImage = new Map(this.#live);
    this.#forgetOthers(image);
  }

  /** Leaves nothing but the image's trees and spare ones. */
  #forgetOthers(image: AddressSpacesImage): void {
    this.arena.clearTouched();
    this.arena.restore(image.arenaBump);
    this.#released = [];
    this.#clean = image.spare.map((tables) => PageTables.fromImage(this.#memory, this.arena, tables));
    this.#made = image.live.length + image.spare.length;
  }

  /**
   * Back to the image's trees, entry by entry where something was written. Trees and tables made since stay as empty ones:
   * what KVM remembers of their links would otherwise be wrong. Translations to pages from `floor` on are the caller's.
   */
  rollback(floor: number): void {
    for (const tables of this.#live.values()) if (!this.#inImage.has(tables.root)) this.release(tables);
    for (const [root, tables] of this.#inImage) {
      this.#live.set(root, tables);
      tables.rollback(floor);
    }
    this.arena.clearTouched();
  }

  /** After {@link rollback}, back to the image's very tables; only while KVM has no memory of any of them. */
  reset(image: AddressSpacesImage): void {
    const { allBytes, sizeBytes } = this.#memory;
    // No table was there yet, so that zeros come back; the host has its pages again.
    if (this.arena.bump > image.arenaBump) this.#memory.discard(image.arenaBump, this.arena.bump - image.arenaBump);
    allBytes.copyWithin(TABLE_ARENA_START, sizeBytes + TABLE_ARENA_START, sizeBytes + image.arenaBump);
    for (const tables of this.#inImage.values()) tables.forgetNewTables();
    this.#forgetOthers(image);
  }

  /** Copies another machine's trees into this one, which has the same image or none; copies the tables' memory too. */
  copyFrom(other: AddressSpaces): void {
    const { bytes } = this.#memory;
    bytes.set(other.#memory.bytes.subarray(TABLE_ARENA_START, other.arena.bump), TABLE_ARENA_START);
    this.arena.restore(other.arena.bump);
    this.arena.touched.set(other.arena.touched);
    for (const [root, tables] of other.#inImage) this.#inImage.get(root)?.adoptLeaves(tables);
    const copy = (tables: PageTables) => PageTables.fromImage(this.#memory, this.arena, tables.toImage());
    this.#live.clear();
    for (const [root, tables] of other.#live) this.#live.set(root, this.#inImage.get(root) ?? copy(tables));
    // Nothing has run here yet, so there is no old translation that would make a released tree wait.
    this.#released = [];
    this.#clean = [...other.#released, ...other.#clean].map(copy);
    this.#made = other.#made;
  }
}
