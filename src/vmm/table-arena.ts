import { ZtlError } from "../errors.ts";
import { PAGE_SIZE, TABLE_ARENA_END, TABLE_ARENA_START } from "./layout.ts";

const TABLE_COUNT = TABLE_ARENA_END / PAGE_SIZE;

/** The guest uses memory at more places than a machine has page tables for. */
export class OutOfPageTables extends ZtlError {
  constructor() {
    super("out-of-page-tables", "The guest's address spaces need more page tables than a machine has.");
  }
}

/**
 * The pages that page tables are made of. They are kept apart from the guest's data because a table page must never
 * change its level or its parent: KVM's shadow of a link between tables outlives every edit the host makes to it.
 */
export class TableArena {
  #bump = TABLE_ARENA_START;
  /** By page number: 1 when an entry of this leaf table was written since the last {@link clearTouched}. */
  readonly touched = new Uint8Array(TABLE_COUNT);

  /** A zeroed page for a table. @throws OutOfPageTables */
  allocate(): number {
    if (this.#bump >= TABLE_ARENA_END) throw new OutOfPageTables();
    const page = this.#bump;
    this.#bump += PAGE_SIZE;
    return page;
  }

  get bump(): number {
    return this.#bump;
  }

  /** Tables that can still be handed out. */
  get tablesLeft(): number {
    return (TABLE_ARENA_END - this.#bump) / PAGE_SIZE;
  }

  /** Goes to an image's state: tables up to `bump` are in use. */
  restore(bump: number): void {
    this.#bump = bump;
  }

  clearTouched(): void {
    this.touched.fill(0, TABLE_ARENA_START / PAGE_SIZE, this.#bump / PAGE_SIZE);
  }
}
